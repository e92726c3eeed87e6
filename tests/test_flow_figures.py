"""The figures of training: what stands in them is what was computed."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from ctc_core.descent import descend
from ctc_core.examples import CAT
from ctc_core.gradient import path_entropy
from ctc_core.softmax import softmax
from ctc_figures import descent_maps, error_signal

STEPS = [0, 1, 5, 40]


@pytest.fixture(scope="module")
def run():
    logits, losses, gradients = descend(CAT.logits, CAT.labelling, STEPS[-1])
    outputs = softmax(logits[STEPS])
    entropies = [path_entropy(y, CAT.labelling) for y in outputs]
    return {"outputs": outputs, "gradients": gradients[STEPS], "losses": losses[STEPS], "entropies": entropies}


@pytest.fixture
def maps(run):
    return descent_maps(**run, steps=STEPS, symbols=CAT.symbols)


@pytest.fixture
def errors(run):
    names = [f"step {n}" for n in STEPS]
    return error_signal(run["outputs"], run["gradients"], names, CAT.labelling, CAT.symbols)


def in_frame(figure, f):
    """The drawing as it is in one frame."""
    return ElementTree.fromstring(figure.drawing.svg("", f))


def having(tree, class_):
    return [e for e in tree.iter() if class_ in (e.get("class") or "").split()]


@pytest.mark.parametrize("f", range(len(STEPS)))
def test_cells_hold_outputs_occupancies_and_gradient(maps, run, f):
    cells = having(in_frame(maps, f), "ctc-heat")
    shades = np.array([float(re.search("--v:([^;]*)", e.get("style"))[1]) for e in cells]).reshape(3, CAT.T, CAT.K)
    y, g = run["outputs"][f], run["gradients"][f]
    strength = np.sqrt(abs(g) / abs(run["gradients"]).max())
    for shade, expected in zip(shades, (y, y - g, strength), strict=True):
        assert abs(shade - expected).max() <= 0.0051
    signs = [("negative" in e.get("class")) - ("positive" in e.get("class")) for e in cells[2 * CAT.T * CAT.K :]]
    assert (np.reshape(signs, g.shape) == -np.sign(np.round(g, 9))).all()
    assert not any("tive" in e.get("class") for e in cells[: 2 * CAT.T * CAT.K])


def test_what_is_well_seen_carries_its_sign(maps, run):
    for f in range(len(STEPS)):
        texts = [e.text for e in having(in_frame(maps, f), "ctc-text")]
        g = run["gradients"][f]
        seen = np.sqrt(abs(g) / abs(run["gradients"]).max()) >= 0.25
        assert texts.count("+") == (seen & (g > 0)).sum()
        assert texts.count("−") == (seen & (g < 0)).sum()


def test_words_are_those_of_the_run(maps, run):
    assert maps.labels == ["step 0", "step 1", "step 5", "step 40"]
    for caption, y, g in zip(maps.captions, run["outputs"], run["gradients"], strict=True):
        assert f"in {(y.argmax(axis=1) == 0).sum()} of 6 frames" in caption
        assert float(caption.split("gradient: ")[1].rstrip(".")) == pytest.approx(abs(g).max(), rel=0.05)
    texts = [e.text for e in having(in_frame(maps, 0), "ctc-text")]
    assert f"{run['losses'][0]:.2f} nats" in texts and f"{run['entropies'][0]:.2f} nats" in texts


def test_error_signal_draws_every_symbol_on_both_sides(errors, run):
    tree = in_frame(errors, 0)
    curves = [e for e in having(tree, "ctc-curve") if "L" in e.get("d")]
    assert len(curves) == len(STEPS) * 2 * CAT.K
    dashes = [e.get("stroke-dasharray") for e in curves[: CAT.K]]
    assert dashes[0] is not None and dashes[1:] == [None] * 3
    # Heights are the values but for scale: y down, of both columns of the first row.
    for i, values in enumerate((run["outputs"][0], -run["gradients"][0])):
        drawn = [[float(p.split(" ")[1]) for p in e.get("d")[1:].split("L")] for e in curves[i * CAT.K :][: CAT.K]]
        slope, start = np.polyfit(values.T.ravel(), np.ravel(drawn), 1)
        assert slope < 0
        assert abs(slope * values.T + start - drawn).max() < 0.02


def test_both_draw_the_same_bytes_again(run, maps):
    again = descent_maps(**run, steps=STEPS, symbols=CAT.symbols)
    assert again._repr_html_() == maps._repr_html_()


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"symbols": "-AB"}, "expected shape"),
        ({"gradients": np.zeros((4, 2, 2))}, "expected shape"),
        ({"steps": [0, 1]}, "steps: expected 4"),
        ({"losses": [1.0]}, "losses: expected 4"),
    ],
)
def test_bad_input_is_named(run, changed, words):
    with pytest.raises(ValueError, match=words):
        descent_maps(**(run | {"steps": STEPS, "symbols": CAT.symbols} | changed))
