"""The figures of the rules and of the softmax: what they draw is what they say, and what is so."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from ctc_core.softmax import softmax, softmax_jacobian
from ctc_figures import growing_rectangle, secants, signed_matrix


def drawn(figure, frame):
    """The parts as they look in one frame, as (element, state); replayed as the player does."""
    data = json.loads(re.search(r"json\">(.*?)</script>", figure._repr_html_(), re.S)[1])
    now = list(data["first"])
    for step in data["steps"][:frame]:
        for i, state in zip(step[::2], step[1::2], strict=True):
            now[i] = state
    parts = [e for e in ElementTree.fromstring(figure.svg()).iter() if e.get("data-i") is not None]
    looks = [[*data["states"][k], *[None] * 5][:5] for k in now]
    return [(e, look) for e, look in zip(parts, looks, strict=True) if look[0] != "off"]


def shapes(figure, frame, class_):
    return [(e, look) for e, look in drawn(figure, frame) if class_ in e.get("data-i").split()]


def points(path):
    return [tuple(map(float, pair.split())) for pair in re.split("[ML]", path.get("d")) if pair]


def falling():
    steps = [0.6, 0.3, 0.1, -0.1]
    return steps, secants(lambda v: -np.log(v), 0.25, steps, -4, between=(0.1, 1))


def test_secants_pass_through_both_points():
    steps, figure = falling()
    start = next(e for e in ElementTree.fromstring(figure.svg()).iter() if e.get("class") == "ctc-start")
    x0, y0 = float(start.get("cx")), float(start.get("cy"))
    for frame in range(len(steps)):
        [(line, _)] = shapes(figure, frame, "ctc-secant")
        [(_, (_, _, _, dx, dy))] = shapes(figure, frame, "ctc-end")
        (xa, ya), (xb, yb) = points(line)
        for x, y in ((x0, y0), (x0 + dx, y0 + dy)):
            assert ya + (yb - ya) / (xb - xa) * (x - xa) == pytest.approx(y, abs=0.05)


def test_secant_captions_are_difference_quotients_and_the_tangent_comes_last():
    steps, figure = falling()
    for step, caption in zip(steps, figure.captions, strict=False):
        said = float(caption.split()[-1].rstrip(".").replace("−", "-"))
        assert said == pytest.approx((np.log(0.25) - np.log(0.25 + step)) / step, rel=1e-3)
    assert figure.captions[-1] == "The tangent at v = 0.25. Its slope is −4."
    assert [look[0] for _, look in shapes(figure, len(steps), "ctc-tangent")] == ["now"]
    assert shapes(figure, len(steps), "ctc-secant") == []


def test_lines_stay_inside_the_field():
    steps, figure = falling()
    for frame in range(len(steps) + 1):
        for line, _ in shapes(figure, frame, "ctc-secant") + shapes(figure, frame, "ctc-tangent"):
            assert all(0 <= x <= 376 and 34 - 0.01 <= y <= 250.01 for x, y in points(line))


def test_slope_has_the_colour_of_its_sign():
    assert "--role:var(--ctc-negative)" in falling()[1].svg()
    assert "--role:var(--ctc-positive)" in secants(np.exp, 0.0, [1.0], 1, between=(-1, 1)).svg()


def test_rectangle_grows_by_the_strips_and_the_corner():
    f, g, df, dg, steps = 3, 2, 1, 0.5, [1, 0.5, 0.25]
    figure = growing_rectangle(f, g, df, dg, steps)
    whole = next(e for e in ElementTree.fromstring(figure.svg()).iter() if e.get("class") == "ctc-area")
    unit = float(whole.get("width")) * float(whole.get("height")) / (f * g)  # area of a unit square
    for frame, step in enumerate(steps):
        areas = []
        for part, look in [*shapes(figure, frame, "ctc-strip"), *shapes(figure, frame, "ctc-corner")]:
            ways = sum(way in part.get("data-i") for way in ("grow-x", "grow-y"))
            area = float(part.get("width")) * float(part.get("height"))
            areas.append(area * (look[1] / 100) ** ways / unit)
        assert areas == pytest.approx([df * g * step, f * dg * step, df * dg * step**2], abs=1e-3)
        assert sum(areas) == pytest.approx((f + df * step) * (g + dg * step) - f * g, abs=1e-3)
        said = re.findall(r"[\d.]+", figure.captions[frame])
        assert [float(number) for number in said[1:4]] == pytest.approx(areas, abs=1e-3)
        assert float(said[4]) == pytest.approx(100 * areas[2] / sum(areas), rel=0.05)


def test_matrix_shows_values_signs_and_bars():
    ys = softmax(np.outer([0, 1, 6], [0, 0, 1, 0]))
    matrices = np.array([softmax_jacobian(y) for y in ys])
    figure = signed_matrix(matrices, "-ACT", "-ACT", bars=ys, element="{row} in {column}")
    for frame, (y, matrix) in enumerate(zip(ys, matrices, strict=True)):
        entries = shapes(figure, frame, "ctc-signed")
        signs = [{"positive": 1, "negative": -1}[look[0]] for _, look in entries]
        sizes = np.array([look[1] for _, look in entries]) / 100 * abs(matrices).max()
        np.testing.assert_allclose((np.array(signs) * sizes).reshape(4, 4), matrix, atol=1e-4)
        bars = [look[1] / 100 for _, look in shapes(figure, frame, "ctc-filled")]
        np.testing.assert_allclose(bars, y, atol=1e-4)
        texts = [look[2].replace("−", "-") for _, look in shapes(figure, frame, "ctc-text")]
        assert not [text for text in texts if re.fullmatch(r"-0\.0*", text)]
        np.testing.assert_allclose([float(text) for text in texts[4:]], matrix.ravel(), atol=5.1e-4)
    options = [e for e in ElementTree.fromstring(figure.svg()).iter() if e.get("role") == "option"]
    assert options[6].get("aria-label") == "A in C"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: secants(np.exp, 0.0, [], 1, between=(-1, 1)), "steps"),
        (lambda: secants(np.exp, 0.0, [0.0], 1, between=(-1, 1)), "other than 0"),
        (lambda: secants(np.exp, 0.0, [2.0], 1, between=(-1, 1)), "between -1 and 1"),
        (lambda: growing_rectangle(1, 1, 0, 1, [1]), "above 0"),
        (lambda: signed_matrix(np.zeros((2, 2)), "ab", "ab"), "matrices: expected shape"),
        (lambda: signed_matrix(np.zeros((1, 2, 2)), "ab", "ab", bars=[[1]]), "bars: expected shape"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
