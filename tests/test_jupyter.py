"""The chapters in a real JupyterLab, as after a fresh clone: not trusted, then trusted, then run."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from equation_index import ROOT, chapters

CHAPTERS = [path.stem for path in chapters()]
SETTINGS = {
    # every cell in the page: by default those out of sight are taken out of it
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
PLOTLY = "application/vnd.plotly.v1+json"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab that has never seen the notebooks, which are copies."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "chapters", home / "chapters", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for name in ("benchmarks", "data", "img"):
        (home / name).symlink_to(ROOT / name)
    for name, setting in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(setting))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "ServerApp.port": port,
        "ServerApp.root_dir": home,
        "ServerApp.open_browser": False,
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": True,
        "ServerApp.allow_root": True,  # a container's only user
    }
    environment = os.environ | {"HOME": str(home), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    url = f"http://127.0.0.1:{port}"
    with (home / "log").open("w") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as server:
        try:
            wait_for(f"{url}/api")
            yield url
        finally:
            server.terminate()


def wait_for(url):
    """Ask until somebody answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return urllib.request.urlopen(url).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1366, "height": 1200})
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def open_notebook(page, lab, chapter):
    """Open a chapter and wait until its last cell is there."""
    page.goto(f"{lab}/lab/tree/chapters/{chapter}.ipynb?reset")
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext?.isReady")
    notebook = json.loads((ROOT / "chapters" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    page.wait_for_function(f"document.querySelectorAll('.jp-Notebook .jp-Cell').length === {len(notebook['cells'])}")
    bundles = [output.get("data", {}) for cell in notebook["cells"] for output in cell.get("outputs", ())]
    drawn = sum("".join(bundle.get("text/html", "")).count("<img alt=") for bundle in bundles)
    return drawn, sum(PLOTLY in bundle for bundle in bundles)


# Words of an output that stand in no paragraph, list or table: how a figure looks that was taken apart.
LOOSE = """() => [...document.querySelectorAll(".jp-RenderedHTML")].flatMap(output => {
  const words = document.createTreeWalker(output, NodeFilter.SHOW_TEXT), loose = [];
  while (words.nextNode()) {
    const { textContent: text, parentElement: parent } = words.currentNode;
    const inside = "script, style, p, li, td, th, summary, pre, dt, dd, button, svg, label, legend, .ctc-position";
    if (text.trim() && !parent.closest(inside)) loose.push(text);
  }
  return loose;
})"""


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_shows_itself(page, lab, chapter):
    """Not trusted, every figure of the file is seen; trusted, every figure plays."""
    drawn, plots = open_notebook(page, lab, chapter)
    page.wait_for_function(f"document.querySelectorAll('.jp-RenderedPlotly .plot-container').length === {plots}")
    images = page.locator(".jp-OutputArea-output figure img")
    assert images.count() == drawn
    assert all(images.evaluate_all("images => images.map(image => image.complete && image.naturalWidth > 0)"))
    assert page.locator("ctc-figure, .ctc-controls").count() == 0, "this was to be a notebook that is not trusted"
    assert page.evaluate(LOOSE) == []

    if not drawn + plots:
        return
    page.evaluate("() => { jupyterapp.commands.execute('notebook:trust') }")  # it waits for an answer
    page.locator(".jp-Dialog button.jp-mod-accept").click()
    page.wait_for_function(
        f"document.querySelectorAll('ctc-figure .ctc-controls').length === {drawn + plots}", timeout=30_000
    )
    for figure in page.locator("ctc-figure:has(.ctc-play)").all():
        caption, slider = figure.locator("figcaption span"), figure.locator("input[type=range]").last
        slider.press("Home")
        first = caption.text_content()
        figure.locator(".ctc-play").click()
        page.wait_for_function("([figure, first]) => figure.querySelector('figcaption span').textContent !== first",
                               arg=[figure.element_handle(), first])  # fmt: skip


def test_explorer_draws_any_word(page, lab):
    open_notebook(page, lab, "03_lattice")
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
    page.wait_for_selector(".jupyter-widgets input[type=text]")
    page.get_by_label("Word").fill("DOG")
    page.get_by_label("Frames").fill("8")
    page.get_by_label("Frames").press("Enter")
    lattice = page.locator(".jupyter-widgets ctc-figure")
    page.wait_for_function("document.querySelectorAll('.jupyter-widgets .ctc-state').length === 7 * 8")
    assert "DOG" in lattice.locator("figcaption b").text_content()
    page.get_by_label("Frames").fill("3")
    page.get_by_label("Frames").press("Enter")
    page.get_by_label("Word").fill("BEE")
    page.get_by_text("BEE in 3 frames: needs 4").wait_for()
    assert "DOG" in lattice.locator("figcaption b").text_content(), "the last figure stays"
