"""What other implementations return: each asked once, the answers kept in peers.json.

Run it from the root of the repository, in an environment of its own::

    python3 -m venv peers && peers/bin/pip install -r benchmarks/requirements.txt
    peers/bin/python -m benchmarks.peers

Every question is put in a process of its own, with a time limit, since some answers are a crash, and some never come.
All is on the CPU, in float64 unless a case says otherwise, or the peer takes float32 only. Numbers are kept to 10
digits; "inf", "-inf" and "nan" are strings, which `float` reads.

- "cases" holds whole answers, losses and gradients, for what the book computes with.
- "robustness" holds for every odd sample the losses that are right (null where there is none), and for every peer a
  summary and a verdict. Lists have the healthy sample first, then the odd one.
"""

import datetime
import importlib.metadata
import json
import math
import os
import platform
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.frameworks import PEERS
from ctc_core import ctc_loss_and_grad
from ctc_core.examples import CAT

STORE = Path(__file__).with_name("peers.json")
FIXTURE = [[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1]]
WORD = list(CAT.labelling)
FIVE = np.column_stack([CAT.logits, np.full(CAT.T, -2.0)])  # one more symbol, which is in no target


def changed(place, value):
    """Return FIVE with another logit at a place."""
    logits = FIVE.copy()
    logits[place] = value
    return logits


RAW = FIVE + np.array([[3.0], [0.0], [1.0], [-1.0], [2.0], [0.0]])  # the same softmax, but not normalised

#: Name -> the arguments of `arrays`. A healthy sample comes first, the odd one second.
ODD = {
    "empty target": {"logits": [CAT.logits] * 2, "targets": [WORD, []]},
    "all targets empty": {"logits": [FIVE] * 2, "targets": [[], []]},
    "the same, no columns": {"logits": [FIVE] * 2, "targets": [[], []], "width": 0},  # labels of shape (2, 0)
    "just feasible": {"logits": [CAT.logits] * 2, "targets": [WORD, [1, 1, 2, 2]]},
    "infeasible": {"logits": [CAT.logits] * 2, "targets": [WORD, [1, 1, 2, 2, 3]]},  # by one frame
    "infeasible by three frames": {"logits": [FIVE] * 2, "targets": [WORD, [1] * 5]},
    "more labels than frames": {"logits": [FIVE] * 2, "targets": [WORD, [1, 2, 3, 1, 2, 3, 1]]},
    "label = K": {"logits": [FIVE] * 2, "targets": [WORD, [1, 5, 2]]},
    "label = K at the end": {"logits": [FIVE] * 2, "targets": [WORD, [1, 2, 5]]},
    "label = -1": {"logits": [FIVE] * 2, "targets": [WORD, [1, -1, 2]]},
    "label of one million": {"logits": [CAT.logits] * 2, "targets": [WORD, [10**6]]},
    "label = blank": {"logits": [FIVE] * 2, "targets": [WORD, [1, 0, 2]]},
    "NaN logit": {"logits": [FIVE, changed((2, 4), np.nan)], "targets": [WORD] * 2},
    "+inf logit": {"logits": [FIVE, changed((2, 4), np.inf)], "targets": [WORD] * 2},
    "-inf off the target": {"logits": [FIVE, changed((2, 4), -np.inf)], "targets": [WORD] * 2},
    "-10000 off the target": {"logits": [FIVE, changed((2, 4), -1e4)], "targets": [WORD] * 2},  # forbids as well
    "-inf on the target, p = 0": {"logits": [FIVE, changed((slice(None), WORD[1]), -np.inf)], "targets": [WORD] * 2},
    "logits times 100, float32": {"logits": [FIVE, 100 * FIVE], "targets": [WORD, WORD[::-1]], "dtype": "float32"},
    "logits times 1000": {"logits": [FIVE, 1e3 * FIVE], "targets": [WORD, WORD[::-1]]},
    "logits times 10000": {"logits": [FIVE, 1e4 * FIVE], "targets": [WORD, WORD[::-1]]},
    "no samples, N = 0": {"logits": np.zeros((0, CAT.T, 5)), "targets": []},
    "no frames, empty target": {"logits": [FIVE] * 2, "targets": [WORD, []], "frames": [6, 0]},
    "no frames": {"logits": [FIVE] * 2, "targets": [WORD] * 2, "frames": [6, 0]},
    "more frames than T": {"logits": [FIVE] * 2, "targets": [WORD] * 2, "frames": [6, 7]},
    "negative number of frames": {"logits": [FIVE] * 2, "targets": [WORD] * 2, "frames": [6, -1]},
    "target longer than its row": {"logits": [FIVE] * 2, "targets": [WORD, [1, 2]], "lengths": [3, 5]},
    "NaN in the padding": {"logits": [FIVE, changed(slice(4, None), np.nan)], "targets": [WORD] * 2, "frames": [6, 4]},
}
CASES = {
    "fixture": {"logits": [FIXTURE], "targets": [[1, 2]]},
    "fixture in float32": {"logits": [FIXTURE], "targets": [[1, 2]], "dtype": "float32"},
    **ODD,
}

#: Whole answers are kept to these questions, of these peers.
WHOLE = {
    case: ("torch", "torch, zero_infinity", "optax")
    for case in (
        *("fixture", "fixture in float32", "just feasible", "infeasible", "empty target"),
        *("-inf off the target", "-10000 off the target", "NaN in the padding", "label of one million"),
    )
}

SINGLE = ("tensorflow", "tensorflow, sparse")  # take float32 only
NO_LENGTHS = "more frames than T", "negative number of frames", "target longer than its row"
#: What a peer's interface has no words for. optax takes masks in place of lengths; sparse labels end by themselves.
UNASKABLE = {"optax": NO_LENGTHS, "tensorflow, sparse": NO_LENGTHS[2:]}
TOLERANCE = {"float64": 1e-6, "float32": 1e-3}
PATIENCE = 60  # seconds


def ctc_core(logits, labels, label_lengths, frames):
    """Put ours behind the call of the peers."""
    return lambda: ctc_loss_and_grad(logits, labels, frames, label_lengths)


ASK = PEERS | {"ctc_core": ctc_core}


def rectangle(targets, width=1):
    """Return the targets as an array, filled with 0, and at least `width` labels wide."""
    width = max(width, *map(len, targets), 0)
    rows = [[*target, *[0] * (width - len(target))] for target in targets]
    return np.array(rows, dtype=int).reshape(len(rows), width)


def arrays(logits, targets, frames=None, lengths=None, dtype="float64", width=1):
    """Return a case as the adapters take it: logits, labels, label_lengths, frames."""
    logits = np.array(logits, dtype=dtype)
    lengths = np.array(lengths or [len(target) for target in targets], dtype=int)
    frames = np.array(frames or [logits.shape[1]] * len(logits), dtype=int)
    return logits, rectangle(targets, width), lengths, frames


def precision(case, peer):
    """Return the dtype in which a peer is asked."""
    return "float32" if peer in SINGLE else CASES[case].get("dtype", "float64")


def ask_log_probs():
    """Ask torch for the gradient in `log_probs`, and for its own opinion of it: gradcheck.

    Beside it stands the slope of torch's loss by central differences, a path that needs no gradient.
    """
    import torch

    def loss(log_probs):
        lengths = torch.tensor([CAT.T]), torch.tensor([len(WORD)])
        return torch.nn.functional.ctc_loss(log_probs[:, None], torch.tensor([WORD]), *lengths, reduction="sum")

    def behind_log_softmax(u):
        return loss(u.log_softmax(-1))

    log_probs = torch.tensor(CAT.logits, requires_grad=True)  # ln y
    loss(log_probs).backward()
    slope, h = np.zeros(CAT.y.shape), 1e-5
    for place in np.ndindex(slope.shape):
        up, down = log_probs.detach().clone(), log_probs.detach().clone()
        up[place] += h
        down[place] -= h
        slope[place] = (loss(up) - loss(down)) / (2 * h)
    gradcheck = torch.autograd.gradcheck
    return {
        "loss": loss(log_probs).item(),
        "gradient": log_probs.grad.numpy(),
        "central differences": slope,
        "gradcheck": gradcheck(loss, log_probs, raise_exception=False),
        "gradcheck behind log_softmax": gradcheck(behind_log_softmax, log_probs, raise_exception=False),
    }


def ask_heads():
    """Ask torch for loss and gradient in the logits, with different things between logits and loss.

    Once as they come, and once with the correction that the chapter derives: without the sum of exp(log_probs).
    """
    import torch

    prior = torch.tensor(CAT.y.mean(axis=0)).log()
    prior = torch.cat([prior, prior.new_tensor([-2.0])])
    off_target = torch.tensor([False] * CAT.K + [True])
    heads = {
        "log_softmax": lambda u: u.log_softmax(-1),
        "temperature 2": lambda u: (u / 2).log_softmax(-1),
        "mixture": lambda u: (0.5 * u.softmax(-1) + 0.5 * (2 * u).softmax(-1)).log(),
        "raw logits": lambda u: u,
        "0.5 log_softmax": lambda u: 0.5 * u.log_softmax(-1),
        "log_softmax - prior": lambda u: u.log_softmax(-1) - prior,
        "logsigmoid": torch.nn.functional.logsigmoid,
        "mask after softmax": lambda u: u.log_softmax(-1).masked_fill(off_target, -30.0),
    }
    answers = {"input": {"logits": RAW}}
    for name, head in heads.items():
        answers[name] = {}
        for key in ("gradient", "corrected"):
            u = torch.tensor(RAW, requires_grad=True)
            v = head(u)
            lengths = torch.tensor([CAT.T]), torch.tensor([len(WORD)])
            loss = torch.nn.functional.ctc_loss(v[:, None], torch.tensor([WORD]), *lengths, reduction="sum")
            if key == "corrected":
                z = v.exp().sum()
                loss = loss - (z - z.detach())  # the same value, another gradient
            loss.backward()
            answers[name] |= {"loss": loss.item(), key: u.grad.numpy()}
    return answers


ALONE = {"gradient in log_probs": ask_log_probs, "heads": ask_heads}  # asked of torch only


def plain(value):
    """Turn arrays and numbers into what JSON can hold."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (list, tuple)) or np.ndim(value):
        return [plain(v) for v in value]
    return float(f"{float(value):.10g}") + 0.0 if math.isfinite(value) else str(float(value))


def first_line(error):
    """Return the type of an error and the first line of its message; the last, where a traceback comes first."""
    lines = [line.strip() for line in str(error).splitlines()]
    lines = [line for line in lines if line and not line.startswith("[[")]  # [[ begins TensorFlow's names of nodes
    said = lines[-1 if 'File "' in str(error) else 0] if lines else ""
    return f"{type(error).__name__}: {said}"[:160]


def answer(case, peer):
    """Answer one question in this process."""
    if case in UNASKABLE.get(peer, ()):
        return {"unaskable": True}
    try:
        if case in ALONE:
            return plain(ALONE[case]())
        losses, gradient = ASK[peer](*arrays(**CASES[case] | {"dtype": precision(case, peer)}))()
        return plain({"loss": losses, "gradient": gradient})
    except Exception as error:  # what a peer raises is its answer
        return {"raised": first_line(error)}


def ask(case, peer):
    """Answer one question in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.peers", case, peer]
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=STORE.parents[1], timeout=PATIENCE, env=quiet
        )
    except subprocess.TimeoutExpired:
        return {"hangs": f"{PATIENCE} s"}
    if done.returncode < 0:
        return {"crashed": signal.Signals(-done.returncode).name}
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def right(case, dtype="float64"):
    """Return what is right for each sample alone: (loss, gradient). Bad input has the loss None, and no gradient: 0."""
    logits, labels, lengths, frames = arrays(**CASES[case] | {"dtype": dtype})
    answers = []
    for n in range(len(logits)):
        one, none = slice(n, n + 1), np.zeros(logits.shape[1:])
        try:
            losses, gradient = ctc_loss_and_grad(logits[one], labels[one], frames[one], lengths[one])
            answers.append((losses[0], gradient[0]))
        except ValueError:
            # No frames have one path, the empty one; ctc_core refuses them all the same.
            loss = (math.inf if lengths[n] else 0.0) if frames[n] == 0 else None
            answers.append((loss, none))
    return answers


def summary(case, peer, said):
    """Sum up an answer: losses, NaNs in each gradient, and how far the rest of it is off at most."""
    if "loss" not in said:
        return said
    lost, off = [], []
    for gradient, (_, wanted) in zip(said["gradient"], right(case, precision(case, peer)), strict=True):
        gradient = np.array(gradient, dtype=float)
        lost.append(int(np.isnan(gradient).sum()))
        off.append(float(f"{np.nanmax(abs(gradient - wanted), initial=0):.2g}"))
    return plain({"loss": said["loss"], "NaN": lost, "off": off})


def verdict(said, losses, tolerance):
    """Say in a word or two what a summary amounts to, beside the right losses.

    - "right": losses and gradients of both samples.
    - "refused": an exception. "crash": the process dies. "hangs": no answer within the time limit.
    - "cannot be asked": the interface has no words for it.
    - "neighbour wrong": loss or gradient of the healthy sample; "both wrong": also of the odd one, which is legal.

    The others speak of the odd sample, beside a healthy one that is right:

    - "NaN": its loss. "inf": its loss, where that is not right.
    - "NaN gradient", "wrong gradient": its loss is right and finite; after "inf, ": right and infinite.
    - "dropped": loss 0 and gradient 0, where the loss is infinite, or the input bad.
    - "silent": any other number for bad input. "wrong number": any other where one is right, or inf.
    """
    for key, word in {
        "raised": "refused",
        "crashed": "crash",
        "hangs": "hangs",
        "unaskable": "cannot be asked",
    }.items():
        if key in said:
            return word
    if not losses:
        return "right"  # of no samples

    def fits(n):
        loss, wanted = float(said["loss"][n]), losses[n]
        if wanted is None:
            return False
        wanted = float(wanted)
        return loss == wanted or abs(loss - wanted) <= tolerance * max(1, abs(wanted)) < math.inf

    def slope(n):
        return "NaN gradient" if said["NaN"][n] else "wrong gradient" if not float(said["off"][n]) <= tolerance else ""

    if not fits(0) or slope(0):
        return "neighbour wrong" if losses[1] is None or (fits(1) and not slope(1)) else "both wrong"
    loss = float(said["loss"][1])
    if fits(1):
        return ", ".join(filter(None, ["inf" if math.isinf(loss) and slope(1) else "", slope(1)])) or "right"
    if not math.isfinite(loss):
        return str(abs(loss)).replace("nan", "NaN")
    if losses[1] is None or math.isinf(float(losses[1])):
        if loss == 0 and not slope(1):
            return "dropped"
    return "silent" if losses[1] is None else "wrong number"


def row(case, answers):
    """Return what is kept of the answers to an odd sample: {peer: answer}."""
    losses = plain([loss for loss, _ in right(case)])
    kept = {"right": losses}
    for peer, said in answers.items():
        said = summary(case, peer, said)
        kept[peer] = {"verdict": verdict(said, losses, TOLERANCE[precision(case, peer)])} | said
    return kept


def main():
    """Ask everything, and write peers.json."""
    cases, robustness = {}, {}
    for case, given in CASES.items():
        answers = {peer: ask(case, peer) for peer in (ASK if case in ODD else WHOLE[case])}
        if case in WHOLE:
            cases[case] = {"input": plain(given), **{peer: answers[peer] for peer in WHOLE[case]}}
        if case in ODD:
            robustness[case] = row(case, answers)
    for name in ALONE:
        cases[name] = ask(name, "torch")
    packages = ("torch", "optax", "jax", "tensorflow", "paddlepaddle", "numpy")
    versions = {name: importlib.metadata.version(name) for name in packages}
    versions["python"] = platform.python_version()
    today = datetime.date.today().isoformat()
    store = {"measured": today, "versions": versions, "robustness": robustness, "cases": cases}
    text = json.dumps(store, indent=1)
    text = re.sub(r"\[[^][{}]*\]", lambda found: " ".join(found[0].split()), text)  # a list of numbers on one line
    STORE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(answer(*sys.argv[1:])))
    else:
        main()
