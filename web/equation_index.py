"""The three places where an equation lives, read from the files themselves; and the index page made of them.

`tests/test_book.py` compares the three; `chapters/appendix_equations.md` shows them. Nothing is registered by hand.
"""

import ast
import json
import re
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[1]
LABEL = r"eq-[\w-]+"


class Place(NamedTuple):
    """Where one label stands: the file's name without its ending, and the name inside it."""

    label: str
    file: str
    name: str


def chapters():
    """Return the notebooks, in the order of the book: their names begin with their numbers."""
    return sorted((ROOT / "chapters").glob("*.ipynb"))


def markdown(path):
    """Return the prose of a notebook as one text."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def told():
    """Find the labels of the displayed equations, with their chapter and its title."""
    places = []
    for path in chapters():
        text = markdown(path)
        title = re.search(r"^# (.+)$", text, re.M)[1]
        places += [Place(label, path.stem, title) for label in re.findall(rf"^\$\$ \(({LABEL})\)$", text, re.M)]
    return places


def implemented():
    """Find the labels that docstrings of ctc_core say they implement, with module and function."""
    places = []
    for path in sorted((ROOT / "ctc_core").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node, name in _documented(tree):
            for sentence in re.findall(r"Implements\s+([^.:]*)", ast.get_docstring(node) or ""):
                places += [Place(label, path.stem, name) for label in re.findall(LABEL, sentence)]
    return places


def _documented(tree, prefix=""):
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node, prefix + node.name
        if isinstance(node, ast.ClassDef):
            yield from _documented(node, f"{prefix}{node.name}.")


def checked():
    """Find the labels that have a test of their name."""
    path = ROOT / "tests" / "test_equations.py"
    names = [
        node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)
    ]
    return [
        Place(name.removeprefix("test_").replace("_", "-"), path.stem, name)
        for name in names
        if name.startswith("test_eq_")
    ]


class EquationIndex(SphinxDirective):
    """All equations of the book, a table for each chapter: number, label, function."""

    def run(self):
        """Write the tables in Markdown and let the parser of the page read them."""
        self.env.note_reread()  # the files it reads are not this page's source
        functions = {place.label: place for place in implemented()}
        lines = []
        for (chapter, title), places in groupby(told(), lambda place: (place.file, place.name)):
            lines += ["", f"**[{title}]({chapter}.ipynb)**", "", "| equation | label | function |", "|---|---|---|"]
            for label, _, _ in places:
                if label not in functions:
                    raise self.error(f"{label} stands in {chapter}, but no docstring of ctc_core implements it")
                _, module, name = functions[label]
                lines.append(f"| {{eq}}`{label}` | `{label}` | {{py:obj}}`{name} <ctc_core.{module}.{name}>` |")
        container = nodes.Element()
        self.state.nested_parse(StringList(lines, self.get_location()), self.content_offset, container)
        return container.children


def link_equations(app, what, name, obj, options, lines):
    """Let the name of an equation in a docstring be followed by its number, which leads to its chapter."""
    lines[:] = [re.sub(rf"\b({LABEL})\b", r"\1 :eq:`\1`", line) for line in lines]


def setup(app):
    """Register the directive and the links; Sphinx calls it."""
    app.add_directive("equation-index", EquationIndex)
    app.connect("autodoc-process-docstring", link_equations)
    return {"parallel_read_safe": True}
