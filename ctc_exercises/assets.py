"""The style sheet and the script of all questions: on the site two files, in a notebook one output."""

import json
import sys
from importlib.resources import files

_started = False


def style():
    """Return the style sheet."""
    return files(__package__).joinpath("exercise.css").read_text(encoding="utf-8")


def script():
    """Return the script; it may run twice on a page."""
    return files(__package__).joinpath("exercise.js").read_text(encoding="utf-8")


def in_notebook():
    """Return both as HTML. The script puts the style into the page's head, where no output hides it."""
    put = (
        'document.querySelector("#ctc-exercise-style")?.remove();'
        'document.head.append(Object.assign(document.createElement("style"), {id: "ctc-exercise-style", '
        f"textContent: {json.dumps(style(), ensure_ascii=False)}}}));\n"
    )
    return f"<script>{put}{script()}</script>"


def start():
    """Bring style and script of all questions into a notebook, once, in the output of the cell that calls it.

    Without it each question brings its own copy. On Colab each does in any case: an output there is a page of its own.
    """
    from IPython.display import HTML, display  # only here: without a notebook nothing but NumPy is needed

    global _started
    if "google.colab" not in sys.modules:
        _started = True
        display(HTML(in_notebook()))


def unless_started():
    """Return what a question must bring itself: nothing after `start`."""
    return "" if _started else in_notebook()
