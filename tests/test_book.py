"""The book keeps its promises: equations told, implemented and tested; notebooks as a fresh run makes them."""

import copy
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import execute
import nbformat
import pytest
from equation_index import chapters, checked, implemented, markdown, told

import ctc_exercises.assets
from ctc_figures.page import assets

ROOT = Path(__file__).parents[1]
CHAPTERS = chapters()
PAGES = [*CHAPTERS, *sorted((ROOT / "chapters").glob("*.md"))]
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def test_there_are_chapters():
    assert len(CHAPTERS) >= 4


def labels(places):
    return {place.label for place in places}


@pytest.mark.parametrize("find", [told, implemented, checked], ids=["told", "implemented", "checked"])
def test_no_label_stands_twice(find):
    counts = Counter(place.label for place in find())
    assert [label for label, n in counts.items() if n > 1] == []


def test_every_equation_told_is_implemented_and_tested_and_none_else():
    assert labels(told()) == labels(implemented()) == labels(checked())


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_displayed_equation_has_a_label(path):
    fences = re.findall(r"^\$\$.*$", markdown(path), re.M)
    opening, closing = fences[::2], fences[1::2]
    assert set(opening) <= {"$$"}, "an equation opens with $$ on a line of its own"
    assert [fence for fence in closing if not re.fullmatch(r"\$\$ \(eq-[\w-]+\)", fence)] == []
    assert len(opening) == len(closing)


def prose(path):
    return markdown(path) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")


@each_page
def test_prose_reads_well_outside_the_site(path):
    # JupyterLab shows a role as it is written, and opens a link only if its file has an ending.
    assert re.findall(r"\{[\w:-]+\}`[^`]*`", prose(path)) == []
    targets = [target for target in re.findall(r"\]\(([^#)]+)", prose(path)) if not target.startswith("https://")]
    assert [target for target in targets if not (path.parent / target).is_file()] == []


NAMED = r"(?<!\$\$ )\((eq-[\w-]+)\)(?:\]\(([^#)]+)\))?"  # in the text, with the chapter that it links to


@each_page
def test_an_equation_named_in_the_text_stands_where_the_text_says(path):
    homes = {place.label: f"{place.file}.ipynb" for place in told()}
    named = re.findall(NAMED, prose(path))
    assert [(label, file) for label, file in named if homes.get(label) != (file or path.name)] == []


def test_the_site_has_its_number_for_each_equation_named_in_the_text():
    built = ROOT / "_build" / "html" / "chapters"
    pages = {path: (built / f"{path.stem}.html").read_text(encoding="utf-8") for path in CHAPTERS}
    eqno = r'<span class="eqno">(\([\d.]+\))<a class="headerlink" href="#equation-(eq-[\w-]+)"'
    numbers = {label: number for page in pages.values() for number, label in re.findall(eqno, page)}
    link = r'<a class="reference internal" href="([\w.]*)#equation-(eq-[\w-]+)">(.*?)</a>'
    count = 0
    for path, page in pages.items():
        named = re.findall(NAMED, prose(path))
        expected = [(file.replace(".ipynb", ".html"), label, numbers[label]) for label, file in named]
        assert re.findall(link, page) == expected
        count += len(expected)
    assert count > 0


def entries():
    """The entries of references.bib, a dict of fields each, without the marks of TeX."""
    text = re.sub(r"\\(?:\W|c )", "", (ROOT / "references.bib").read_text(encoding="utf-8"))  # accents
    for entry in re.split(r"^@", text, flags=re.M)[1:]:
        fields = re.findall(r"^  (\w+) += \{(.*)\},$", entry, re.M)
        yield {name: re.sub("[{}]", "", value).replace("--", "–") for name, value in fields}


def test_the_references_are_those_of_the_bib_file():
    page = unicodedata.normalize("NFD", prose(ROOT / "chapters" / "appendix_references.md"))
    page = "".join(letter for letter in page if not unicodedata.combining(letter))
    sections = re.split(r"^### ", page, flags=re.M)[1:]
    for entry in entries():
        (section,) = [section for section in sections if entry["title"] in section]
        sections.remove(section)
        authors = [name.split(",")[0] for name in entry.pop("author").split(" and ")]
        assert [value for value in [*authors, *entry.values()] if value not in section] == []
        heading = section.splitlines()[0]
        assert heading.startswith(authors[0]) and heading.endswith(entry.get("year", authors[0]))
    assert sections == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_code_cell_was_run_in_order(path):
    # Strict nbval passes a notebook without outputs: there is nothing to compare. So this is needed too.
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    shows = re.compile(r"print\(|^(?:\w+)\($|^\w+\(.*\)$", re.M)
    silent = [cell.source for cell in cells if shows.search(cell.source.splitlines()[-1]) and not cell.outputs]
    assert silent == []
    assert any(cell.outputs for cell in cells)


# Each cell is run once, by nbval, which compares its outputs. What nbval does not look at is looked at here.
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_notebook_is_tidy(path):
    notebook = read(path)
    assert execute.tidy(copy.deepcopy(notebook)) == notebook


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_style_and_script_are_those_of_now(path):
    """What nbval is told to leave alone: packed, the script may differ from one zlib to another."""
    first = next(cell for cell in read(path).cells if cell.cell_type == "code")
    stored = "".join(output.data["text/html"] for output in first.outputs)
    if "ctc_exercises.start()" in first.source:
        assert ctc_exercises.assets.in_notebook() in stored
    if "ctc_figures.start()" in first.source:
        assert assets.unpack(stored) == assets.unpack(assets.in_notebook())
    assert ("nbval-ignore-output" in first.metadata.tags) == bool(stored)


def test_a_widget_is_stored_without_its_view(tmp_path):
    """Of a widget's output only the view goes, and nbval takes what is left for equal to a fresh run."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import ipywidgets\nipywidgets.IntSlider(3)")])
    (output,) = execute.run(notebook).cells[0].outputs
    assert output.data == {"text/plain": "IntSlider(value=3)"}
    path = tmp_path / "widget.ipynb"
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider", path]
    assert "1 passed" in subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True).stdout


TEMPLATE = [
    "**The question.**",
    "you can\n",
    "## See it first",
    "By hand\n",
    "## The code",
    "## The check",
    "## Exercises",
    "**1. Recall.**",
    "**2. Derive.**",
    "**3. Program.**",
    "## What we have, what is next",
]


@pytest.mark.parametrize("path", [p for p in CHAPTERS if p.stem[0].isdigit()], ids=lambda path: path.stem)
def test_chapters_follow_the_template(path):
    assert [part for part in TEMPLATE if part not in markdown(path)] == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapters_stay_small(path):
    assert path.stat().st_size < 400_000
    cells = [cell.source.splitlines() for cell in read(path).cells if cell.cell_type == "code"]
    assert max(len(lines) for lines in cells if not lines[0].startswith(("import", "from"))) <= 25
