"""The one style sheet and the one script of all figures: on the site two files, in a notebook one output."""

import gzip
import json
import re
import sys
from base64 import b64decode, b64encode
from functools import cache
from importlib.resources import files

from IPython.display import HTML, display

from .palette import COLOURS, page_css

STYLES = ("page/figure.css", "page/verdicts.css", "drawings/drawing.css", "drawings/board.css")
SCRIPTS = ("drawings/drawn.js", "drawings/board.js", "charts/plot.js", "page/figure.js")

_started = False


def read(name):
    """Return a file of this package without comments and indentation."""
    text = files("ctc_figures").joinpath(name).read_text(encoding="utf-8")
    lines = [line.strip() for line in re.sub(r"/\*.*?\*/", "", text, flags=re.S).splitlines()]
    return "".join(line + "\n" for line in lines if line and not line.startswith("//"))


@cache
def style():
    """Return the style sheet of all figures, both themes in it."""
    return re.sub(r"\s*([{};,])\s*|(?<=:)\s+", r"\1", page_css() + "".join(map(read, STYLES)))


@cache
def script():
    """Return the script of all figures; it may run twice on a page."""
    dark = json.dumps({light: dark for light, dark in COLOURS.values()})
    parts = "".join(map(read, SCRIPTS))
    return f'(() => {{\nif (customElements.get("ctc-figure")) return;\nconst DARK = {dark};\n{parts}}})();\n'


def in_notebook():
    """Return style and script as HTML: packed, since every notebook holds them.

    The style goes into the head of the page, where no output hides it.
    """
    style_too = (
        'document.querySelector("#ctc-style")?.remove();'
        'document.head.append(Object.assign(document.createElement("style"), {id: "ctc-style", '
        f"textContent: {json.dumps(style(), ensure_ascii=False)}}}));\n"
    )
    packed = b64encode(gzip.compress((style_too + script()).encode(), mtime=0)).decode()
    return (
        f'<script>(async () => {{const bytes = Uint8Array.from(atob("{packed}"), c => c.charCodeAt());'
        'const text = new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();'
        'document.head.append(Object.assign(document.createElement("script"), {textContent: await text}));})()</script>'
    )


def unpack(html):
    """Return the script that `in_notebook` has packed: packed it may differ from one zlib to another."""
    return gzip.decompress(b64decode(re.search(r'atob\("([^"]*)"\)', html)[1])).decode()


def start():
    """Bring style and script of all figures into a notebook, once, in the output of the cell that calls it.

    Without it each figure brings its own copy. On Colab each does in any case: an output there is a page of its own.
    """
    global _started
    if "google.colab" not in sys.modules:
        _started = True
        display(HTML(in_notebook()))


def unless_started():
    """Return what a figure must bring itself: nothing after `start`."""
    return "" if _started else in_notebook()
