"""Sphinx extension: what figures and questions need on the site, on the pages that have some and on no other."""

import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import ctc_exercises.assets
import ctc_figures.page.assets

PLOTLY = Path(__file__).parent / "node_modules" / "plotly.js-cartesian-dist-min" / "plotly-cartesian.min.js"
MARKS = {"ctc-figure": ("<ctc-figure", "<ctc-verdicts"), "ctc-exercise": ("<ctc-exercise", "ctc-verdict")}
PACKAGES = {"ctc-figure": ctc_figures.page.assets, "ctc-exercise": ctc_exercises.assets}


def write_assets(app):
    """Write the files of both packages, and plotly beside them: the script loads it when a chart is near."""
    static = Path(app.outdir, "_static")
    static.mkdir(parents=True, exist_ok=True)
    for name, assets in PACKAGES.items():
        (static / f"{name}.css").write_text(assets.style(), encoding="utf-8")
        (static / f"{name}.js").write_text(assets.script(), encoding="utf-8")
    shutil.copy(PLOTLY, static / "plotly.min.js")


def add_assets(app, pagename, templatename, context, doctree):
    """Link the scripts where they are needed, and unpack the drawings; `lean.py` takes the style sheets."""
    body = context.get("body", "")
    for name, marks in MARKS.items():
        if any(mark in body for mark in marks):
            app.add_js_file(f"{name}.js", loading_method="defer")
    context["body"] = unpack(body)


def unpack(html):
    """Put each drawing into the page itself: at once in the colours of the page, also where no script runs."""
    return re.sub(r'<img alt="([^"]*)" width="\d+" height="\d+" src="data:image/svg\+xml,([^"]*)">', _drawing, html)


def _drawing(match):
    """Do what the script does in a notebook: leave out what only a file needs, and name what is drawn."""
    alt, svg = match[1], unquote(match[2])
    svg = re.sub(r"<style>.*?</style><rect class='ctc-paper'[^>]*/>", "", svg, count=1, flags=re.S)
    role = "group" if "role='option'" in svg else "img"
    return svg.replace("<svg ", f'<svg role="{role}" aria-label="{alt}" ', 1)


def setup(app):
    """Connect the functions above; Sphinx calls it."""
    app.connect("builder-inited", write_assets)
    app.connect("html-page-context", add_assets)
    return {"parallel_read_safe": True}
