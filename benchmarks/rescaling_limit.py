"""Where rescaled columns go wrong: loss and occupancies against log space, kept in rescaling_limit.json.

Run it from the root of the repository: `python -m benchmarks.rescaling_limit`. It needs NumPy, 4 GB of memory
and less than a minute. The chapter "Staying in range" shows the numbers.
"""

import datetime
import json
import platform
from pathlib import Path

import numpy as np

from ctc_core import ctc_loss_and_grad
from ctc_core.forward_backward import (
    backward_rescaled,
    forward_rescaled,
    log_backward,
    paths_through_states,
    symbol_sum,
)
from ctc_core.softmax import log_softmax, softmax

STORE = Path(__file__).with_name("rescaling_limit.json")
CASES = [  # so many inputs of random normal logits, times scale
    {"T": 100, "U": 20, "K": 32, "scale": 50, "inputs": 200},
    {"T": 800, "U": 150, "K": 32, "scale": 10, "inputs": 50},
    {"T": 10_000, "U": 2_000, "K": 32, "scale": 1, "inputs": 1},
]
WRONG = 0.01  # nats of a loss; probability of an occupancy


def sample(T, U, K, scale, seed):
    """Return logits, shape (T, K), and a labelling of length U."""
    random = np.random.default_rng(seed)
    return scale * random.normal(size=(T, K)), tuple(random.integers(1, K, size=U).tolist())


def sum_of_logs(scale):
    """Return -sum_t ln C_t, the published loss; with pruning nothing else belongs to it."""
    with np.errstate(divide="ignore"):
        return float(-np.log(scale).sum())


def compare(logits, labelling):
    """Compute one input both ways."""
    loss, gradient = ctc_loss_and_grad(logits, labelling)
    y = softmax(logits)
    alpha_hat, C = forward_rescaled(y, labelling)
    beta_hat, D = backward_rescaled(y, labelling)
    through = paths_through_states(alpha_hat, beta_hat, y, labelling)
    total = through.sum(axis=1, keepdims=True)
    none = total[:, 0] == 0  # every product underflowed: the occupancies read 0/0
    gamma = symbol_sum(through[~none] / total[~none], labelling, y.shape[1])
    wrong = abs(gamma - (y - gradient)[~none]).max(axis=1) > WRONG
    del alpha_hat, beta_hat, through  # room for the next large array
    log_beta = log_backward(log_softmax(logits), labelling)
    return {
        "loss": float(loss),
        "loss, from the right": float(-np.logaddexp.reduce(log_beta[0, :2])),
        "rescaled": sum_of_logs(C),
        "rescaled, from the right": sum_of_logs(D),
        "frames 0/0": int(none.sum()),
        "frames wrong": int(wrong.sum()),
    }


def measure(T, U, K, scale, inputs):
    """Compare on all inputs of one case; the seeds are 0, 1, 2, ..."""
    found = [compare(*sample(T, U, K, scale, seed)) for seed in range(inputs)]
    losses = np.array([[one[name] for name in list(one)[:4]] for one in found])
    off = abs(losses[:, 2] - losses[:, 0])
    return {
        "T": T,
        "U": U,
        "K": K,
        "scale": scale,
        "inputs": inputs,
        "log space, both ways differ by": float(f"{abs(losses[:, 1] - losses[:, 0]).max():.1e}"),
        "loss wrong": int((off > WRONG).sum()),
        "largest error of the loss": round(float(off.max()), 2),
        "inputs with frames 0/0": sum(one["frames 0/0"] > 0 for one in found),
        "inputs with frames wrong": sum(one["frames wrong"] > 0 for one in found),
        "first input": {name: round(value, 2) for name, value in found[0].items()},
    }


def main():
    """Measure all cases and write rescaling_limit.json."""
    store = {
        "measured": datetime.date.today().isoformat(),
        "versions": {"numpy": np.__version__, "python": platform.python_version()},
        "cases": [measure(**case) for case in CASES],
    }
    STORE.write_text(json.dumps(store, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
