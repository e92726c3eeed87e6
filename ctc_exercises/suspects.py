"""Implementations of the loss and its gradient, each wrong in one way, and the checks that may notice."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ctc_core import forward_backward, labels, paths
from ctc_core.differences import central_difference
from ctc_core.softmax import softmax

from .programs import EXERCISES


@dataclass(frozen=True)
class Suspect:
    """A loss and its gradient in the logits, put together from parts.

    Attributes
    ----------
    forward, backward : callable
        From outputs and labelling to alpha and beta, shape (T, S).
    outputs : callable
        From logits to outputs.
    blank : int
        The blank's index as this implementation has it.
    divide : bool
        Divide the occupancies by p.
    """

    forward: Callable = forward_backward.forward
    backward: Callable = forward_backward.backward
    outputs: Callable = softmax
    blank: int = 0
    divide: bool = True

    def extended(self, labelling):
        """Return l' with this implementation's blank, which may be none that `labels.extend` would take."""
        extended = labels.extend(labelling)
        return np.where(extended == 0, self.blank, extended)

    def p(self, y, labelling):
        """Return p(l|x)."""
        return forward_backward.forward_probability(self.forward(y, labelling))

    def loss(self, u, labelling):
        """Return -ln p, from logits."""
        return -float(np.log(self.p(self.outputs(u), labelling)))

    def through_states(self, y, labelling):
        """Return alpha beta / y, shape (T, S)."""
        extended = self.extended(labelling)
        return self.forward(y, labelling) * self.backward(y, labelling) / y[:, extended]

    def gradient(self, u, labelling):
        """Return y - gamma, shape (T, K)."""
        y = self.outputs(u)
        through = self.through_states(y, labelling)
        gamma = np.zeros_like(y)
        for s, k in enumerate(self.extended(labelling)):
            gamma[:, k] += through[:, s]
        return y - (gamma / self.p(y, labelling) if self.divide else gamma)


def _mirrored(forward):
    """Return the backward variables that belong to a forward recursion, right or wrong."""
    return lambda y, labelling: forward(y[::-1], labelling[::-1])[::-1, ::-1]


_no_repeat_rule = EXERCISES["forward"].bugs["repeat_rule_missing"]
_blank_last = EXERCISES["forward"].bugs["blank_last"]

#: Name -> implementation. The blank has index 0, as everywhere; one of them does not know.
SUSPECTS = {
    "no mistake": Suspect(),
    "no repeat rule in alpha": Suspect(forward=_no_repeat_rule),
    "no repeat rule at all": Suspect(_no_repeat_rule, _mirrored(_no_repeat_rule)),
    "gamma not divided by p": Suspect(divide=False),
    "blank at the other end": Suspect(_blank_last, _mirrored(_blank_last), blank=-1),
    "softmax forgotten": Suspect(outputs=np.exp),
}


def examine(suspect, u, labelling):
    """Run all checks on a loss and its gradient.

    Parameters
    ----------
    suspect : Suspect
    u : ndarray of float, shape (T, K)
        Logits; the blank has index 0.
    labelling : sequence of int, length U

    Returns
    -------
    dict of str to float
        By how much each check fails. Rounding, and the error of central differences, leave about 1e-9.
    """
    T, K = u.shape
    y, p = suspect.outputs(u), suspect.p(suspect.outputs(u), labelling)
    gradient = suspect.gradient(u, labelling)
    shifted = u + np.arange(T)[:, None]
    total = sum(suspect.p(y, l) for l in paths.all_labellings(T, range(1, K)))
    listed = paths.label_probability(softmax(u), labelling)
    return {
        "slopes": abs(gradient - central_difference(lambda u: suspect.loss(u, labelling), u)).max(),
        "rows": abs(gradient.sum(axis=1)).max(),
        "frames": abs(suspect.through_states(y, labelling).sum(axis=1) / p - 1).max(),
        "shift": abs(suspect.loss(shifted, labelling) - suspect.loss(u, labelling)),
        "total": abs(total - 1),
        "listed": abs(suspect.loss(u, labelling) + np.log(listed)),
    }
