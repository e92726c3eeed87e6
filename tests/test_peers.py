"""What other implementations returned (benchmarks/peers.json) beside ours: equal where they are right, known where not.

The peers are not needed: their answers are stored. Where torch and optax are installed, they are asked again.
"""

import json
import math
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pytest
from helpers import close, probability, slope

from benchmarks import peers
from ctc_core import ctc_loss_and_grad, why_infinite
from ctc_core.examples import CAT
from ctc_core.gradient import grad_log_outputs, grad_logits
from ctc_core.softmax import log_softmax, softmax

ROOT = Path(__file__).parents[1]
STORE = json.loads(peers.STORE.read_text(encoding="utf-8"))
ANSWERS, ROBUSTNESS = STORE["cases"], STORE["robustness"]
DAMAGE = {  # (case, peer) -> loss of the second sample, how many entries of its gradient are NaN
    ("infeasible", "torch"): (np.inf, 24),
    ("infeasible", "torch, zero_infinity"): (0.0, 0),
    ("infeasible", "optax"): (1e5, 0),
    ("-inf off the target", "torch"): (None, 5),  # None: right
    ("-inf off the target", "torch, zero_infinity"): (None, 5),
    ("-inf off the target", "optax"): (np.nan, 30),
    ("NaN in the padding", "torch"): (None, 10),
    ("NaN in the padding", "torch, zero_infinity"): (None, 10),
    ("NaN in the padding", "optax"): (np.nan, 30),
}


def ours(case):
    given = peers.CASES[case]
    logits = np.array(given["logits"], dtype=given.get("dtype", "float64"))
    return ctc_loss_and_grad(logits, given["targets"], given.get("frames"))


def theirs(case, peer):
    return (np.array(ANSWERS[case][peer][key], dtype=float) for key in ("loss", "gradient"))


PAIRS = [(case, peer) for case in peers.WHOLE for peer in peers.WHOLE[case] if case != "label of one million"]


def test_the_answers_belong_to_these_questions():
    assert {*ANSWERS} == {*peers.WHOLE, *peers.ALONE}
    for case in peers.WHOLE:
        assert ANSWERS[case]["input"] == peers.plain(peers.CASES[case])
    assert ANSWERS["heads"]["input"]["logits"] == peers.plain(peers.RAW)
    pinned = dict(
        line.split("==") for line in (ROOT / "benchmarks" / "requirements.txt").read_text().split() if "==" in line
    )
    del pinned["ipython"]  # for the drawing of speed.py
    assert {name: v.split("+")[0] for name, v in STORE["versions"].items() if name in pinned} == pinned


@pytest.mark.parametrize("case, peer", PAIRS)
def test_healthy_samples_agree(case, peer):
    """The first sample always; the second as well, where nothing is said against it."""
    losses, gradients = ours(case)
    their_losses, their_gradients = theirs(case, peer)
    healthy = slice(0, 1 if (case, peer) in DAMAGE else None)
    tolerance = 1e-6 if "float32" in case else 1e-9
    close(their_losses[healthy], losses[healthy], rtol=tolerance)
    close(their_gradients[healthy], gradients[healthy], rtol=0, atol=tolerance)


@pytest.mark.parametrize("case, peer", DAMAGE)
def test_damage(case, peer):
    losses, gradients = ours(case)
    their_losses, their_gradients = theirs(case, peer)
    loss, lost = DAMAGE[case, peer]
    close(their_losses[1], losses[1] if loss is None else loss, rtol=1e-4 if loss == 1e5 else 1e-9)
    broken = np.isnan(their_gradients[1])
    assert broken.sum() == lost and np.isfinite(losses[0]) and np.isfinite(gradients).all()
    if (case, peer) != ("infeasible", "optax"):  # what is not NaN is right, but for a slope towards forbidden paths
        close(their_gradients[1][~broken], gradients[1][~broken], rtol=0, atol=1e-9)
    else:
        assert abs(their_gradients[1]).max() > 0.5 and not gradients[1].any()


def test_infeasible_samples_are_named_by_ours():
    given = peers.CASES["infeasible"]
    assert list(why_infinite(np.array(given["logits"]), given["targets"])) == [1]
    assert not why_infinite(np.array(given["logits"]), peers.CASES["just feasible"]["targets"])


def test_a_label_of_one_million():
    assert ANSWERS["label of one million"]["torch"] == {"crashed": "SIGSEGV"}
    assert ANSWERS["label of one million"]["optax"]["loss"][1] < 0
    with pytest.raises(ValueError, match=r"targets, sample 1: .*1000000"):
        ours("label of one million")


def test_the_gradient_in_log_probs_is_the_one_in_logits():
    said = ANSWERS["gradient in log_probs"]
    close(said["gradient"], grad_logits(CAT.y, CAT.labelling), rtol=0, atol=1e-9)
    close(said["central differences"], grad_log_outputs(CAT.y, CAT.labelling), rtol=0, atol=1e-8)
    assert said["gradcheck"] is False and said["gradcheck behind log_softmax"] is True


NORMALISED = ("log_softmax", "temperature 2", "mixture")
WAYS = {
    "log_softmax": log_softmax,
    "temperature 2": lambda u: log_softmax(u / 2),
    "mixture": lambda u: np.log(softmax(u) / 2 + softmax(2 * u) / 2),
    "raw logits": lambda u: u,
    "0.5 log_softmax": lambda u: log_softmax(u) / 2,
    "log_softmax - prior": lambda u: log_softmax(u) - np.append(np.log(CAT.y.mean(axis=0)), -2),
    "logsigmoid": lambda u: np.log(1 / (1 + np.exp(-u))),
    "mask after softmax": lambda u: np.where([False] * 4 + [True], -30, log_softmax(u)),
}


@pytest.mark.parametrize("name", WAYS)
def test_torch_returns_the_gradient_of_the_loss_plus_all_outputs(name):
    said, way = ANSWERS["heads"][name], WAYS[name]

    def loss(u):
        return -np.log(probability(np.exp(way(u)), CAT.labelling))

    true, mass = slope(loss, peers.RAW), slope(lambda u: np.exp(way(u)).sum(), peers.RAW)
    close(said["loss"], loss(peers.RAW), rtol=1e-9)
    close(said["gradient"], true + mass, rtol=0, atol=1e-8)
    close(said["corrected"], true, rtol=0, atol=1e-8)
    assert (abs(mass).max() < 1e-8) == (name in NORMALISED)


def test_every_way_is_tested():
    assert {*WAYS, "input"} == set(ANSWERS["heads"])


def test_every_odd_sample_was_put_to_everyone():
    assert list(ROBUSTNESS) == list(peers.ODD)
    for answers in ROBUSTNESS.values():
        assert list(answers) == ["right", *peers.ASK]


def same_summary(a, b, tolerance):
    """Equal but for the last digits; `off` has two digits."""
    assert {**a, "verdict": ""}.keys() == {**b, "verdict": ""}.keys() and a.get("NaN") == b.get("NaN")
    if "loss" not in a:
        assert {**a, "verdict": ""} == {**b, "verdict": ""}
        return
    for key, rtol in {"loss": tolerance, "off": 0.1}.items():
        close(np.array(a[key], float), np.array(b[key], float), rtol=rtol, atol=tolerance)


ROWS = [(case, peer) for case in peers.ODD for peer in peers.ASK]


@pytest.mark.parametrize("case, peer", ROWS)
def test_verdicts_follow_from_the_stored_numbers(case, peer):
    said, losses = ROBUSTNESS[case][peer], ROBUSTNESS[case]["right"]
    today = [loss for loss, _ in peers.right(case)]
    assert [loss is None for loss in today] == [loss is None for loss in losses]
    close(np.array(today, dtype=float), np.array(losses, dtype=float), rtol=1e-9)
    assert said["verdict"] == peers.verdict(said, losses, peers.TOLERANCE[peers.precision(case, peer)])
    if "loss" in said:
        assert len(said["loss"]) == len(said["NaN"]) == len(said["off"]) == len(losses)
    if peer in peers.WHOLE.get(case, ()):  # the whole answer is stored as well
        same_summary(peers.summary(case, peer, ANSWERS[case][peer]), said, 1e-9)


@pytest.mark.parametrize("case", peers.ODD)
def test_our_column_is_what_we_say_today(case):
    """Right wherever there is a loss, else refused; only zero frames are refused although there is one."""
    said = ROBUSTNESS[case]["ctc_core"]
    today = peers.row(case, {"ctc_core": peers.answer(case, "ctc_core")})["ctc_core"]
    same_summary(today, said, 1e-6 if "float32" in case else 1e-9)
    if "raised" in said:
        assert "no frames" in case or ROBUSTNESS[case]["right"][1] is None
    else:
        assert today["verdict"] == said["verdict"] == "right"


RIGHT = {"loss": [1.0, 2.0], "NaN": [0, 0], "off": [0.0, 0.0]}
VERDICTS = [
    ({}, [1.0, 2.0], "right"),
    ({"loss": [1.0, "inf"]}, [1.0, "inf"], "right"),
    ({"loss": [], "NaN": [], "off": []}, [], "right"),
    ({"loss": [1.0, "inf"], "NaN": [0, 3]}, [1.0, "inf"], "inf, NaN gradient"),
    ({"loss": [1.0, "inf"], "off": [0.0, 0.5]}, [1.0, "inf"], "inf, wrong gradient"),
    ({"NaN": [0, 3]}, [1.0, 2.0], "NaN gradient"),
    ({"off": [0.0, 0.5]}, [1.0, 2.0], "wrong gradient"),
    ({"loss": [1.0, "nan"], "NaN": [0, 3]}, [1.0, 2.0], "NaN"),
    ({"loss": [1.0, "nan"]}, [1.0, "inf"], "NaN"),
    ({"loss": [1.0, "inf"]}, [1.0, 2.0], "inf"),
    ({"loss": [1.0, "-inf"]}, [1.0, "inf"], "inf"),
    ({"loss": [1.0, 0.0]}, [1.0, "inf"], "dropped"),
    ({"loss": [1.0, 0.0]}, [1.0, None], "dropped"),
    ({"loss": [1.0, 0.0]}, [1.0, 2.0], "wrong number"),
    ({"loss": [1.0, 1e5]}, [1.0, "inf"], "wrong number"),
    ({"loss": [1.0, 0.0], "off": [0.0, 0.5]}, [1.0, "inf"], "wrong number"),
    ({"loss": [1.0, 3.0], "off": [0.0, 0.5]}, [1.0, None], "silent"),
    ({"off": [0.5, 0.5]}, [1.0, None], "neighbour wrong"),
    ({"loss": [1.1, 2.0]}, [1.0, 2.0], "neighbour wrong"),
    ({"NaN": [1, 0]}, [1.0, 2.0], "neighbour wrong"),
    ({"loss": [1.1, 2.1]}, [1.0, 2.0], "both wrong"),
]


@pytest.mark.parametrize("change, losses, word", VERDICTS)
def test_what_the_verdicts_mean(change, losses, word):
    assert peers.verdict(RIGHT | change, losses, 1e-6) == word


def test_answers_without_numbers():
    losses = [1.0, 2.0]
    assert peers.verdict({"raised": "ValueError: no"}, losses, 1e-6) == "refused"
    assert peers.verdict({"crashed": "SIGFPE"}, losses, 1e-6) == "crash"
    assert peers.verdict({"hangs": "60 s"}, losses, 1e-6) == "hangs"
    assert peers.verdict({"unaskable": True}, losses, 1e-6) == "cannot be asked"


def test_the_right_answers_come_from_each_sample_alone():
    """What stands beside a sample must not matter, and a sample without frames has one path."""
    assert [loss for loss, _ in peers.right("no frames, empty target")][1] == 0
    assert [loss for loss, _ in peers.right("no frames")][1] == math.inf
    for case in peers.ODD:
        logits, labels, lengths, frames = peers.arrays(**peers.CASES[case] | {"dtype": "float64"})
        for n, (loss, gradient) in enumerate(peers.right(case)):
            if loss is None or not 0 < len(labels[n, : lengths[n]]) < 4 or frames[n] < 1:
                continue
            with np.errstate(all="ignore"):
                y = np.exp(log_softmax(logits[n, : frames[n]]))
                p = probability(y, tuple(labels[n, : lengths[n]].tolist()))
            if p > 1e-200:
                close(loss, -np.log(p), rtol=1e-9, atol=1e-12)
            assert gradient.shape == logits.shape[1:]


@pytest.mark.parametrize(
    "case, peer", [("infeasible", "torch"), ("infeasible", "optax"), *((case, "torch") for case in peers.ALONE)]
)
def test_they_would_say_it_again(case, peer):
    try:
        installed = version(peer)
    except PackageNotFoundError:
        pytest.skip(f"{peer} is not installed; see benchmarks/requirements.txt")
    if installed != STORE["versions"][peer]:
        pytest.skip(f"{peer} {installed} is installed; the answers are of {STORE['versions'][peer]}")
    again = peers.ask(case, peer)
    stored = ANSWERS[case] if case in peers.ALONE else ANSWERS[case][peer]

    def compare(a, b):
        assert type(a) is type(b)
        if isinstance(a, dict):
            assert a.keys() == b.keys()
            for key in a:
                compare(a[key], b[key])
        elif isinstance(a, list):
            close(np.array(a, dtype=float), np.array(b, dtype=float), rtol=1e-7, atol=1e-8)
        elif isinstance(a, float):
            close(a, b, rtol=1e-7)
        else:
            assert a == b

    compare(again, {key: value for key, value in stored.items() if key != "input" or case in peers.ALONE})
