"""The book keeps its promises: equations told, implemented and tested; notebooks as a fresh run makes them."""

import copy
import importlib.util
import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from equation_index import chapters, checked, implemented, markdown, told

ROOT = Path(__file__).parents[1]
CHAPTERS = chapters()


def read(path):
    return nbformat.read(path, as_version=4)


def load_execute():
    spec = importlib.util.spec_from_file_location("execute", ROOT / "chapters" / "execute.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_code_cell_was_run_in_order(path):
    # Strict nbval passes a notebook without outputs: there is nothing to compare. So this is needed too.
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    shows = re.compile(r"print\(|^(?:\w+)\($|^\w+\(.*\)$", re.M)
    silent = [cell.source for cell in cells if shows.search(cell.source.splitlines()[-1]) and not cell.outputs]
    assert silent == []
    assert any(cell.outputs for cell in cells)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_running_again_gives_the_committed_notebook(path):
    execute = load_execute()
    notebook = read(path)
    assert execute.run(copy.deepcopy(notebook)) == notebook


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
