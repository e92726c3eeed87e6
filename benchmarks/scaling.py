"""How time and memory grow with T, U, K and N, one varied at a time, kept in scaling.json.

Run it from the root of the repository: `python -m benchmarks.scaling`. It needs NumPy and less than three minutes.

Time is the median of 7 samples, in each of which all points of a line are timed in turn. Memory is the most that
NumPy held at once beyond the input and what is returned, in a call of its own.
"""

import datetime
import gc
import json
import platform
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.speed import sample, seconds
from ctc_core import ctc_loss, ctc_loss_and_grad

STORE = Path(__file__).with_name("scaling.json")
MIDDLE = {"N": 16, "T": 200, "K": 64, "U": 40}
LINES = {
    "T": [50, 100, 200, 400, 800, 1600, 3200],
    "U": [5, 10, 20, 40, 80, 160],  # more would not fit 200 frames
    "K": [8, 16, 32, 64, 128, 256, 512, 1024],
    "N": [1, 2, 4, 8, 16, 32, 64, 128],
}
FUNCTIONS = {"loss and gradient": ctc_loss_and_grad, "loss": ctc_loss}
ROUNDS = 7
SAMPLE = 0.01  # seconds; shorter calls are repeated


def extra_bytes(function, given):
    """Return the most memory that a call held at once beyond what it returns."""
    tracemalloc.start()
    answer = function(*given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - sum(array.nbytes for array in (answer if isinstance(answer, tuple) else (answer,)))


def slope(x, y):
    """Return the exponent of x in y, fitted over the upper half of the points.

    >>> slope([1, 2, 4, 8], [5, 9, 16, 64])
    2.0
    """
    half = len(x) // 2
    return round(float(np.polyfit(np.log(x[half:]), np.log(y[half:]), 1)[0]), 2) + 0.0  # no -0.0


def measure(function, name, values, rounds=ROUNDS):
    """Vary one size, the others as in MIDDLE."""
    given = [sample(**(MIDDLE | {name: value}))[:2] for value in values]
    extra = [extra_bytes(function, one) for one in given]
    calls = [partial(function, *one) for one in given]
    loops = [max(1, round(SAMPLE / seconds(call, 1))) for call in calls]
    gc.collect()
    times = [[seconds(*pair) for pair in zip(calls, loops, strict=True)] for _ in range(rounds)]
    medians = [float(f"{t:.4g}") for t in np.median(times, axis=0)]
    return {
        name: values,
        "seconds": medians,
        "extra bytes": extra,
        "slope of seconds": slope(values, medians),
        "slope of extra bytes": slope(values, extra),
    }


def main():
    """Measure everything, and write scaling.json."""
    store = {
        "measured": datetime.date.today().isoformat(),
        "versions": {"numpy": np.__version__, "python": platform.python_version()},
        "middle": MIDDLE,
        "lines": {
            words: {name: measure(function, name, values) for name, values in LINES.items()}
            for words, function in FUNCTIONS.items()
        },
    }
    STORE.write_text(json.dumps(store, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
