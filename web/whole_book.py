"""Sphinx extension: one way to get the whole book, from the link to README.md on the opening page.

In JupyterLab that link opens README. The site has none: there it leads to the repository, or, where the book has no
address, to a zip of the last commit, which is put beside the pages.
"""

import subprocess
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging

logger = logging.getLogger(__name__)
ZIP = "ctc-gradient-book.zip"


def archive(app, path):
    """Write the last commit as a zip; say whether that is possible here."""
    command = ["git", "archive", "--format=zip", "--prefix=ctc-gradient-book/", f"--output={path}", "HEAD"]
    try:
        return subprocess.run(command, cwd=app.srcdir, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def lead_there(app, doctree):
    """Turn links to README.md, which is no page of the site, into links to the whole book."""
    for link in list(doctree.findall(addnodes.pending_xref)):
        if Path(link["reftarget"]).name != "README":
            continue
        address = app.config.html_theme_options.get("repository_url")
        if not address and archive(app, Path(app.outdir, ZIP)):
            address = f"../{ZIP}"  # all pages are in one folder
        if address:
            link.replace_self(nodes.reference("", "", *link.children, refuri=address))
        else:
            logger.info("no link to the whole book: the sources are neither on GitHub nor in a git repository")
            link.replace_self(link.children)


def setup(app):
    """Connect the function above; Sphinx calls it."""
    app.connect("doctree-read", lead_there)
    return {"parallel_read_safe": True}
