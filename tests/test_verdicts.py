"""The table of verdicts: every word is in it once, under its column and beside its row."""

import re
from xml.etree import ElementTree

import pytest

from ctc_figures import verdict_table
from ctc_figures.page import assets

GROUPS = {
    "Legal": {"empty target": ["right", "crash"], "no label < K": ["right", "right"]},
    "Not legal": {"label = K": ["refused", "silent"]},
}
LOOKS = {"quiet": ("right", "refused"), "loud": ("crash",)}


def show(groups=GROUPS, columns=("a", "b & c"), **looks):
    return verdict_table(groups, columns, label="Who says what", **LOOKS | looks).data


def table(html):
    """The table as a tree; parsing fails if it is not well formed."""
    return ElementTree.fromstring(re.search(r"<table.*</table>", html, re.S)[0])


def text(node):
    return "".join(node.itertext())


def test_every_word_has_its_row_and_its_column():
    tree = table(show())
    found = {}
    for body in tree.findall("tbody"):
        (heading, *names), *rows = body
        assert [text(name) for name in names] == ["a", "b & c"]  # again in each group: it may be long
        found[text(heading)] = {text(row[0]): [text(td) for td in row[1:]] for row in rows}
    assert found == GROUPS and len(list(tree)) == len(GROUPS)


def test_headers_say_what_they_head():
    scopes = [th.get("scope") for th in table(show()).iter("th")]
    assert [scopes.count(scope) for scope in ("col", "rowgroup", "row")] == [4, 2, 3] and len(scopes) == 9
    assert 'tabindex="0" role="group" aria-label="Who says what, may scroll sideways"' in show()


def test_the_look_follows_the_word():
    looks = {text(td): td.get("class") for td in table(show()).iter("td")}
    assert looks == {"right": "ctc-quiet", "refused": "ctc-quiet", "crash": "ctc-loud", "silent": None}


def test_is_small_and_asks_no_other_host(monkeypatch):
    assert show().startswith("<script>"), "without start() it brings what it needs"
    monkeypatch.setattr(assets, "_started", True)
    assert show() == show()
    assert len(show()) < 3_000 and not re.search(r"https?:", show())


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"'Legal', 'empty target': expected 1 words, got 2"):
        show(columns=["a"])
    with pytest.raises(ValueError, match=r"\['crash'\] are in both"):
        show(quiet=["crash"])
