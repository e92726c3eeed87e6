"""What other implementations return: torch and optax, asked once, their answers kept in peers.json.

Run it from the root of the repository, in an environment of its own::

    python3 -m venv peers && peers/bin/pip install -r benchmarks/requirements.txt
    peers/bin/python -m benchmarks.peers

Every question is put in a process of its own, since some answers are a crash. All is float64 on the CPU, unless
a case says otherwise. Numbers are kept to 10 digits; "inf", "-inf" and "nan" are strings, which `float` reads.
"""

import datetime
import importlib.metadata
import json
import math
import platform
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from ctc_core.examples import CAT

STORE = Path(__file__).with_name("peers.json")
FIXTURE = [[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1]]
WORD = list(CAT.labelling)
FIVE = np.column_stack([CAT.logits, np.full(CAT.T, -2.0)])  # one more symbol, which is in no target
BLOCKED, LOW, SPOILT = FIVE.copy(), FIVE.copy(), FIVE.copy()
BLOCKED[2, 4] = -np.inf
LOW[2, 4] = -1e4  # as good as forbidden, but finite
SPOILT[4:] = np.nan
RAW = FIVE + np.array([[3.0], [0.0], [1.0], [-1.0], [2.0], [0.0]])  # the same softmax, but not normalised

#: Name -> the arguments of `ask_torch` and `ask_optax`. In most a healthy sample stands beside the odd one.
CASES = {
    "fixture": {"logits": [FIXTURE], "targets": [[1, 2]]},
    "fixture in float32": {"logits": [FIXTURE], "targets": [[1, 2]], "dtype": "float32"},
    "just feasible": {"logits": [CAT.logits] * 2, "targets": [WORD, [1, 1, 2, 2]]},
    "infeasible": {"logits": [CAT.logits] * 2, "targets": [WORD, [1, 1, 2, 2, 3]]},
    "empty target": {"logits": [CAT.logits] * 2, "targets": [WORD, []]},
    "-inf off the target": {"logits": [FIVE, BLOCKED], "targets": [WORD] * 2},
    "-10000 off the target": {"logits": [FIVE, LOW], "targets": [WORD] * 2},
    "NaN in the padding": {"logits": [FIVE, SPOILT], "targets": [WORD] * 2, "frames": [6, 4]},
    "label of one million": {"logits": [CAT.logits] * 2, "targets": [WORD, [10**6]]},
}


def rectangle(targets):
    """Return the targets as an array, filled with 0."""
    width = max(map(len, targets))
    return np.array([[*target, *[0] * (width - len(target))] for target in targets])


def ask_torch(logits, targets, frames=None, dtype="float64", zero_infinity=False):
    """Return torch's losses, and the gradient of their sum in the logits, through log_softmax."""
    import torch

    u = torch.tensor(np.array(logits), dtype=getattr(torch, dtype), requires_grad=True)
    losses = torch.nn.functional.ctc_loss(
        u.log_softmax(-1).transpose(0, 1),
        torch.tensor(rectangle(targets)),
        torch.tensor(frames or [u.shape[1]] * len(u)),
        torch.tensor([len(target) for target in targets]),
        reduction="none",
        zero_infinity=zero_infinity,
    )
    losses.sum().backward()
    return {"loss": losses.detach().numpy(), "gradient": u.grad.numpy()}


def ask_torch_zero_infinity(**case):
    """Return torch's answer with `zero_infinity=True`."""
    return ask_torch(**case, zero_infinity=True)


def ask_optax(logits, targets, frames=None, dtype="float64"):
    """Return optax's losses, and the gradient of their sum in the logits; log_softmax is part of its loss."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import optax

    u = np.array(logits, dtype=dtype)
    after = np.arange(u.shape[1]) >= np.array(frames or [u.shape[1]] * len(u))[:, None]
    labels = rectangle(targets)
    unused = np.arange(labels.shape[1]) >= np.array([len(target) for target in targets])[:, None]

    def losses(u):
        return optax.ctc_loss(u, after.astype(dtype), labels, unused.astype(dtype))

    return {"loss": losses(u), "gradient": jax.grad(lambda u: losses(u).sum())(u)}


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


ASK = {"torch": ask_torch, "torch, zero_infinity": ask_torch_zero_infinity, "optax": ask_optax}
ALONE = {"gradient in log_probs": ask_log_probs, "heads": ask_heads}  # asked of torch only


def plain(value):
    """Turn arrays and numbers into what JSON can hold."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, list) or np.ndim(value):
        return [plain(v) for v in value]
    return float(f"{float(value):.10g}") + 0.0 if math.isfinite(value) else str(float(value))


def answer(case, peer):
    """Answer one question in this process."""
    try:
        return plain(ASK[peer](**CASES[case]) if case in CASES else ALONE[case]())
    except Exception as error:  # what a peer raises is its answer
        return {"raised": f"{type(error).__name__}: {error}".splitlines()[0]}


def ask(case, peer):
    """Answer one question in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.peers", case, peer]
    done = subprocess.run(command, capture_output=True, text=True, cwd=STORE.parents[1], timeout=600)
    if done.returncode < 0:
        return {"crashed": signal.Signals(-done.returncode).name}
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Ask everything, and write peers.json."""
    cases = {name: {"input": plain(case), **{peer: ask(name, peer) for peer in ASK}} for name, case in CASES.items()}
    for name in ALONE:
        cases[name] = ask(name, "torch")
    versions = {name: importlib.metadata.version(name) for name in ("torch", "optax", "jax", "numpy")}
    versions["python"] = platform.python_version()
    store = {"measured": datetime.date.today().isoformat(), "versions": versions, "cases": cases}
    STORE.write_text(json.dumps(store, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(answer(*sys.argv[1:])))
    else:
        main()
