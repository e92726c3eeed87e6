"""Sphinx extension: references that read well as plain Markdown, so that the chapters are whole as notebooks too.

In the text an equation goes by its name, `(eq-alpha-rec)`, which JupyterLab shows below the formula; from another
chapter by `[(eq-alpha-rec)](04_forward.ipynb)`. On the site the number takes its place, and leads to the formula.
"""

import re

from docutils import nodes
from equation_index import LABEL
from sphinx import addnodes

NAME = rf"\(({LABEL})\)"


def heading_id(text):
    """Name a heading as JupyterLab does: a link such as `02_paths.ipynb#The-collapse-map` leads there in both."""
    return text.replace(" ", "-")


def number_equations(app, doctree):
    """Turn the names of equations into references, outside of code and formulas."""

    def reference(label):
        target = {"refdoc": app.env.docname, "refdomain": "math", "reftype": "eq", "reftarget": label}
        return addnodes.pending_xref("", nodes.Text(label), refwarn=True, **target)  # Sphinx warns of unknown labels

    for text in list(doctree.findall(nodes.Text)):
        if isinstance(text.parent, nodes.literal | nodes.math | nodes.FixedTextElement):
            continue
        link = text.parent.parent
        if isinstance(link, addnodes.pending_xref) and (name := re.fullmatch(NAME, text)):
            link.replace_self(reference(name[1]))
        elif len(pieces := re.split(NAME, text)) > 1:  # text, label, text, label, ..., text
            text.parent.replace(text, [reference(p) if i % 2 else nodes.Text(p) for i, p in enumerate(pieces)])


def setup(app):
    """Connect the function above; Sphinx calls it."""
    app.connect("doctree-read", number_equations)
    return {"parallel_read_safe": True}
