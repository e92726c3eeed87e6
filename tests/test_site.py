"""The built site, as a reader meets it: in Chromium, on a phone and on a desk, in both themes."""

import io
import json
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import serve
import yaml
from book_extension import repository_options, tidy_page

ROOT = Path(__file__).parent.parent
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 375, "height": 667}
DESK = {"width": 1280, "height": 900}


def chapters(node):
    """All documents of the table of contents, in order."""
    if isinstance(node, list):
        return [name for item in node for name in chapters(item)]
    own = [node[key] for key in ("root", "file") if key in node]
    return own + [name for key in ("parts", "chapters", "sections") for name in chapters(node.get(key, []))]


CHAPTERS = chapters(yaml.safe_load((ROOT / "_toc.yml").read_text()))
PAGES = [*CHAPTERS, "search", "genindex"]
every_chapter = pytest.mark.parametrize("chapter", CHAPTERS)


def source(chapter):
    return next(path for path in ROOT.glob(f"{chapter}.*") if path.suffix in (".ipynb", ".md"))


@pytest.fixture(scope="module")
def site():
    """Address of the built site, served on this machine; a site older than its sources proves nothing."""
    stamp = ROOT / "_build" / "built"
    sources = [ROOT / "_config.yml", ROOT / "_toc.yml", *map(source, CHAPTERS), *(ROOT / "web" / "static").iterdir()]
    if not stamp.exists():
        pytest.fail("the site is not built: run `make html`")
    if newer := [path.name for path in sources if path.stat().st_mtime > stamp.stat().st_mtime]:
        pytest.fail(f"newer than the built site: {', '.join(newer)}; run `make html`")
    server = serve.server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


# All that is asked of a page is asked in one process, so that it is opened once in each theme.
@pytest.fixture(scope="module", params=[pytest.param(page, marks=pytest.mark.xdist_group(page)) for page in PAGES])
def name(request):
    return request.param


@pytest.fixture(scope="module", params=["light", "dark"])
def theme(request):
    return request.param


@pytest.fixture(scope="module")
def visit(browser, site, name, theme):
    """One page opened on a phone, with a log of what it asked for and of what went wrong."""
    log = SimpleNamespace(name=name, responses=[], foreign=[], errors=[])
    context = browser.new_context(viewport=PHONE, color_scheme=theme)  # the theme's default is the system's choice
    page = log.page = context.new_page()
    page.route(
        lambda url: not url.startswith(site), lambda route: (log.foreign.append(route.request.url), route.abort())
    )
    page.on("response", lambda response: log.responses.append(response))
    page.on("console", lambda message: message.type in ("error", "warning") and log.errors.append(message.text))
    page.on("pageerror", lambda error: log.errors.append(str(error)))
    page.goto(f"{site}{name}.html", wait_until="networkidle")
    page.wait_for_function("(theme) => document.documentElement.dataset.theme === theme", arg=theme)
    yield log
    context.close()


def test_asks_no_other_host(visit):
    assert visit.foreign == []


def test_logs_no_error(visit):
    assert visit.errors == []
    assert [response.url for response in visit.responses if response.status >= 400] == []


def test_is_light(visit):
    """The promise of README, compressed: 300 kB for a page of text, drawings included; plotly comes once, on top."""
    page = visit.page
    page.bring_to_front()  # a page in the background draws no frame
    if page.locator(".ctc-plot").count():  # plotly is loaded when a chart is near
        page.locator("ctc-figure .ctc-wide").first.scroll_into_view_if_needed()
        page.locator(".ctc-plot .main-svg").first.wait_for()
    weights = {response.url: response.request.sizes()["responseBodySize"] for response in visit.responses}
    plotly = sum(weight for url, weight in weights.items() if "plotly" in url)
    assert bool(plotly) == bool(page.locator(".ctc-plot").count())
    assert plotly <= 500_000
    assert sum(weights.values()) - plotly <= 300_000, weights


def test_asks_for_one_style_sheet_and_no_icons(visit):
    asked = [response.url for response in visit.responses]
    assert sum(".css" in url for url in asked) == 1
    assert [url for url in asked if "fontawesome" in url or "bootstrap" in url] == []
    assert [url for url in asked if "searchindex" in url] == [] or visit.name == "search"


def test_describes_itself(visit):
    if visit.name in CHAPTERS:
        description = visit.page.locator("meta[name=description]").get_attribute("content")
        assert description.endswith((".", "?")) and "$" not in description


def open_everything(page):
    page.bring_to_front()
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    page.wait_for_function("document.getAnimations().every((fade) => fade.playState === 'finished')")


def test_fits_a_phone(visit):
    open_everything(visit.page)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_is_accessible(visit, name, theme):
    open_everything(visit.page)
    # axe takes seconds: one theme on the phone, the other on the desk, in turns from page to page; and of the second
    # theme only what differs, the colours.
    visit.page.set_viewport_size((PHONE, DESK)[(PAGES.index(name) + (theme == "dark")) % 2])
    visit.page.evaluate(AXE.read_text())
    rules = {"runOnly": ["color-contrast"]} if theme == "dark" else {}
    found = visit.page.evaluate("axe.run", {"resultTypes": ["violations"]} | rules)["violations"]
    problems = [
        f"{rule['id']}: {node['html']}\n{node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
        # axe does not read MathML (dequelabs/axe-core issue 3285): it takes a heading that is a formula for empty.
        if not (rule["id"].startswith("empty-") and visit.page.locator(node["target"][0]).locator("math").count())
    ]
    assert not problems, "\n".join(problems)


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport=DESK)
    yield context.new_page()
    context.close()


@every_chapter
def test_figures_play(page, site, chapter):
    page.goto(f"{site}{chapter}.html")
    figures = page.locator("ctc-figure").all()
    for figure in figures:
        figure.scroll_into_view_if_needed()  # plotly draws what comes near
        figure.locator(".ctc-save").wait_for()
        box = figure.locator(":is(.ctc-stage, .ctc-plot) svg").first.bounding_box()
        assert box["width"] > 100 and box["height"] > 20
    page.clock.install()  # from here on the test turns the clock, so nothing waits
    for figure in figures:
        button, slider = figure.locator("button.ctc-play"), figure.locator(".ctc-play + input")
        if not button.count():
            continue
        slider.press("Home")
        button.click()
        page.clock.run_for(3000)
        assert slider.input_value() != "0", "Play does not move the figure"
        slider.press("Home")
        button.click()  # Play
        button.click()  # Pause
        paused = slider.input_value()
        page.clock.run_for(60_000)
        assert slider.input_value() == paused, "Pause does not stop the figure"
        slider.press("Home")
        slider.press("ArrowRight")
        assert slider.input_value() == "1", "the slider does not follow the keyboard"


@every_chapter
def test_mathematics_needs_no_script(browser, site, chapter):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}{chapter}.html")
    # KaTeX keeps the source of a formula in its MathML, and the text of a page may show LaTeX as code: leave both out.
    text = page.locator("article :is(p, li, td, th, dd, h1, h2, h3, summary)").evaluate_all(
        "(parts) => parts.map((part) => { const copy = part.cloneNode(true);"
        " copy.querySelectorAll('annotation, code').forEach((node) => node.remove()); return copy.textContent })"
    )
    assert [part for part in text if "$" in part or "\\" in part] == []
    if "$" in source(chapter).read_text():
        formula = page.locator(".katex-html").first
        assert formula.is_visible() and formula.bounding_box()["width"] > 5
    context.close()


@every_chapter
def test_notebook_download(page, site, chapter):
    """What the button gives is the notebook as committed."""
    page.goto(f"{site}{chapter}.html")
    link = page.locator(".bd-header-article a[class*='btn-download']")
    response = page.request.get(link.evaluate("(a) => a.href"))
    assert response.status == 200
    assert response.body() == source(chapter).read_bytes()


def test_search_finds_every_chapter_by_its_title(page, site):
    page.goto(f"{site}search.html")
    titles = page.evaluate(
        """(chapters) => Promise.all(chapters.map(async (chapter) => {
            const text = await (await fetch(`${chapter}.html`)).text();
            const h1 = new DOMParser().parseFromString(text, "text/html").querySelector("article h1");
            return [...h1.childNodes].map((node) => node.data ?? "").join(" ");
        }))""",  # text only: no number, no link
        CHAPTERS,
    )
    for chapter, title in zip(CHAPTERS, titles, strict=True):
        page.goto(f"{site}search.html?q={quote(title.strip())}")
        page.locator(f"#search-results a[href*='{Path(chapter).name}']").first.wait_for()


def test_contents_by_keyboard(page, site):
    """On a desk Tab reaches the contents; on a phone the menu opens, holds the focus, and Escape closes it."""
    page.goto(f"{site}{CHAPTERS[0]}.html")
    target = page.locator(f"nav a[href$='{Path(CHAPTERS[1]).name}.html']").first
    for _ in range(20):
        page.keyboard.press("Tab")
        if target.evaluate("(a) => a === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}{CHAPTERS[1]}.html")
    page.set_viewport_size(PHONE)
    page.locator("button.primary-toggle").first.press("Enter")
    menu = page.locator("dialog#pst-primary-sidebar-modal")
    assert menu.is_visible() and menu.evaluate("(menu) => menu.contains(document.activeElement)")
    page.keyboard.press("Escape")
    assert not menu.is_visible()


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/ada/ctc-book",
        "https://github.com/ada/ctc-book.git",
        "https://token@github.com/ada/ctc-book.git",
        "git@github.com:ada/ctc-book.git",
        "ssh://git@github.com/ada/ctc-book.git",
    ],
)
def test_buttons_lead_to_the_repository(remote):
    options = repository_options(remote)
    assert options["repository_url"] == "https://github.com/ada/ctc-book"
    assert options["launch_buttons"]["binderhub_url"]


def test_menus_become_links():
    logo = {"icon": "_static/images/logo_binder.svg"}
    binder = {"type": "link", "text": "Binder", "tooltip": "Launch on Binder", "url": "u"}
    menu = {"type": "group", "label": "launch-buttons", "buttons": [binder | logo]}
    switch = {"type": "javascript", "label": "switch", "text": "", "icon": "fas fa-moon"}
    context = {"header_buttons": [menu, switch]}
    tidy_page(None, "", "", context, None)
    assert context["header_buttons"] == [binder | {"text": "", "icon": "fas fa-rocket"}, switch]


def test_the_whole_book_is_one_link_away(page, site):
    """Without a repository on GitHub the link gives a zip of the last commit."""
    page.goto(f"{site}chapters/intro.html")
    link = page.get_by_role("link", name="Get the whole book")
    if link.get_attribute("href").startswith("https://github.com/"):
        return
    body = page.request.get(link.evaluate("(a) => a.href")).body()
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        names = {name.removeprefix("ctc-gradient-book/") for name in book.namelist()}
    assert {"README.md", "Makefile", "chapters/intro.ipynb", "ctc_core/__init__.py"} <= names


def test_contents_without_scripts(browser, site):
    """The list of chapters, the search field and the way to the next page need no script."""
    context = browser.new_context(java_script_enabled=False, viewport=DESK)
    page = context.new_page()
    page.goto(f"{site}{CHAPTERS[0]}.html")
    page.locator(f"#pst-primary-sidebar a[href$='{Path(CHAPTERS[2]).name}.html']").click()
    page.locator(".prev-next-area a.right-next").click()
    assert page.url == f"{site}{CHAPTERS[3]}.html"
    context.close()


@pytest.mark.parametrize(
    "remote", [None, "", "/srv/git/ctc-book", "https://gitlab.com/ada/ctc-book", "https://github.com"]
)
def test_no_repository_no_button(remote):
    assert repository_options(remote) == {}


def test_lock_files_agree():
    """The KaTeX that styles a formula is the one that typeset it (the extension refuses otherwise)."""
    from sphinxcontrib.katex import katex_version

    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/katex"]["version"] == katex_version
