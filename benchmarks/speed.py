"""How fast: loss and gradient in the logits, ours and the frameworks', kept in speed.json and speed.md.

Run it from the root of the repository, on a quiet machine, in an environment of its own::

    python3 -m venv peers && peers/bin/pip install -r benchmarks/requirements.txt
    peers/bin/python -m benchmarks.speed

It takes 10 to 15 minutes; `--quick` is a rehearsal.

All get the same logits and labels, and each call returns losses and gradient as NumPy arrays; conversion and
compilation come before. One process has one core, another has two, since most peers fix their threads when they
start. In each, everything is timed in turn, round after round, so that a noisy minute hits all alike. A ratio is
the median divided by that of torch on one thread, of the same shape and dtype in the same process.

A process that dies, or does not answer in time, costs only the peer that was being asked: that is recorded, and a
new process goes on.
"""

import argparse
import contextlib
import datetime
import gc
import importlib.metadata
import json
import math
import os
import platform
import queue
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.frameworks import PEERS
from ctc_core import ctc_loss, ctc_loss_and_grad
from ctc_core.forward_backward import log_backward, log_forward, symbol_sum
from ctc_core.labels import extend
from ctc_core.softmax import log_softmax

HERE = Path(__file__).parent
SHAPES = {
    "teaching": {"N": 1, "T": 12, "K": 4, "U": 3},
    "OCR": {"N": 32, "T": 64, "K": 80, "U": 20},
    "characters": {"N": 16, "T": 800, "K": 32, "U": 150},
    "subwords": {"N": 16, "T": 250, "K": 5000, "U": 40},
    "big batch": {"N": 256, "T": 200, "K": 100, "U": 40},
    "long": {"N": 1, "T": 10_000, "K": 32, "U": 2_000},
}
DTYPES = ("float64", "float32")
CORES = ("1", "2")
ROUNDS, FEW = 7, 3
SLOW = 1.0  # seconds of a call; what is slower is timed in FEW rounds only, unless all are divided by it or it is ours
SAMPLE = 0.02  # seconds; shorter calls are repeated until a sample is as long
LIMIT, PREPARE = 30, 45  # seconds for a call, and to import, convert, compile (with one call)
TOO_LONG = f"over {LIMIT} s"
# Seconds from the start, after which FEW rounds must do; the slow shapes are last.
ENOUGH = {"1": 6.5 * 60, "2": 12 * 60}
FLAGS = ("avx2", "fma", "avx512f", "avx512_fp16", "amx_tile")
VERSIONS = ("numpy", "torch", "optax", "jax", "tensorflow", "paddlepaddle")
LIMITS = ("softmax alone", "copy alone")
ALONE = ("ours, loss alone", "torch, loss alone")


def sample(N, T, K, U, dtype="float64"):
    """Return logits (N, T, K), labels (N, U), label_lengths (N,), frames (N,): random normal, no label is the blank."""
    random = np.random.default_rng(0)
    logits = random.normal(size=(N, T, K)).astype(dtype)
    return logits, random.integers(1, K, size=(N, U)), np.full(N, U), np.full(N, T)


# What is timed. Each function takes what `sample` returns, and gives a function without arguments.


def ours(logits, labels, label_lengths, frames):
    """Loss and gradient by ctc_core."""
    return lambda: ctc_loss_and_grad(logits, labels, frames, label_lengths)


def our_loss(logits, labels, label_lengths, frames):
    """Loss by ctc_core, no gradient."""
    return lambda: (ctc_loss(logits, labels, frames, label_lengths), None)


def torch_with(threads, *given):
    """Loss and gradient by torch, which alone may change its threads at any time."""
    import torch

    call = PEERS["torch"](*given)

    def threaded():
        torch.set_num_threads(threads)
        return call()

    return threaded


def torch_loss(logits, labels, label_lengths, frames):
    """Loss by torch on one thread, no gradient."""
    import torch

    u, labels = torch.tensor(logits), torch.tensor(labels)
    lengths = torch.tensor(frames), torch.tensor(label_lengths)

    def call():
        torch.set_num_threads(1)
        with torch.no_grad():
            log_probs = u.log_softmax(-1).transpose(0, 1)
            losses = torch.nn.functional.ctc_loss(log_probs, labels, *lengths, reduction="none")
        return losses.numpy(), None

    return call


def blocked_softmax(logits, block=2**16):
    """Return the softmax as a new array, block by block as fits a cache: the fastest way we know in NumPy."""
    K = logits.shape[-1]
    y = np.empty_like(logits)
    u, out, ones, step = logits.reshape(-1, K), y.reshape(-1, K), np.ones(K, logits.dtype), max(1, block // K)
    for start in range(0, len(u), step):
        part, e = u[start : start + step], out[start : start + step]
        top = part.max()
        if top - part.min() > 80:  # one shift for the block would let small rows vanish
            top = part.max(axis=1, keepdims=True)
        np.subtract(part, top, out=e)
        np.exp(e, out=e)
        e *= (1 / (e @ ones))[:, None]
    return y


def softmax_alone(logits, *_):
    """Return a call of the softmax, which every gradient needs."""
    return lambda: (None, blocked_softmax(logits))


def copy_alone(logits, *_):
    """Return a call that does no more than write as many numbers as the gradient has."""
    return lambda: (None, logits.copy())


def tasks(cores):
    """Return what is timed on so many cores, name -> function; the frameworks' threads are as many."""
    more = {f"torch, {cores} threads": partial(torch_with, int(cores))} if cores != "1" else {}
    peers = {name: PEERS[name] for name in ("optax", "tensorflow", "tensorflow, sparse", "paddle")}
    alone = dict(zip(ALONE, (our_loss, torch_loss), strict=True))
    limits = dict(zip(LIMITS, (softmax_alone, copy_alone), strict=True))
    return {"ours": ours, "torch": partial(torch_with, 1)} | more | peers | alone | limits


# The measurement


def digits(x, n):
    """Round to n digits; what is not finite becomes a word, which JSON can hold."""
    return float(f"{x:.{n}g}") if math.isfinite(x) else str(float(x))


def errors(answer, exact):
    """Return the largest error of the losses, relative, and of the gradient, absolute; of what was answered."""
    losses, gradient = answer
    found = {}
    if losses is not None:
        found["loss error"] = digits((abs(losses - exact[0]) / exact[0]).max(), 2)
        if gradient is not None:
            found["gradient error"] = digits(abs(gradient - exact[1]).max(), 2)
    return found


def seconds(call, loops):
    """Return the mean time of a call."""
    start = time.perf_counter()
    for _ in range(loops):
        call()
    return (time.perf_counter() - start) / loops


def measure(prepare, given, exact, rounds=ROUNDS, say=lambda name, limit: None):
    """Prepare everything, compare each answer with the exact one, then time all in turn.

    `say` is told what comes next, and how many seconds it may take. Returns name -> what was found.
    """
    calls, found, loops, times = {}, {}, {}, {}
    for name, function in prepare.items():
        try:
            say(name, PREPARE)
            call = function(*given)
            say(name, LIMIT)
            start = time.perf_counter()
            answer = call()
            took = time.perf_counter() - start
            if took < 5 * SAMPLE:  # how often to repeat it: the first call may be slower than all others
                say(name, LIMIT)
                took = seconds(call, 1)
        except Exception as error:  # what a peer raises is its answer
            found[name] = {"failed": f"raised: {type(error).__name__}: {error}".splitlines()[0][:200]}
            continue
        calls[name], times[name] = call, []
        found[name] = errors(answer, exact)
        keep = took < SLOW or name in ("ours", "torch")
        loops[name] = (max(1, round(SAMPLE / took)), rounds if keep else min(FEW, rounds))
    names = list(calls)
    gc.collect()
    gc.disable()
    for r in range(rounds):
        first = r % max(1, len(names))
        for name in names[first:] + names[:first]:
            if r < loops[name][1]:
                say(name, LIMIT)
                time.sleep(0.02)  # let the threads of the one before fall asleep
                times[name].append(seconds(calls[name], loops[name][0]))
    gc.enable()
    for name, values in times.items():
        low, median, high = np.quantile(values, (0.25, 0.5, 0.75))
        found[name] |= {
            "median": digits(median, 4),
            "quartiles": [digits(low, 4), digits(high, 4)],
            "rounds": len(values),
        }
    return found


def child(cores, groups, failed, rounds, late):
    """Measure groups (shape, dtype) in this process, on so many cores, and print a line of JSON for each step.

    `late` is the time (seconds since 1970) from which on FEW rounds must do.
    """
    pipe = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a peer prints must not meet our lines
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])

    with contextlib.suppress(ImportError):
        import paddle  # noqa: F401 - after tensorflow, its import is a segmentation fault

    def say(name, limit=PREPARE, **more):
        print(json.dumps({"name": name, "limit": limit, **more}), file=pipe, flush=True)

    for shape, dtype in groups:
        say("ours")
        given = sample(**SHAPES[shape], dtype=dtype)
        exact = ours(given[0].astype(np.float64), *given[1:])()
        broken = failed.get(f"{shape}, {dtype}", {})
        prepare = {name: function for name, function in tasks(cores).items() if name not in broken}
        found = measure(prepare, given, exact, min(rounds, FEW) if time.time() > late else rounds, say)
        say("ours", found=found)


def environment(cores):
    """Return the variables of a child: as many threads as cores, and what a user has by default otherwise."""
    names = ("OMP", "OPENBLAS", "MKL", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    threads = {f"{name}_THREADS" if name[:2] == "TF" else f"{name}_NUM_THREADS": cores for name in names}
    # Intel's OpenMP lets idle threads spin for 200 ms, into the time of whoever comes next.
    threads |= {"KMP_BLOCKTIME": "10", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "GLOG_v": "0"}
    if cores == "1":
        threads["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    kept = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    return kept | threads


def follow(job, keep):
    """Run one child with the arguments `job` of `child`; pass on to `keep` what it finds, group after group.

    Returns the name of what was asked last, and why the child ended: "" if it was done.
    """
    command = [sys.executable, "-m", "benchmarks.speed", "--child", json.dumps(job)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(job[0]), cwd=HERE.parent, text=True)
    lines = queue.Queue()

    def read():
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    name, limit = None, PREPARE
    while True:
        try:
            line = lines.get(timeout=limit)
        except queue.Empty:
            process.kill()
            process.wait()
            return name, TOO_LONG
        if line is None:
            code = process.wait()
            return name, "" if code == 0 else f"crashed: {signal.Signals(-code).name if code < 0 else code}"
        message = json.loads(line)
        name, limit = message["name"], message["limit"] + 2
        if "found" in message:
            keep(message["found"])


def run(cores, groups, rounds, late, before=None):
    """Measure all groups, in a new process where the last one ended early; return shape -> dtype -> name -> found.

    What took too long before, on one core, is not asked again.
    """
    store, failed, left = {shape: {} for shape, _ in groups}, {}, list(groups)
    for shape, dtype in groups if before else ():
        slow = [name for name, one in before[shape][dtype].items() if one.get("failed") == TOO_LONG]
        failed[f"{shape}, {dtype}"] = dict.fromkeys(slow, f"not asked: {TOO_LONG} on one core")

    def keep(found):
        shape, dtype = left.pop(0)
        found |= {name: {"failed": why} for name, why in failed.get(f"{shape}, {dtype}", {}).items()}
        store[shape][dtype] = {name: found[name] for name in tasks(cores)}
        print(f"{time.strftime('%X')} {cores} of {CORES[-1]} cores: {shape}, {dtype}", flush=True)

    while left:
        name, why = follow([cores, left, failed, rounds, late], keep)
        if left:
            broken = failed.setdefault(", ".join(left[0]), {})
            if name is None or name in broken:
                raise RuntimeError(f"the child ended outside of any task: {why or 'too early'}")
            broken[name] = why
    return store


def with_ratios(times):
    """Add to every median its ratio to torch's on one thread."""
    for dtypes in times.values():
        for found in dtypes.values():
            torch = found["torch"].get("median")
            for one in found.values():
                if torch and "median" in one:
                    one["ratio"] = digits(one["median"] / torch, 4)
    return times


def one_equation(u, target):
    """Return loss and gradient of one sample by the functions of the chapters, which know nothing of batches."""
    log_y = log_softmax(u)
    log_alpha, log_beta = log_forward(log_y, target), log_backward(log_y, target)
    through = log_alpha + log_beta - log_y[:, extend(target)]
    gamma = np.exp(through - np.logaddexp.reduce(through, axis=1, keepdims=True))
    return -np.logaddexp.reduce(log_alpha[-1, -2:]), np.exp(log_y) - symbol_sum(gamma, target, len(log_y[0]))


def reference(shape):
    """Compare our float64 result with that of the one-equation functions."""
    logits, labels, *lengths = sample(**SHAPES[shape])
    pairs = [one_equation(u, tuple(target.tolist())) for u, target in zip(logits, labels, strict=True)]
    exact = np.array([loss for loss, _ in pairs]), np.array([gradient for _, gradient in pairs])
    return errors(ours(logits, labels, *lengths)(), exact)


def machine():
    """Describe the processor."""
    info = {}
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        info = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = info.get("flags", "").split()
    return {
        "processor": info.get("model name") or platform.processor() or platform.machine(),
        "family, model, stepping": [int(info.get(key, 0)) for key in ("cpu family", "model", "stepping")],
        "cache": info.get("cache size", ""),
        "cores": len(os.sched_getaffinity(0)),
        "flags": [flag for flag in FLAGS if flag in flags],
        "system": platform.system(),
    }


# What is made of it


def shown(one, key):
    """Write a number that was found (a median in milliseconds), or why there is none."""
    if key not in one:
        return one.get("failed", "-")
    return f"{float(one[key]) * (1e3 if key == 'median' else 1):.3g}"


def rows(times, names, dtype, key, label):
    """List rows of a table, (label, cells): one number of each name, for all shapes."""
    return [(label.format(name), [shown(times[shape][dtype][name], key) for shape in times]) for name in names]


def table(shapes, rows, notes):
    """Write a table in Markdown; long words go to `notes`, a dict from words to their number."""

    def brief(cell):
        head, colon, _ = cell.partition(": ")
        return f"{head} ({notes.setdefault(cell, len(notes) + 1)})" if colon else cell

    lines = [["", *shapes], ["---"] + ["--:"] * len(shapes), *([label, *map(brief, cells)] for label, cells in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def report(store):
    """Write everything for people to read, as Markdown."""
    times, about, notes = store["times"], store["machine"], {}
    one = times["1"]
    sizes = ("sizes N, T, K, U", [", ".join(map(str, size.values())) for size in store["shapes"].values()])
    answers = [name for name in tasks("1") if name not in (*ALONE, *LIMITS)]
    text = [
        "# Time of the CTC loss and its gradient\n",
        "Made by `python -m benchmarks.speed`; the numbers are in `speed.json`, the figure in chapter 12.\n",
        f"Measured {store['measured']} on {about['processor']}, {about['cores']} cores ({', '.join(about['flags'])}), "
        + ", ".join(f"{name} {version}" for name, version in store["versions"].items())
        + ".\n",
        f"Medians of {store['rounds']} rounds in which all are timed in turn; of {min(FEW, store['rounds'])} for what "
        f"needs more than {SLOW:g} s a call, but for ours and torch on one thread, and for what came late; "
        "`speed.json` has the number of each. "
        "A ratio is the median divided by that of torch on one thread in the same process.\n",
    ]
    for dtype in DTYPES:
        ratios = rows(one, [*answers, *LIMITS], dtype, "ratio", "{} (1 core)")
        for cores in CORES[1:]:
            names = [name for name in tasks(cores) if name not in ("torch", *ALONE, *LIMITS)]
            ratios += rows(times[cores], names, dtype, "ratio", f"{{}} ({cores} cores)")
        absolute = rows(one, ("ours", "torch", "softmax alone"), dtype, "median", "{}, milliseconds")
        text += [f"## {dtype}: ratio to torch on one thread\n", table(one, [sizes, *ratios, *absolute], notes)]
    alone = [row for dtype in DTYPES for row in rows(one, ALONE, dtype, "median", f"{{}}, {dtype}")]
    text += ["## The loss without a gradient, one core, milliseconds\n", table(one, alone, notes)]
    for key, words in (("loss error", "relative error of a loss"), ("gradient error", "error of the gradient")):
        found = [row for dtype in DTYPES for row in rows(one, answers, dtype, key, f"{{}}, {dtype}")]
        found += [("ours, float64, against the chapters", [shown(one, key) for one in store["reference"].values()])]
        text += [f"## Largest {words}\n", table(one, found, notes)]
    text += [
        "Errors are against our float64 result for the same logits; the last row is that of this result against the "
        "functions of the chapters, one for each equation.\n"
    ]
    text += [f"({i}) {words}\n" for words, i in notes.items()]
    return "\n".join(text)


def main():
    """Measure everything, and write the two files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="a rehearsal: one round")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES), help="only these")
    parser.add_argument("--into", type=Path, default=HERE, help="folder for the two files")
    arguments = parser.parse_args()
    if arguments.child:
        return child(*json.loads(arguments.child))
    begun = time.time()
    rounds = 1 if arguments.quick else ROUNDS
    groups = [(shape, dtype) for shape in arguments.shapes for dtype in DTYPES]
    store = {
        "measured": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS}
        | {"python": platform.python_version()},
        "rounds": rounds,
        "shapes": {shape: SHAPES[shape] for shape in arguments.shapes},
        "reference": {shape: reference(shape) for shape in arguments.shapes},
        "times": {},
    }
    for cores in CORES:
        found = run(cores, groups, rounds, begun + ENOUGH[cores], store["times"].get("1"))
        store["times"][cores] = with_ratios(found)
    store["minutes"] = digits((time.time() - begun) / 60, 2)
    arguments.into.mkdir(exist_ok=True)
    (arguments.into / "speed.json").write_text(json.dumps(store, indent=1) + "\n", encoding="utf-8")
    (arguments.into / "speed.md").write_text(report(store), encoding="utf-8")


if __name__ == "__main__":
    main()
