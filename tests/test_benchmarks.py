"""speed.json and scaling.json belong to their scripts, and speed.md to speed.json.

Nothing here measures a time or needs a peer's package.
"""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import close

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))  # the scripts of benchmarks/ are no installed package
speed, scaling = (importlib.import_module(f"benchmarks.{name}") for name in ("speed", "scaling"))

STORE = json.loads((ROOT / "benchmarks" / "speed.json").read_text(encoding="utf-8"))
GROWTH = json.loads(scaling.STORE.read_text(encoding="utf-8"))
PLACES = [(cores, shape, dtype) for cores in speed.CORES for shape in speed.SHAPES for dtype in speed.DTYPES]
LINES = [(words, name) for words in scaling.FUNCTIONS for name in scaling.LINES]


def found(cores, shape, dtype):
    return STORE["times"][cores][shape][dtype]


def test_everything_was_measured():
    assert STORE["shapes"] == speed.SHAPES and list(STORE["reference"]) == list(speed.SHAPES)
    assert list(STORE["times"]) == list(speed.CORES)
    for cores, shapes in STORE["times"].items():
        assert list(shapes) == list(speed.SHAPES)
        for dtypes in shapes.values():
            assert list(dtypes) == list(speed.DTYPES)
            assert all(list(one) == list(speed.tasks(cores)) for one in dtypes.values())
    assert {*speed.VERSIONS, "python"} == set(STORE["versions"])


@pytest.mark.parametrize("cores, shape, dtype", PLACES)
def test_each_has_a_time_or_a_reason(cores, shape, dtype):
    torch = found(cores, shape, dtype)["torch"]["median"]
    for name, one in found(cores, shape, dtype).items():
        if "failed" in one:
            assert name not in ("ours", "torch", *speed.ALONE, *speed.LIMITS)
            assert one["failed"].startswith((speed.TOO_LONG, "not asked: ", "raised: ", "crashed: "))
            continue
        low, high = one["quartiles"]
        assert 0 < low <= one["median"] <= high
        assert one["ratio"] == speed.digits(one["median"] / torch, 4)
        assert one["rounds"] == STORE["rounds"] or one["rounds"] == speed.FEW < STORE["rounds"]


@pytest.mark.parametrize("cores, shape, dtype", PLACES)
def test_errors_are_within_what_the_chapter_says(cores, shape, dtype):
    for name, one in found(cores, shape, dtype).items():
        if "failed" in one or name in speed.LIMITS:
            continue
        ours, double = name.startswith("ours"), dtype == "float64"
        assert float(one["loss error"]) <= (1e-12 if double else 1e-7 if ours else 1e-4)
        if name not in speed.ALONE:
            assert float(one["gradient error"]) <= (1e-9 if double else 1e-6 if ours else 0.3)


@pytest.mark.parametrize("shape", speed.SHAPES)
def test_ours_agrees_with_the_chapters(shape):
    assert STORE["reference"][shape]["loss error"] <= 1e-12
    assert STORE["reference"][shape]["gradient error"] <= 1e-9


def test_the_reference_is_computed_as_it_was_stored():
    """Up to rounding: the last bits of `exp` differ between processors."""
    for error, bound in zip(speed.reference("teaching").values(), (1e-14, 1e-13), strict=True):
        assert error <= bound


def test_the_table_is_made_of_the_store():
    assert (ROOT / "benchmarks" / "speed.md").read_text(encoding="utf-8") == speed.report(STORE)


def test_measure_times_and_compares_on_a_toy_shape():
    given = speed.sample(2, 6, 4, 2)
    exact = speed.ours(*given)()
    asked = []
    prepare = {"ours": speed.ours, "loss": speed.our_loss, "softmax": speed.softmax_alone, "broken": lambda *_: 1 / 0}
    times = speed.measure(prepare, given, exact, rounds=2, say=lambda name, limit: asked.append(name))
    assert set(times) == set(prepare)
    assert times["broken"] == {"failed": "raised: ZeroDivisionError: division by zero"}
    assert times["ours"]["loss error"] == times["ours"]["gradient error"] == 0
    assert times["loss"]["loss error"] < 1e-14 and "gradient error" not in times["loss"]
    assert "loss error" not in times["softmax"]
    for name in ("ours", "loss", "softmax"):
        assert times[name]["median"] > 0 and times[name]["rounds"] == 2
    assert set(asked) == set(prepare)


def test_an_error_that_is_not_finite_is_kept_as_a_word():
    exact = np.ones(2), np.zeros((2, 3, 4))
    assert speed.errors((np.array([1.0, np.nan]), exact[1] + 0.5), exact) == {
        "loss error": "nan",
        "gradient error": 0.5,
    }
    assert json.loads(json.dumps(speed.digits(np.inf, 2))) == "inf"


@pytest.mark.parametrize("scale", [1, 1000], ids=["one shift a block", "one shift a row"])
def test_the_softmax_of_the_limit_is_one(scale):
    logits = scale * np.random.default_rng(1).normal(size=(3, 5, 7))
    shifted = np.exp(logits - logits.max(axis=2, keepdims=True))
    close(speed.blocked_softmax(logits, block=20), shifted / shifted.sum(axis=2, keepdims=True))


# How time and memory grow


def test_every_line_was_measured():
    assert GROWTH["middle"] == scaling.MIDDLE
    assert {words: list(lines) for words, lines in GROWTH["lines"].items()} == {
        words: list(scaling.LINES) for words in scaling.FUNCTIONS
    }


@pytest.mark.parametrize("words, name", LINES)
def test_slopes_are_those_of_the_points(words, name):
    line, values = GROWTH["lines"][words][name], scaling.LINES[name]
    assert line[name] == values and len(values) >= 6 and scaling.MIDDLE[name] in values
    assert all(b == 2 * a for a, b in zip(values, values[1:], strict=False))
    for what in ("seconds", "extra bytes"):
        assert len(line[what]) == len(values) and min(line[what]) > 0
        assert line[f"slope of {what}"] == scaling.slope(values, line[what])


def test_a_power_has_its_exponent_as_slope():
    x = [1, 2, 4, 8, 16, 32]
    assert scaling.slope(x, [3.0, 3.0, 3.0, *(5 * v**1.5 for v in x[3:])]) == 1.5


def test_extra_memory_is_what_is_held_beyond_the_answer():
    def function(n):
        scratch = np.ones(n)
        return scratch[: n // 2] + 1, scratch[: n // 4] + 1

    n = 80_000
    assert 8 * n <= scaling.extra_bytes(function, (n,)) <= 8 * n + 10_000
    assert scaling.extra_bytes(lambda n: np.ones(n), (n,)) <= 10_000


def test_scaling_measures_a_toy_line():
    line = scaling.measure(scaling.ctc_loss, "N", [1, 2, 4], rounds=1)
    assert line["N"] == [1, 2, 4] and min(line["seconds"]) > 0 and min(line["extra bytes"]) > 0
