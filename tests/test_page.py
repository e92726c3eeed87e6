"""What all figures share: colours, digits, style and script, and the shell, in a browser."""

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from figures import FIGURES, PAGE, having, page_of, parts

import ctc_figures as draw
from ctc_core.kernel import Lattice, merge
from ctc_figures.page import assets
from ctc_figures.page.figure import Figure
from ctc_figures.page.notation import number, percent
from ctc_figures.page.palette import COLOURS, image_css, page_css

ROOT = Path(__file__).parents[1] / "ctc_figures"
AXE = ROOT.parent / "web" / "node_modules" / "axe-core" / "axe.min.js"
FORWARD = FIGURES["forward"]


# Digits


def test_digits_do_not_depend_on_the_last_bits():
    assert [number(x) for x in (0.1 + 0.2, -1e-300 * 0, 1234567.0, -2.5e-7)] == ["0.3", "0", "1.235·10⁶", "−2.5·10⁻⁷"]
    assert number(0.123450000000001) == number(0.123449999999999)
    assert [number(float(x)) for x in ("nan", "inf")] == ["NaN", "∞"]
    assert [percent(x) for x in (-1e-17, 0.005, 0.3 - 1e-16, 1 + 1e-15)] == [0, 0, 30, 100]


# Colours


def luminance(colour):
    channel = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    return linear, float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a, b):
    low, high = sorted(luminance(c)[1] for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def matrix(text):
    return np.array(text.split(), dtype=float).reshape(3, 3)


# Machado, Oliveira and Fernandes 2009, severity 1: what a dichromat sees of linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "deuteranopia": matrix("0.367322 0.860646 -0.227968 0.280085 0.672501 0.047413 -0.011820 0.042940 0.968881"),
    "protanopia": matrix("0.152286 1.052583 -0.204868 0.114503 0.786281 0.099216 -0.003882 -0.048116 1.051998"),
    "tritanopia": matrix("1.255528 -0.076749 -0.178779 -0.078411 0.930809 0.147602 0.004733 0.691367 0.303900"),
}
TO_CONE = matrix(
    "0.4122214708 0.5363325363 0.0514459929 0.2119034982 0.6806995451 0.1073969566"
    " 0.0883024619 0.2817188376 0.6299787005"
)
TO_OKLAB = matrix(
    "0.2104542553 0.7936177850 -0.0040720468 1.9779984951 -2.4285922050 0.4505937099"
    " 0.0259040371 0.7827717662 -0.8086757660"
)


def oklab(linear):
    return TO_OKLAB @ np.cbrt(TO_CONE @ np.clip(linear, 0, 1))


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_stand_out_from_the_paper(theme):
    colour = {name: pair[theme] for name, pair in COLOURS.items()}
    for name in ("ink", "muted", "label", "alpha", "beta", "gamma", "positive", "negative"):
        assert contrast(colour[name], colour["paper"]) >= 4.5, name  # readable as text
    for name in ("blank", "path"):
        assert contrast(colour[name], colour["paper"]) >= 3, name  # visible as a line


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_that_meet_are_told_apart(theme, sight):
    """0.02 is about the least difference one sees between two patches side by side."""
    names = ("alpha", "beta", "gamma", "positive", "negative", "path", "ink")
    seen = {n: oklab(SIGHT[sight] @ luminance(COLOURS[n][theme])[0]) for n in names}
    for a, b in itertools.combinations(names, 2):
        assert np.linalg.norm(seen[a] - seen[b]) > 0.055, (a, b)


def test_every_colour_used_is_in_the_palette_and_the_files_know_no_other():
    text = "".join(p.read_text(encoding="utf-8") for p in ROOT.rglob("*") if p.suffix in (".css", ".py"))
    assert set(re.findall(r"var\(--ctc-([a-z]+)\b", text)) <= set(COLOURS)
    for sheet in ROOT.rglob("*.css"):
        plain = re.sub(r"var\([^)]*\)", "", sheet.read_text(encoding="utf-8"))  # with what a variable falls back on
        assert not re.search(r"#[0-9a-fA-F]{3,6}\b", plain), sheet
    everything = "".join(f"var(--ctc-{name})" for name in COLOURS)
    for css in (page_css(), image_css(everything)):
        assert all(colour in css for pair in COLOURS.values() for colour in pair)
    assert set(re.findall(r"--ctc-(\w+):", image_css("var(--ctc-alpha)"))) == {"alpha"}


# Style and script


def test_style_and_script_come_once_after_start_and_with_each_figure_before(monkeypatch):
    shown = []
    monkeypatch.setattr(assets, "display", lambda html: shown.append(html.data))
    monkeypatch.setattr(assets, "_started", False)
    (alone,) = FORWARD.bundles()
    assert alone["text/html"] == assets.in_notebook() + FORWARD.html()
    draw.start()
    (bundle,) = FORWARD.bundles()
    assert shown == [assets.in_notebook()] and bundle == {"text/html": FORWARD.html(), "text/plain": repr(FORWARD)}
    monkeypatch.setitem(assets.sys.modules, "google.colab", assets)  # where each output is a page of its own
    monkeypatch.setattr(assets, "_started", False)
    draw.start()
    assert len(shown) == 1 and FORWARD.bundles() == [alone]


def test_script_and_style_are_complete_and_carry_no_comments():
    sheets = {p.relative_to(ROOT).as_posix() for p in ROOT.rglob("*.css")}
    assert sheets == set(assets.STYLES)
    assert {p.relative_to(ROOT).as_posix() for p in ROOT.rglob("*.js")} == set(assets.SCRIPTS)
    assert not re.search(r"/\*|^\s*//", assets.style() + assets.script(), re.M)
    assert "</script" not in assets.script() and len(assets.in_notebook()) < 50_000


def test_source_names_the_class_of_a_method():
    text = draw.source(merge, Lattice.backward).data
    assert "# ctc_core.kernel\ndef merge(" in text and '"""' not in text
    assert "# ctc_core.kernel, class Lattice\ndef backward(self, gradient):\n" in text


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Figure("", "words"), "needs both"),
        (lambda: Figure("title", ""), "needs both"),
        (lambda: Figure("title", "words", captions=["one", "two"]), "captions: expected 1, one for each frame, got 2"),
        (lambda: Figure("title", "words", labels=["1", "2"], captions=["one"]), "captions: expected 2"),
    ],
)
def test_a_figure_needs_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# The shell, in a browser


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 375, "height": 700}, reduced_motion="reduce", accept_downloads=True)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: errors.append(request.url) if request.url.startswith("http") else None)
    yield page
    page.close()
    assert not errors


def classes(page):
    return page.evaluate("[...document.querySelectorAll('[data-i]')].map(e => e.getAttribute('class'))")


def drawn(figure, frame):
    return [e.get("class") for e in parts(figure, frame)]


def test_slider_play_and_pause(page):
    page.set_content(page_of(FORWARD))
    slider, button = page.get_by_role("slider"), page.locator(".ctc-play")
    assert slider.get_attribute("aria-label") == "Time step" and classes(page) == drawn(FORWARD, -1)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert slider.input_value() == "4" and slider.get_attribute("aria-valuetext") == "t = 5 of 6"
    assert "t\xa0=\xa05." in page.locator("figcaption").inner_text() and classes(page) == drawn(FORWARD, 4)
    page.keyboard.press("End")
    assert classes(page) == drawn(FORWARD, 5)
    button.click()  # at the end: begins again
    assert slider.input_value() == "0" and button.inner_text() == "Pause" and classes(page) == drawn(FORWARD, 0)
    page.wait_for_timeout(1700)
    assert slider.input_value() == "1"
    button.click()
    assert button.inner_text() == "Play"
    page.wait_for_timeout(1600)
    assert slider.input_value() == "1" and classes(page) == drawn(FORWARD, 1)


def test_parts_are_reached_with_the_keyboard_and_light_what_they_are_made_of(page):
    page.set_content(page_of(FORWARD, theme="dark"))
    page.wait_for_selector(".ctc-save")
    page.keyboard.press("Tab")  # the lattice comes first, and is one stop
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    assert page.locator(".ctc-detail").inner_text().startswith("α₃(4) = ")
    lit = page.evaluate("[...document.querySelectorAll('[data-i]')].flatMap((e, i) => 'lit' in e.dataset ? [i] : [])")
    names = [(2, 3), (1, 1), (1, 2), (1, 3), (2, 1, 3), (2, 2, 3), (2, 3, 3)]
    assert lit == sorted(FORWARD.drawing.numbers[name] for name in names)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "ctc-play"
    assert page.locator("[data-lit]").count() == 0 and "Touch a state" in page.locator(".ctc-detail").inner_text()


def saved(page, kind, tmp_path):
    page.locator(".ctc-save summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=kind).click()
    assert download.value.suggested_filename == f"forward-sweep-for-cat.{kind.lower()}"
    download.value.save_as(tmp_path / kind)
    return (tmp_path / kind).read_bytes()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_frame_shown_is_saved_in_the_colours_of_the_page(page, theme, tmp_path):
    from PIL import Image

    page.set_content(page_of(FORWARD, theme=theme))
    page.get_by_role("slider").fill("2")
    svg = ElementTree.fromstring(saved(page, "SVG", tmp_path))
    assert [e.get("class") for e in svg.iter() if e.get("data-i") is not None] == drawn(FORWARD, 2)
    style = svg.find(".//{*}style").text
    assert f"--ctc-alpha:{COLOURS['alpha'][theme == 'dark']}" in style.replace(" ", "") and ".ctc-level" in style
    saved(page, "PNG", tmp_path)
    with Image.open(tmp_path / "PNG") as image:
        assert image.size == (3 * FORWARD.drawing.width, 3 * FORWARD.drawing.height)
        rings = having(FORWARD, "ctc-ring")
        for t, expected in ((2, "alpha"), (3, "paper")):  # of the A, filled up to frame 3
            at = [3 * float(rings[t * 7 + 3].get(c)) for c in ("cx", "cy")]
            assert (
                "#{:02x}{:02x}{:02x}".format(*image.convert("RGB").getpixel(at)) == COLOURS[expected][theme == "dark"]
            )


def test_figures_inserted_as_jupyter_does_live_apart(page):
    page.set_content(PAGE.format(theme="light", body="<div></div><div></div>"))
    page.evaluate(
        """html => document.querySelectorAll('main div').forEach(box => {
          box.innerHTML = html;
          for (const old of box.querySelectorAll('script:not([type])')) {
            const copy = document.createElement('script');
            copy.textContent = old.textContent;
            old.replaceWith(copy);
          }
        })""",
        assets.in_notebook() + FORWARD.html(),
    )
    page.get_by_role("slider").nth(1).fill("2")
    assert [slider.input_value() for slider in page.get_by_role("slider").all()] == ["5", "2"]
    n = len(drawn(FORWARD, 0))
    assert classes(page) == drawn(FORWARD, 5) + drawn(FORWARD, 2) and len(classes(page)) == 2 * n
    assert page.locator("#ctc-style").count() == 1


def test_a_figure_below_the_script_starts_as_well(page):
    page.set_content(PAGE.format(theme="light", body=assets.in_notebook() + FORWARD.html()))
    assert page.get_by_role("slider").input_value() == "5"


def test_reads_well_without_a_script(browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(PAGE.format(theme="light", body=FORWARD.html()))
    box = page.get_by_role("img", name="Forward sweep for CAT").bounding_box()
    assert box["width"] > 300 and box["height"] > 300
    assert page.get_by_text("hold the answer").is_visible()
    said = page.locator("figure").inner_text().replace("\xa0", " ")
    assert said == f"{FORWARD.title}. {FORWARD.captions[-1]}"
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_drawings_are_accessible_follow_the_theme_and_fit_a_phone(page, theme):
    page.set_content(page_of(*FIGURES.values(), theme=theme))
    page.wait_for_function("(n) => document.querySelectorAll('.ctc-save').length === n", arg=len(FIGURES))
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    paper = "getComputedStyle(document.querySelector('ctc-figure')).getPropertyValue('--ctc-paper')"
    assert page.evaluate(paper) == COLOURS["paper"][theme == "dark"]
    small = page.evaluate(
        """Math.min(...[...document.querySelectorAll('ctc-figure svg text')].map(e =>
          parseFloat(getComputedStyle(e).fontSize) * e.getScreenCTM().a))"""
    )
    assert small >= 11
    sizes = """[...document.querySelectorAll('ctc-figure :is(.ctc-play, input, summary)')].map(e =>
          Math.min(e.getBoundingClientRect().height, e.getBoundingClientRect().width))"""
    assert min(page.evaluate(sizes)) >= 24
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `make html`")
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    assert [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}" for rule in found for node in rule["nodes"]
    ] == []
