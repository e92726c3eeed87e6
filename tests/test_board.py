"""The board computes in the page, in JavaScript: a second implementation, compared here with ctc_core."""

import re
from pathlib import Path

import numpy as np
import pytest
from figures import page_of, tree
from helpers import probability

from ctc_core import ctc_loss_and_grad
from ctc_core.examples import AB, BEE, CAT
from ctc_core.gradient import grad_logits
from ctc_core.labels import min_length
from ctc_core.softmax import softmax
from ctc_figures import logit_board, network

AXE = Path(__file__).parent.parent / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def show(browser):
    page = browser.new_page(viewport={"width": 375, "height": 667}, reduced_motion="reduce")
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def show(*figures, theme="light"):
        page.set_content(page_of(*figures, theme=theme))
        page.wait_for_selector("ctc-figure .ctc-save")
        return page

    yield show
    page.close()
    assert not errors


def numbers(page, which):
    """The numbers of one table as they are shown, shape (T, K)."""
    texts = page.locator(f"[data-map={which}] text").all_text_contents()
    assert not [text for text in texts if not re.fullmatch(r"[+−]?\d+\.\d\d", text) or text == "−0.00"]
    return np.array([float(text.replace("−", "-")) for text in texts]).reshape(CAT.T, CAT.K)


def compare(page, u):
    """What is shown is what ctc_core computes from these logits."""
    losses, gradient = ctc_loss_and_grad(u, CAT.labelling)
    for which, values in (("u", u), ("y", softmax(u)), ("gradient", gradient)):
        np.testing.assert_allclose(numbers(page, which), values, atol=0.00501)
    shown = page.locator("[data-board=loss]").text_content()
    assert float(shown.removeprefix("loss −ln p(CAT | x) = ")) == pytest.approx(float(losses), abs=0.000501)
    assert page.locator("[data-board=p]").text_content() == f"p = {np.exp(-losses):.3f}"


def ringed(page, which):
    ring = "cells => cells.map(cell => cell.classList.contains('changed'))"
    return np.array(page.locator(f"[data-map={which}]").evaluate_all(ring)).reshape(CAT.T, CAT.K)


def cell(page, t, k):
    return page.locator("[data-map=u]").nth(t * CAT.K + k)


# The mathematics


def random_cases(n):
    """Random logits and labellings that fit, of every kind: repeats, empty, blank anywhere, logits of -inf."""
    random = np.random.default_rng(26)
    while n:
        T, K = int(random.integers(1, 13)), int(random.integers(2, 6))
        blank = int(random.integers(K))
        labels = [k for k in range(K) if k != blank]
        labelling = random.choice(labels, size=random.integers(T + 1)).tolist()
        u = random.normal(size=(T, K)) * random.choice([0.1, 1, 5, 60])
        if n % 5 == 0:
            u[random.integers(T), random.integers(K)] = -np.inf
        if min_length(labelling) <= T and np.isfinite(ctc_loss_and_grad(u, labelling, blank=blank)[0]):
            n -= 1
            yield u, labelling, blank


def test_loss_and_gradient_are_those_of_the_core(show):
    page = show(logit_board(CAT))
    cases = list(random_cases(200))
    repeats = [labelling for _, labelling, _ in cases if min_length(labelling) > len(labelling)]
    assert len(repeats) > 40 and any(labelling == [] for _, labelling, _ in cases)
    results = page.evaluate(
        "cases => cases.map(case_ => customElements.get('ctc-figure').lossAndGradient(...case_))",
        [[u.tolist(), labelling, blank] for u, labelling, blank in cases],
    )
    for (u, labelling, blank), result in zip(cases, results, strict=True):
        losses, gradient = ctc_loss_and_grad(u, labelling, blank=blank)
        assert result["loss"] == pytest.approx(float(losses), abs=1e-9, rel=1e-12)
        np.testing.assert_allclose(result["gradient"], gradient, rtol=0, atol=1e-9)
        np.testing.assert_allclose(result["y"], softmax(u), rtol=0, atol=1e-12)


def test_loss_is_the_sum_over_paths(show):
    """Once against the definition, so that not all rests on one implementation of ours."""
    page = show(logit_board(BEE))
    for example in (AB, BEE, CAT):
        result = page.evaluate(
            "([u, l]) => customElements.get('ctc-figure').lossAndGradient(u, l)",
            [example.logits.tolist(), list(example.labelling)],
        )
        assert np.exp(-result["loss"]) == pytest.approx(probability(example.y, example.labelling), rel=1e-12)
        np.testing.assert_allclose(result["gradient"], grad_logits(example.y, example.labelling), atol=1e-12)


# What the reader sees and does


def test_python_draws_what_the_script_draws_first(show):
    figure = logit_board(CAT)
    drawn = tree(figure)
    page = show(figure)
    texts = [e.text for e in drawn.iter("text")]
    assert page.locator("ctc-figure svg text").all_text_contents()[: len(texts)] == texts
    caption = page.locator("figcaption span").text_content()
    assert caption == "Loss 1.690 nats, p = 0.184." == figure.captions[0]
    levels = [float(e.get("style").removeprefix("--v:")) for e in drawn.iter() if "--v" in e.get("style", "")]
    now = "cells => cells.map(cell => cell.style.getPropertyValue('--v'))"
    assert [float(v) for v in page.locator("svg [style*='--v']").evaluate_all(now)] == levels
    compare(page, CAT.logits)
    assert "arrow keys" in page.locator(".ctc-detail").text_content()


def test_one_logit_by_keyboard(show):
    page = show(logit_board(CAT))
    page.keyboard.press("Tab")  # frame 1, blank; then A, C, T
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    u = CAT.logits.copy()
    u[2, 1] += 1  # A at frame 3
    compare(page, u)
    assert ringed(page, "y")[2].all() and ringed(page, "y").sum() == CAT.K  # the softmax stays within the frame
    assert ringed(page, "gradient").any(axis=1).sum() > 1  # the loss does not
    at = page.locator(":focus")
    assert at.get_attribute("aria-label") == "Logit of A at frame 3"
    assert float(at.get_attribute("aria-valuenow")) == pytest.approx(u[2, 1], abs=0.005)
    assert page.locator(".ctc-detail").text_content().endswith("raises it.")
    assert "The loss fell from 1.690 to" in page.locator("figcaption").text_content()
    assert page.locator("[data-map=u][tabindex='0']").count() == CAT.K  # one frame's logits are tab stops
    page.keyboard.press("Escape")
    assert not page.locator("[data-map=u]:focus").count()


def test_what_no_path_uses_moves_no_other_frame(show):
    page = show(logit_board(CAT))
    cell(page, 0, 3).click()  # T at frame 1: CAT cannot begin with it
    page.get_by_role("button", name="Raise").click()
    assert "The loss rose from" in page.locator("figcaption").text_content()
    assert ringed(page, "gradient").any(axis=1).tolist() == [True] + [False] * 5


def test_buttons_slider_and_limits(show):
    page = show(logit_board(CAT))
    cell(page, 4, 0).click()
    page.get_by_role("button", name="Lower").click()
    u = CAT.logits.copy()
    u[4, 0] -= 0.5
    compare(page, u)
    slider = page.get_by_role("slider")
    assert slider.get_attribute("aria-label") == "Logit of blank at frame 5"
    slider.press("End")
    page.get_by_role("button", name="Raise").click()
    u[4, 0] = 8
    compare(page, u)
    cell(page, 0, 0).click()  # choosing another logit changes nothing
    compare(page, u)
    page.get_by_role("button", name="Reset").click()
    compare(page, CAT.logits)
    assert not ringed(page, "y").any() and not ringed(page, "gradient").any()


def test_steps_of_descent(show):
    page = show(logit_board(CAT))
    u = CAT.logits.copy()
    for _ in range(5):
        page.get_by_role("button", name="One step").click()
        u -= ctc_loss_and_grad(u, CAT.labelling)[1]
        compare(page, u)
    assert page.locator("figcaption").text_content().startswith("Train CAT by hand. Steps: 5. The loss fell from")


def test_two_boards_inserted_as_jupyter_does(show):
    """JupyterLab sets innerHTML, then runs the scripts, and moves cells."""
    page = show(network())
    page.evaluate(
        """html => {
          const main = document.querySelector("main");
          for (let i = 0; i < 2; i++) {
            main.append(document.createElement("div"));
            main.lastChild.innerHTML = html;
          }
          main.prepend(main.lastChild);
        }""",
        logit_board(CAT).html(),
    )
    boards = page.locator("ctc-figure:has(.ctc-board)")
    boards.nth(1).get_by_role("button", name="One step").click()
    losses = boards.locator("[data-board=loss]").all_text_contents()
    assert losses[0].endswith("= 1.690") and not losses[1].endswith("= 1.690")


def test_without_a_script_there_is_a_picture_and_no_dead_control(browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(logit_board(CAT).html())
    assert page.get_by_role("img", name="Train CAT by hand").is_visible()
    assert page.get_by_text("Loss 1.690 nats").is_visible()
    assert not page.locator("button, input, [tabindex]").count()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_is_accessible_and_fits_a_phone(show, theme):
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `make html`")
    page = show(logit_board(CAT), network(), theme=theme)  # a figure that follows brings its own style
    cell(page, 2, 1).click()
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    assert [f"{rule['id']}: {node['html']} {node['failureSummary']}" for rule in found for node in rule["nodes"]] == []
    assert page.locator(".ctc-board input").bounding_box()["width"] > 150
    for part in page.locator(".ctc-board :is(button, input), [role=spinbutton]").all():
        box = part.bounding_box()
        assert min(box["width"], box["height"]) >= 24
