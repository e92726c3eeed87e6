"""What each step from the equations to the kernel gains, kept in steps.json.

Run it from the root of the repository, on a quiet machine: `python -m benchmarks.steps`. It needs NumPy only, and less
than five minutes.

All steps of `ctc_core.steps`, and then the kernel, compute losses and gradient of the same samples, in turn, round
after round. Of each the median is kept; `literal` is so slow that it gets fewer rounds, as the file says. The gain of a
step is the median of the one before divided by its own.
"""

import datetime
import gc
import json
import platform
import time
from pathlib import Path

import numpy as np

from benchmarks.speed import digits, machine, sample
from ctc_core import ctc_loss_and_grad
from ctc_core.kernel import merge
from ctc_core.steps import STEPS, literal

STORE = Path(__file__).with_name("steps.json")
SHAPES = {
    "OCR": {"N": 32, "T": 64, "K": 80, "U": 20},
    "characters": {"N": 16, "T": 800, "K": 32, "U": 150},
}
ROUNDS = 9
FEW = {"OCR": 3, "characters": 1}  # rounds of `literal`
ROW = 4096


def seconds(call):
    """Return the time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def gain(before, now):
    """Return how many times faster it became."""
    return digits(before / now, 3)


def measure(given, rounds, few):
    """Time every step and the kernel, interleaved; return name -> median, rounds, difference, gain."""
    functions = {step.__name__: step for step in STEPS} | {"kernel": ctc_loss_and_grad}
    exact = ctc_loss_and_grad(*given)
    found, times = {}, {name: [] for name in functions}
    for r in range(rounds + 1):  # round 0 warms up, and compares
        for name, function in functions.items():
            if r == 0 and name != literal.__name__:
                parts = zip(function(*given), exact, strict=True)
                found[name] = {"difference": digits(max(abs(a - b).max() for a, b in parts), 2)}
            elif name != literal.__name__:
                times[name].append(seconds(lambda function=function: function(*given)))
            elif r < few:
                answer = []
                times[name].append(seconds(lambda: answer.extend(literal(*given))))  # noqa: B023 - called at once
                off = max(abs(a - b).max() for a, b in zip(answer, exact, strict=True))
                found[name] = {"difference": digits(off, 2)}
    result, before = {}, None
    for name, values in times.items():
        median = digits(np.median(values), 4)
        result[name] = {"median": median, "rounds": len(values)} | found[name]
        if before is not None:
            result[name]["gain"] = gain(before, median)
        before = median
    return result


def element():
    """Time np.logaddexp and `merge` on a row, and return nanoseconds for one element."""
    x, y = np.random.default_rng(0).normal(size=(2, ROW))
    share, out = np.empty((2, ROW))
    calls = {"logaddexp": lambda: np.logaddexp(x, y, out=out), "merge": lambda: merge(x, y, share, out)}
    times = {name: [seconds(call) for _ in range(1000)] for name, call in calls.items()}
    return {"row": ROW} | {name: digits(np.median(values) / ROW * 1e9, 3) for name, values in times.items()}


def main():
    """Measure everything, and write the file."""
    store = {
        "measured": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "shapes": SHAPES,
        "unit": "seconds for losses and gradient of the batch, float64",
        "element": element() | {"unit": "nanoseconds for one element of a row"},
        "times": {},
    }
    gc.disable()
    for shape, sizes in SHAPES.items():
        store["times"][shape] = measure(sample(**sizes)[:2], ROUNDS, FEW[shape])
        for name, one in store["times"][shape].items():
            print(f"{shape:10} {name:14} {one['median']:10.4f} s  gain {one.get('gain', '-')}", flush=True)
    STORE.write_text(json.dumps(store, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
