"""The wrong implementations of the chapter on checking: each is found by the checks that can find it, no others."""

import numpy as np
import pytest

from ctc_core.examples import BEE, CAT
from ctc_core.gradient import grad_logits
from ctc_exercises.suspects import SUSPECTS, examine

FOUND = {
    "no mistake": set(),
    "no repeat rule in alpha": {"slopes", "rows", "frames", "total", "listed"},
    "no repeat rule at all": {"total", "listed"},
    "gamma not divided by p": {"slopes", "rows"},
    "blank at the other end": {"total", "listed"},
    "softmax forgotten": {"slopes", "shift"},
}


def found(name, u, labelling):
    return {check for check, failure in examine(SUSPECTS[name], u, labelling).items() if failure > 1e-8}


@pytest.mark.parametrize("name", SUSPECTS)
def test_who_finds_what(name):
    assert found(name, BEE.logits, BEE.labelling) == FOUND[name]


def test_without_a_repeat_only_the_total_notices_the_repeat_rule():
    assert found("no repeat rule at all", CAT.logits, CAT.labelling) == {"total"}


def test_logits_that_are_not_normalised_give_the_forgotten_softmax_away():
    shifted = BEE.logits + np.arange(6)[:, None]
    assert found("softmax forgotten", shifted, BEE.labelling) == {"slopes", "rows", "shift", "total", "listed"}
    assert found("no mistake", shifted, BEE.labelling) == set()


def test_the_right_one_is_ours():
    assert np.allclose(
        SUSPECTS["no mistake"].gradient(BEE.logits, BEE.labelling), grad_logits(BEE.y, BEE.labelling), atol=1e-14
    )
