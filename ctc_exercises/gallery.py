"""The programs that the chapters ask for, each with the bugs that people really write.

A new exercise is one decorated function, a new bug another. Inputs go from small to large, since
the first that fails is shown; the empty labelling comes last. The blank is 0 throughout.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from math import comb

import numpy as np

from ctc_core import (
    ctc_loss_and_grad,
    descent,
    differences,
    examples,
    forward_backward,
    gradient,
    labels,
    paths,
    rules,
    steps,
)
from ctc_core.softmax import log_softmax, softmax_jacobian
from ctc_core.softmax import softmax as core_softmax

from .programs import exercise

random = np.random.default_rng(2006)
LABELLINGS = [
    (1,),
    (1, 2),
    (1, 1),
    (1, 2, 1),
    (1, 2, 2),
    (1, 1, 1),
    (2, 1, 3),
    (2, 2, 1, 1),
    (1, 2, 1, 1, 3),
    (),
]
COUNTS = [(labelling, T) for labelling in LABELLINGS for T in range(max(1, len(labelling)), 7)]
SEQUENCES = [  # y, labelling
    (np.full((2, 2), 0.5), (1,)),
    (examples.AB.y, examples.AB.labelling),
    (np.full((3, 2), 0.5), (1, 1)),
    (examples.BEE.y, examples.BEE.labelling),
    (examples.CAT.y, examples.CAT.labelling),
    *((random.dirichlet(np.ones(9), T), labelling) for T, labelling in [(4, (3,)), (5, (3, 3)), (7, (4, 2, 2, 7))]),
    (examples.AB.y, (1, 1, 1)),  # no path fits
    (examples.AB.y, ()),
]


# --- the collapse map -------------------------------------------------------------------------


@exercise(
    cases=[
        *(
            (path,)
            for path in [
                (1,),
                (0,),
                (1, 1),
                (0, 1),
                (1, 0, 1),
                (1, 2, 1),
                (1, 1, 0, 0, 1),
                (2, 2, 0, 2, 1, 1),
            ]
        ),
        *((tuple(random.integers(0, 3, T).tolist()),) for T in (6, 8, 10, 12)),
        ((),),
    ]
)
def collapse(path):
    """Merge runs of equal symbols, then drop the blanks (0). Return the labelling as a tuple."""
    return labels.collapse(path)


@collapse.bug
def blanks_first(path):
    """You drop the blanks before you merge repeats: "a-a" becomes "a", so there are no double letters."""
    return tuple(k for k, _ in groupby(k for k in path if k != 0))


@collapse.bug
def no_merging(path):
    """You drop the blanks but do not merge runs of equal symbols: "aa" should become "a"."""
    return tuple(k for k in path if k != 0)


@collapse.bug
def blanks_kept(path):
    """You merge the runs but keep the blanks: "a-b" should become "ab"."""
    return tuple(k for k, _ in groupby(path))


@collapse.bug
def each_symbol_once(path):
    """You keep each symbol only once in the whole path. Only neighbours merge: "aba" stays "aba"."""
    return tuple(k for k in dict.fromkeys(path) if k != 0)


@exercise(cases=[(labelling,) for labelling in LABELLINGS])
def min_length(labelling):
    """Return the smallest number of frames in which the labelling can be written."""
    return labels.min_length(labelling)


@min_length.bug
def repeats_ignored(labelling):
    """You count the labels only. Between two equal labels a blank needs a frame of its own."""
    return len(labelling)


@min_length.bug
def all_states(labelling):
    """You count all 2U + 1 states of the extended labelling. Most blanks may be skipped."""
    return 2 * len(labelling) + 1


@min_length.bug
def blank_after_every_label(labelling):
    """You put a blank between any two labels. Only equal neighbours need one."""
    return max(2 * len(labelling) - 1, 0)


@min_length.bug
def runs_counted(labelling):
    """You count the runs of equal labels. "aaa" is one run but two pairs, and needs two blanks."""
    return len(labelling) + sum(len(list(run)) > 1 for _, run in groupby(labelling))


@min_length.bug
def distant_repeats(labelling):
    """You count every label that came before. Only neighbours need a blank: "aba" fits in three frames."""
    return 2 * len(labelling) - len(set(labelling))


@exercise(cases=COUNTS)
def path_count(labelling, T):
    """Return the number of paths of T frames that collapse to the labelling; 0 where none fits."""
    return len(paths.paths_of(labelling, T))


@path_count.bug
def repeats_forgotten(labelling, T):
    """You forget the repeats: each adjacent equal pair takes one place from the choice, C(T + U - r, 2U)."""
    return comb(T + len(labelling), 2 * len(labelling))


@path_count.bug
def one_frame_per_label(labelling, T):
    """You give each label exactly one frame, C(T, U). A label may last for several."""
    return comb(T, len(labelling))


@path_count.bug
def no_blanks(labelling, T):
    """You count only the paths without a blank, C(T - 1, U - 1)."""
    return comb(T - 1, max(len(labelling) - 1, 0))


# --- the lattice ------------------------------------------------------------------------------


@exercise(cases=[(labelling,) for labelling in LABELLINGS])
def extend(labelling):
    """Return the extended labelling: a blank (0) before, between and after the labels."""
    return labels.extend(labelling)


@extend.bug
def no_outer_blanks(labelling):
    """You forgot the outer blanks. A path may begin and end with silence: S = 2U + 1, not 2U - 1."""
    return labels.extend(labelling)[1:-1]


@extend.bug
def no_last_blank(labelling):
    """You forgot the blank after the last label."""
    return labels.extend(labelling)[:-1]


@extend.bug
def no_first_blank(labelling):
    """You forgot the blank before the first label."""
    return labels.extend(labelling)[1:]


@extend.bug
def blanks_in_repeats_only(labelling):
    """You put blanks only between equal labels. There they are needed, everywhere else they are allowed."""
    extended = []
    for label in labelling:
        extended += [0, label] if extended[-1:] == [label] else [label]
    return extended


@exercise(cases=[(labels.extend(labelling),) for labelling in LABELLINGS])
def can_skip(extended):
    """Return one bool for each state s of the extended labelling: may it be entered from s - 2?"""
    return labels.can_skip(extended)


def _any_label(extended):
    return (extended != 0) & (np.arange(len(extended)) >= 2)


def _any_state(extended):
    return np.arange(len(extended)) >= 2


@can_skip.bug
def no_repeat_rule(extended):
    """You allow the skip over a blank between equal labels. It would merge them into one."""
    return _any_label(extended)


@can_skip.bug
def skip_into_blanks(extended):
    """You allow a skip from blank to blank. It would leave out the label between them."""
    return _any_state(extended)


@can_skip.bug
def negative_index(extended):
    """At s = 0 and 1 there is no state s - 2: Python takes a negative index from the end."""
    return (extended != 0) & (extended != np.roll(extended, 2))


@can_skip.bug
def wrong_end(extended):
    """You say which states may be left by a skip, to s + 2. Asked is which may be entered, from s - 2."""
    return np.append(labels.can_skip(extended), [False, False])[2:]


@can_skip.bug
def opposite(extended):
    """You have it the wrong way round: True where the skip is forbidden."""
    return ~labels.can_skip(extended)


def _alpha(y, labelling, *, skip=labels.can_skip, starts=2, outputs=None):
    """The forward recursion with parts to be replaced by wrong ones."""
    extended = labels.extend(labelling)
    outputs = y[:, extended] if outputs is None else outputs
    alpha = np.zeros(outputs.shape)
    alpha[0, :starts] = outputs[0, :starts]
    for t in range(1, len(alpha)):
        alpha[t] = alpha[t - 1]
        alpha[t, 1:] += alpha[t - 1, :-1]
        alpha[t, 2:] += alpha[t - 1, :-2] * skip(extended)[2:]
        alpha[t] *= outputs[t]
    return alpha


@exercise(cases=COUNTS)
def state_sequence_count(labelling, T):
    """Return the number of state sequences of T frames from the first two states to the last two."""
    return len(paths.state_sequences(labelling, T))


def _ways(labelling, T, **wrong):
    return round(forward_backward.forward_probability(_alpha(np.ones((T, 4)), labelling, **wrong)))


@state_sequence_count.bug
def skips_between_repeats(labelling, T):
    """You allow the skip between equal labels, so you also count sequences that spell a shorter labelling."""
    return _ways(labelling, T, skip=_any_label)


@state_sequence_count.bug
def skips_into_blanks(labelling, T):
    """You allow skips from blank to blank: such a sequence leaves out a label."""
    return _ways(labelling, T, skip=_any_state)


@state_sequence_count.bug
def no_skips(labelling, T):
    """You never skip a blank. Between different labels it may be left out."""
    return _ways(labelling, T, skip=np.zeros_like)


@state_sequence_count.bug
def one_end(labelling, T):
    """You start, or end, in the blank only. A path may also start, and end, with a label."""
    return _ways(labelling, T, starts=1)


# --- from outputs to the loss -----------------------------------------------------------------


@exercise(
    cases=[
        (np.array([[0.0, 0.0], [0.0, np.log(3)]]),),
        (np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]),),
        *((random.normal(size=shape).round(2),) for shape in [(1, 4), (5, 4), (3, 3)]),
        (np.array([[1000.0, 999.0], [0.0, -1000.0]]),),
    ]
)
def softmax(u):
    """Turn logits of shape (T, K) into probabilities: one distribution for each frame."""
    return core_softmax(u)


@softmax.bug
def wrong_axis(u):
    """You normalise over the frames (axis 0). Each row must sum to 1."""
    return core_softmax(u.T).T


@softmax.bug
def whole_matrix(u):
    """You divide by the sum of the whole matrix. Each row has its own: `axis=1, keepdims=True`."""
    return core_softmax(u.ravel()).reshape(u.shape)


@softmax.bug
def no_exponential(u):
    """You divide the logits themselves by their sum. The exponential is missing."""
    return u / u.sum(axis=1, keepdims=True)


@softmax.bug
def logarithm(u):
    """This is the logarithm of the softmax."""
    return log_softmax(u)


@softmax.bug
def overflow(u):
    """Right on paper, but exp(1000) overflows. Subtract the largest logit of each row first."""
    return np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)


@exercise(cases=SEQUENCES)
def forward(y, labelling):
    """Return alpha, shape (T, S), from the outputs y, shape (T, K), by the recursion, without pruning."""
    return forward_backward.forward(y, labelling)


@forward.bug
def repeat_rule_missing(y, labelling):
    """The repeat rule is missing: you skip the blank between two equal labels, and so they merge."""
    return _alpha(y, labelling, skip=_any_label)


@forward.bug
def blank_to_blank(y, labelling):
    """You skip from blank to blank, and so leave out a label. Only labels are entered from s - 2."""
    return _alpha(y, labelling, skip=_any_state)


@forward.bug
def skip_forgotten(y, labelling):
    """You forget the skip: a label may follow a different label directly, from s - 2."""
    return _alpha(y, labelling, skip=np.zeros_like)


@forward.bug
def blank_start_only(y, labelling):
    """You initialise only the first blank. A path may also start with the first label: alpha[0, 1]."""
    return _alpha(y, labelling, starts=1)


@forward.bug
def starts_anywhere(y, labelling):
    """You initialise every state. A path starts with the first blank or the first label."""
    return _alpha(y, labelling, starts=None)


@forward.bug
def blank_last(y, labelling):
    """You take the last output as the blank. Here the blank has index 0."""
    extended = np.full(2 * len(labelling) + 1, -1)
    extended[1::2] = labelling
    return _alpha(y, labelling, outputs=y[:, extended])


@forward.bug
def outputs_by_state(y, labelling):
    """You read the output of state s as `y[t, s]`. States are not symbols: it is `y[t, extended[s]]`."""
    return _alpha(y, labelling, outputs=y[:, np.arange(2 * len(labelling) + 1)])


@forward.bug
def outputs_forgotten(y, labelling):
    """After the first frame you no longer multiply by the output `y[t, extended[s]]`."""
    outputs = y[:, labels.extend(labelling)]
    return _alpha(y, labelling, outputs=np.vstack([outputs[:1], np.ones_like(outputs[1:])]))


@forward.bug
def softmax_again(y, labelling):
    """You apply the softmax to y. These are probabilities already."""
    return _alpha(core_softmax(y), labelling)


@forward.bug
def before_the_first_state(y, labelling):
    """At s = 0 there is no state s - 1: Python takes index -1 as the last state."""
    extended = labels.extend(labelling)
    alpha = _alpha(y, labelling)
    for t in range(1, len(y)):
        a = alpha[t - 1]
        alpha[t] = (a + np.roll(a, 1) + np.roll(a, 2) * labels.can_skip(extended)) * y[t, extended]
    return alpha


@forward.bug
def same_frame(y, labelling):
    """You add the new alpha of the states before, of frame t. All terms belong to frame t - 1."""
    extended, alpha = labels.extend(labelling), _alpha(y, labelling)
    skip = labels.can_skip(extended)
    for t in range(1, len(y)):
        for s, k in enumerate(extended):
            entering = alpha[t, s - 1] * (s > 0) + alpha[t, s - 2] * skip[s]
            alpha[t, s] = (alpha[t - 1, s] + entering) * y[t, k]
    return alpha


@forward.bug
def pruned(y, labelling):
    """You set states to 0 that cannot reach the end. That changes no probability; here they are asked for."""
    return forward_backward.forward(y, labelling, prune=True)


@forward.bug
def logarithms(y, labelling):
    """These are the logarithms of the forward variables."""
    return forward_backward.log_forward(np.log(y), labelling)


@exercise(cases=[(forward_backward.forward(*case),) for case in SEQUENCES])
def forward_probability(alpha):
    """Return the probability of the labelling from its forward variables alpha, shape (T, S)."""
    return forward_backward.forward_probability(alpha)


@forward_probability.bug
def last_blank_only(alpha):
    """You take the last blank only. A path may also end with the last label."""
    return alpha[-1, -1]


@forward_probability.bug
def last_label_only(alpha):
    """You take the last label only. A path may also end in the blank behind it."""
    return alpha[-1, -2]


@forward_probability.bug
def whole_last_row(alpha):
    """You sum over all states. A path must have reached one of the last two when the frames are over."""
    return alpha[-1].sum()


@forward_probability.bug
def all_frames(alpha):
    """You sum over the frames as well. Only the last frame has seen the whole input."""
    return alpha[:, -2:].sum()


@forward_probability.bug
def maximum(alpha):
    """You take the greater of the two. Both kinds of path count, so add them."""
    return alpha[-1, -2:].max()


def _beta(y, labelling, *, skip=labels.can_skip, ends=2, outputs=None):
    """The backward recursion with parts to be replaced by wrong ones; `skip` says what is entered from s - 2."""
    extended = labels.extend(labelling)
    outputs = y[:, extended] if outputs is None else outputs
    beta = np.zeros(outputs.shape)
    beta[-1, -ends:] = outputs[-1, -ends:]
    for t in reversed(range(len(beta) - 1)):
        beta[t] = beta[t + 1]
        beta[t, :-1] += beta[t + 1, 1:]
        beta[t, :-2] += beta[t + 1, 2:] * skip(extended)[2:]
        beta[t] *= outputs[t]
    return beta


@exercise(cases=SEQUENCES)
def backward(y, labelling):
    """Return beta, shape (T, S), from the outputs y, shape (T, K), by the recursion, without pruning."""
    return forward_backward.backward(y, labelling)


@backward.bug
def skip_between_repeats(y, labelling):
    """The repeat rule is missing: you skip the blank between two equal labels, and so they merge."""
    return _beta(y, labelling, skip=_any_label)


@backward.bug
def skip_to_a_blank(y, labelling):
    """You skip from blank to blank, and so leave out a label. Only labels lead to s + 2."""
    return _beta(y, labelling, skip=_any_state)


@backward.bug
def never_a_skip(y, labelling):
    """You forget the skip: a label may be followed by a different label directly, at s + 2."""
    return _beta(y, labelling, skip=np.zeros_like)


@backward.bug
def test_of_the_wrong_state(y, labelling):
    """You ask whether s may be entered from s - 2. Asked is whether s may be left for s + 2: `can_skip[s + 2]`."""
    return _beta(y, labelling, skip=lambda extended: np.append([False, False], labels.can_skip(extended))[:-2])


@backward.bug
def last_blank_starts(y, labelling):
    """You initialise only the last blank. A path may also end with the last label: beta[-1, -2]."""
    return _beta(y, labelling, ends=1)


@backward.bug
def ends_anywhere(y, labelling):
    """You initialise every state. A path ends with the last blank or the last label."""
    return _beta(y, labelling, ends=0)


@backward.bug
def ends_at_the_front(y, labelling):
    """You initialise the first two states of the last frame. A path ends in the last two."""
    extended, beta = labels.extend(labelling), np.zeros((len(y), 2 * len(labelling) + 1))
    beta[-1, :2] = y[-1, extended[:2]]
    for t in reversed(range(len(y) - 1)):
        after = np.append(beta[t + 1], [0, 0])
        skip = np.append(labels.can_skip(extended), [False, False])[2:]
        beta[t] = (beta[t + 1] + after[1:-1] + after[2:] * skip) * y[t, extended]
    return beta


@backward.bug
def own_output_left_out(y, labelling):
    """This is the other convention: beta without the output of its own frame. In this book it is included."""
    return _beta(y, labelling) / y[:, labels.extend(labelling)]


@backward.bug
def output_of_the_next_frame(y, labelling):
    """You multiply by `y[t + 1, extended[s]]`. The bracket belongs to frame t + 1, the output to frame t."""
    return _beta(np.vstack([y[1:], y[-1:]]), labelling)


@backward.bug
def outputs_missing(y, labelling):
    """Before the last frame you no longer multiply by the output `y[t, extended[s]]`."""
    outputs = y[:, labels.extend(labelling)]
    return _beta(y, labelling, outputs=np.vstack([np.ones_like(outputs[:-1]), outputs[-1:]]))


@backward.bug
def mirror_not_turned_back(y, labelling):
    """You ran the forward recursion on the reversed problem. Turn the result back: `[::-1, ::-1]`."""
    return forward_backward.forward(y[::-1], labelling[::-1])


@backward.bug
def turned_in_time_only(y, labelling):
    """You turned the frames back, but not the states: state s is state S + 1 - s of the reversed problem."""
    return forward_backward.forward(y[::-1], labelling[::-1])[::-1]


@backward.bug
def forward_again(y, labelling):
    """These are the forward variables. Start at the last frame, and sum over the states that s leads to."""
    return forward_backward.forward(y, labelling)


@backward.bug
def zero_before_the_last_state(y, labelling):
    """You set beta to 0 for s < S. States beyond the border do not exist: that is s > S."""
    beta = _beta(y, labelling)
    beta[:, :-1] = 0
    return beta


@backward.bug
def unreachable_cut_off(y, labelling):
    """You set states to 0 that the start does not reach. That changes no probability; here they are asked for."""
    return forward_backward.backward(y, labelling, prune=True)


@backward.bug
def in_logarithms(y, labelling):
    """These are the logarithms of the backward variables."""
    return forward_backward.log_backward(np.log(y), labelling)


# --- forward times backward -------------------------------------------------------------------

FITTING = [case for case in SEQUENCES if labels.min_length(case[1]) <= len(case[0])]


@exercise(cases=[(forward_backward.forward(*case), forward_backward.backward(*case), *case) for case in FITTING])
def occupancies(alpha, beta, y, labelling):
    """Return the occupancy of every symbol, gamma, shape (T, K), from alpha and beta, shape (T, S)."""
    return _by_symbol(_through(alpha, beta, y, labelling) / _p(alpha), y, labelling)


def _p(alpha):
    return forward_backward.forward_probability(alpha)


def _through(alpha, beta, y, labelling):
    return forward_backward.paths_through_states(alpha, beta, y, labelling)


def _by_symbol(values, y, labelling):
    return forward_backward.symbol_sum(values, labelling, y.shape[1])


@occupancies.bug
def output_counted_twice(alpha, beta, y, labelling):
    """You do not divide by y: alpha and beta both hold the output of frame t."""
    return _by_symbol(alpha * beta / _p(alpha), y, labelling)


@occupancies.bug
def output_divided_away(alpha, beta, y, labelling):
    """You divide by y twice. That is the derivative of ln p in y; the occupancy is y times as large."""
    return _by_symbol(alpha * beta / _p(alpha), y, labelling) / y**2


@occupancies.bug
def rows_not_normalised(alpha, beta, y, labelling):
    """You do not divide by p: each of your rows sums to p, not to 1."""
    return _by_symbol(_through(alpha, beta, y, labelling), y, labelling)


@occupancies.bug
def sum_of_products(alpha, beta, y, labelling):
    """You divide alpha beta by its sum. Your rows sum to 1, but each state must be divided by its y first."""
    product = alpha * beta
    return _by_symbol(product / product.sum(axis=1, keepdims=True), y, labelling)


@occupancies.bug
def all_frames_together(alpha, beta, y, labelling):
    """You divide by a sum over all frames, which is T p. A single frame gives p."""
    return _by_symbol(_through(alpha, beta, y, labelling) / (len(y) * _p(alpha)), y, labelling)


@occupancies.bug
def one_state_per_symbol(alpha, beta, y, labelling):
    """You keep one state of each symbol. A symbol has as many states as it has places in l': add them."""
    gamma, kept = _through(alpha, beta, y, labelling) / _p(alpha), np.zeros(y.shape)
    kept[:, labels.extend(labelling)] = gamma
    return kept


@occupancies.bug
def one_column_per_state(alpha, beta, y, labelling):
    """These are the occupancies of the states, one column for each. Asked is one column for each symbol."""
    return _through(alpha, beta, y, labelling) / _p(alpha)


@occupancies.bug
def gradient_instead(alpha, beta, y, labelling):
    """This is the gradient of the loss, y - gamma. Asked is gamma itself."""
    return y - _by_symbol(_through(alpha, beta, y, labelling) / _p(alpha), y, labelling)


def _loss(alpha):
    return -np.log(forward_backward.forward_probability(alpha))


@exercise(cases=SEQUENCES)
def loss(y, labelling):
    """Return the loss of the labelling, -ln p in nats, from the outputs y, shape (T, K).

    Where no path fits it is inf.
    """
    return _loss(forward_backward.forward(y, labelling))


@loss.bug
def probability(y, labelling):
    """This is the probability. The loss is its negative logarithm."""
    return np.exp(-_loss(forward_backward.forward(y, labelling)))


@loss.bug
def sign(y, labelling):
    """The sign is wrong: the logarithm of a probability is negative, the loss is not."""
    return -_loss(forward_backward.forward(y, labelling))


@loss.bug
def bits(y, labelling):
    """You use the logarithm to base 2. The loss is in nats: `np.log`."""
    return _loss(forward_backward.forward(y, labelling)) / np.log(2)


@loss.bug
def label_ids_as_states(y, labelling):
    """You use the last two symbols as states, `alpha[-1, extended[-1]]`. States are not symbols."""
    alpha = forward_backward.forward(y, labelling)
    return -np.log(alpha[-1, labels.extend(labelling)[-2:]].sum())


@loss.bug
def every_frame_added(y, labelling):
    """You sum alpha beta / y over the frames, too. Each single frame gives p: yours is T times as large."""
    return _loss(forward_backward.forward(y, labelling)) - np.log(len(y))


@loss.bug
def entropy_added(y, labelling):
    """You return -sum gamma ln y. That is the loss plus the entropy of the paths."""
    alpha, beta = forward_backward.forward(y, labelling), forward_backward.backward(y, labelling)
    through = forward_backward.paths_through_states(alpha, beta, y, labelling)
    gamma = through / through[-1:].sum()
    return -(gamma * np.log(y[:, labels.extend(labelling)])).sum()


def _inherit(wrong, its_loss):
    """A bug further up makes the loss wrong, too."""
    its_loss.__name__, its_loss.__doc__ = wrong.__name__, wrong.__doc__
    loss.bug(its_loss)


for wrong in forward.bugs.values():
    if wrong not in (pruned, logarithms):  # the first changes no loss, of the second there is none
        _inherit(wrong, lambda y, labelling, wrong=wrong: _loss(wrong(y, labelling)))
for wrong in forward_probability.bugs.values():
    _inherit(wrong, lambda y, labelling, wrong=wrong: -np.log(wrong(forward_backward.forward(y, labelling))))


# --- staying in range -------------------------------------------------------------------------

#: 800 frames: p is below what a float64 can hold.
LONG = (core_softmax(np.random.default_rng(308).normal(size=(800, 3))), (1, 2, 2, 1, 2, 1, 1, 2))


def _ln_p(y, labelling, *, join=np.logaddexp, impossible=-np.inf, skip=labels.can_skip, ends=2):
    """The recursion in log space with parts to be replaced by wrong ones."""
    extended = labels.extend(labelling)
    outputs, may_skip = np.log(y[:, extended]), skip(extended)
    alpha = np.full(len(extended), impossible)
    alpha[:2] = outputs[0, :2]
    for row in outputs[1:]:
        total = alpha.copy()
        total[1:] = join(total[1:], alpha[:-1])
        total[2:] = join(total[2:], np.where(may_skip[2:], alpha[:-2], impossible))
        alpha = total + row
    return join.reduce(alpha[-ends:])


@exercise(cases=[*SEQUENCES, LONG])
def log_probability(y, labelling):
    """Return ln p(l|x) in nats, for inputs of any length, by rescaling or in log space.

    Where no path fits it is -inf.
    """
    return np.logaddexp.reduce(forward_backward.log_forward(np.log(y), labelling)[-1, -2:])


@log_probability.bug
def product_underflows(y, labelling):
    """Right for short inputs. For 800 frames p, or the product of all C_t, underflows: add logarithms instead."""
    return np.log(forward_backward.forward_probability(forward_backward.forward(y, labelling)))


@log_probability.bug
def sums_of_the_true_alpha(y, labelling):
    """Your C_t is the sum of the true alpha_t. Start each frame from the rescaled column before it."""
    return np.log(forward_backward.forward(y, labelling).sum(axis=1)).sum()


@log_probability.bug
def last_term_missing(y, labelling):
    """You count the whole last column: add ln(alpha_hat_T(S) + alpha_hat_T(S-1)) to the sum of ln C_t, or prune."""
    return np.log(forward_backward.forward_rescaled(y, labelling, prune=False)[1]).sum()


@log_probability.bug
def nought_by_nought(y, labelling):
    """Where no path fits, a column is 0 and you divide 0 by 0, or subtract -inf from -inf. There ln p is -inf."""
    ln_p = _ln_p(y, labelling)
    return ln_p if np.isfinite(ln_p) else np.nan


@log_probability.bug
def finite_stand_in(y, labelling):
    """You use -1e30 where ln 0 is meant. Where no path fits, yours comes out finite: use -np.inf."""
    return _ln_p(y, labelling, impossible=-1e30)


@log_probability.bug
def largest_term_only(y, labelling):
    """You take the largest term where the sum is asked for. That gives the best single path."""
    return _ln_p(y, labelling, join=np.maximum)


@log_probability.bug
def logarithms_added(y, labelling):
    """You add the logarithms of the states before s. That multiplies them; to add them use `np.logaddexp`."""
    return _ln_p(y, labelling, join=np.add)


@log_probability.bug
def equal_neighbours_merge(y, labelling):
    """The repeat rule is missing: you skip the blank between two equal labels, and so they merge."""
    return _ln_p(y, labelling, skip=_any_label)


@log_probability.bug
def ends_in_the_blank(y, labelling):
    """You take the last blank only. A path may also end with the last label."""
    return _ln_p(y, labelling, ends=1)


@log_probability.bug
def minus_forgotten(y, labelling):
    """This is the loss, -ln p. Asked is ln p, which is negative."""
    return -_ln_p(y, labelling)


@log_probability.bug
def no_logarithm(y, labelling):
    """This is the probability p. Asked is its logarithm."""
    return np.exp(_ln_p(y, labelling))


# --- derivatives ------------------------------------------------------------------------------


@exercise(
    cases=[
        ((6.0, 0.0), (2.0, 0.0)),
        ((6.0, 1.0), (2.0, 0.0)),
        ((2.0, 1.0), (3.0, 1.0)),
        ((0.5, -2.0), (4.0, 3.0)),
        ((-1.5, 0.25), (0.5, -1.0)),
    ]
)
def dual_quotient(f, g):
    """Divide two dual numbers, each a pair (value, slope). Return the pair of f / g."""
    quotient = rules.Dual(*f) / rules.Dual(*g)
    return quotient.value, quotient.slope


@dual_quotient.bug
def slopes_divided(f, g):
    """You divide the slopes. The slope of f / g is (f' g - f g') / g^2."""
    return f[0] / g[0], f[1] / g[1]


@dual_quotient.bug
def order_swapped(f, g):
    """You have f g' - f' g in the numerator. It is the other way round, so your slope has the wrong sign."""
    return f[0] / g[0], (f[0] * g[1] - f[1] * g[0]) / g[0] ** 2


@dual_quotient.bug
def plus_sign(f, g):
    """You add in the numerator, as in the product rule. When g grows, f / g falls: it is f' g - f g'."""
    return f[0] / g[0], (f[1] * g[0] + f[0] * g[1]) / g[0] ** 2


@dual_quotient.bug
def not_squared(f, g):
    """You divide the slope by g. It is divided by g squared."""
    return f[0] / g[0], (f[1] * g[0] - f[0] * g[1]) / g[0]


@dual_quotient.bug
def denominator_constant(f, g):
    """You take g for a constant: f' / g. When g varies, too, it adds - f g' / g^2."""
    return f[0] / g[0], f[1] / g[0]


@dual_quotient.bug
def slope_first(f, g):
    """You return the slope first. A dual number is the pair (value, slope)."""
    return dual_quotient.solution(f, g)[::-1]


@exercise(
    cases=[
        (np.array([0.5, 0.5]), np.array([1.0, 0.0])),
        (np.array([0.25, 0.25, 0.5]), np.array([0.0, 2.0, 1.0])),
        (np.array([0.2, 0.3, 0.5]), np.array([1.0, -1.0, 3.0])),
        (np.array([0.1, 0.6, 0.1, 0.2]), np.array([5.0, 0.5, 0.0, -2.0])),
        (np.array([0.0, 1.0, 0.0]), np.array([3.0, 1.0, 2.0])),
    ]
)
def jacobian_times(y, m):
    """Multiply the softmax Jacobian at the outputs y, shape (K,), by the vector m, shape (K,)."""
    return softmax_jacobian(y) @ m


@jacobian_times.bug
def mean_not_subtracted(y, m):
    """You weigh m by y, but do not subtract its mean. Raising one logit lowers all other outputs."""
    return y * m


@jacobian_times.bug
def not_weighted(y, m):
    """You subtract the mean, but do not weigh by y. An output of 0 cannot be moved."""
    return m - y @ m


@jacobian_times.bug
def plain_mean(y, m):
    """You subtract the plain average. It is the mean under y: sum of y times m."""
    return y * (m - m.mean())


@jacobian_times.bug
def diagonal_only(y, m):
    """You use the diagonal of the Jacobian only, y (1 - y). Each logit moves all outputs."""
    return y * (1 - y) * m


@jacobian_times.bug
def sign_of_the_jacobian(y, m):
    """The sign is wrong: an output grows with its own logit, so the diagonal is y - y^2."""
    return y * (y @ m - m)


@jacobian_times.bug
def off_diagonal_positive(y, m):
    """You add the outer product. It is subtracted: raising one logit lowers all other outputs."""
    return y * (m + y @ m)


@jacobian_times.bug
def the_matrix(y, m):
    """This is a matrix, m times each column. Sum over the columns: the result has shape (K,)."""
    return softmax_jacobian(y) * m


# --- the derivatives ----------------------------------------------------------------------------


@exercise(cases=[(forward_backward.forward(*case), forward_backward.backward(*case), *case) for case in FITTING])
def dp_dy(alpha, beta, y, labelling):
    """Return the derivative of p in every output, shape (T, K), from alpha and beta, shape (T, S)."""
    return _by_symbol(alpha * beta, y, labelling) / y**2


@dp_dy.bug
def one_factor_left(alpha, beta, y, labelling):
    """You divide by y once. alpha beta holds y twice, and the slope does not hold it at all."""
    return _by_symbol(alpha * beta, y, labelling) / y


@dp_dy.bug
def both_factors_left(alpha, beta, y, labelling):
    """You do not divide by y. alpha beta holds y twice, and the slope does not hold it at all."""
    return _by_symbol(alpha * beta, y, labelling)


@dp_dy.bug
def denominator_held_fixed(alpha, beta, y, labelling):
    """Twice too large: you differentiate alpha beta, but not the y below it."""
    return 2 * _by_symbol(alpha * beta, y, labelling) / y**2


@dp_dy.bug
def numerator_held_fixed(alpha, beta, y, labelling):
    """You differentiate 1 / y, and take alpha beta as a constant. It holds y twice."""
    return -_by_symbol(alpha * beta, y, labelling) / y**2


@dp_dy.bug
def slope_of_one_state(alpha, beta, y, labelling):
    """You keep one state of each symbol. An output belongs to all states of its symbol: add them."""
    kept = np.zeros(y.shape)
    extended = labels.extend(labelling)
    kept[:, extended] = alpha * beta / y[:, extended] ** 2
    return kept


@dp_dy.bug
def slope_by_state(alpha, beta, y, labelling):
    """You return one column for each state. Asked is one column for each symbol."""
    return alpha * beta / y[:, labels.extend(labelling)] ** 2


@dp_dy.bug
def slope_of_the_logarithm(alpha, beta, y, labelling):
    """You divide by p as well. That is the derivative of ln p."""
    return _by_symbol(alpha * beta, y, labelling) / (y**2 * _p(alpha))


LOGITS = [(np.log(y), labelling) for y, labelling in FITTING] + [
    (np.random.default_rng(16).normal(size=(T, 4)), labelling) for T, labelling in [(3, (1, 2)), (6, (3, 3, 1))]
]


@exercise(cases=LOGITS)
def grad_logits(logits, labelling):
    """Return the gradient of the loss -ln p in the logits, shape (T, K). The softmax is part of the loss."""
    return gradient.grad_logits(core_softmax(logits), labelling)


def _occupied(logits, labelling):
    y = core_softmax(logits)
    return y, gradient.occupancies(y, labelling)


@grad_logits.bug
def ascent(logits, labelling):
    """The sign is wrong: this is the gradient of ln p. The loss is -ln p."""
    return -grad_logits.solution(logits, labelling)


@grad_logits.bug
def softmax_left_out(logits, labelling):
    """You take exp of the logits as outputs, without dividing by their sum."""
    return np.exp(logits) - gradient.occupancies(np.exp(logits), labelling)


@grad_logits.bug
def gradient_in_log_outputs(logits, labelling):
    """This is -gamma, the gradient in free log outputs. Through the softmax it becomes y - gamma."""
    return -_occupied(logits, labelling)[1]


@grad_logits.bug
def gradient_in_outputs(logits, labelling):
    """This is the gradient in the outputs, -gamma / y. The way through the softmax is missing."""
    y, gamma = _occupied(logits, labelling)
    return -gamma / y


@grad_logits.bug
def diagonal_of_the_jacobian(logits, labelling):
    """You keep k' = k only, and get -gamma (1 - y). A logit moves all outputs of its frame."""
    y, gamma = _occupied(logits, labelling)
    return -gamma * (1 - y)


@grad_logits.bug
def p_left_out(logits, labelling):
    """You subtract sum alpha beta / y, without dividing by p: the rows do not sum to 0."""
    y = core_softmax(logits)
    alpha, beta = forward_backward.forward(y, labelling), forward_backward.backward(y, labelling)
    return y - _by_symbol(_through(alpha, beta, y, labelling), y, labelling)


@grad_logits.bug
def y_squared_below(logits, labelling):
    """You subtract gamma / y. In the last line one y has cancelled: y is below once, not twice."""
    y, gamma = _occupied(logits, labelling)
    return y - gamma / y


@grad_logits.bug
def y_not_below(logits, labelling):
    """You do not divide by y: alpha and beta both hold the output of frame t."""
    y, gamma = _occupied(logits, labelling)
    return y - gamma * y


@grad_logits.bug
def last_state_of_a_symbol(logits, labelling):
    """You keep one state of each symbol: in NumPy, `a[:, extended] += b` adds once for each column. Add all states."""
    y = core_softmax(logits)
    alpha, beta = forward_backward.forward(y, labelling), forward_backward.backward(y, labelling)
    kept = y.copy()
    kept[:, labels.extend(labelling)] -= _through(alpha, beta, y, labelling) / _p(alpha)
    return kept


@grad_logits.bug
def mean_over_frames(logits, labelling):
    """You divide by the number of frames. The loss is a sum: -ln p, not its mean."""
    return grad_logits.solution(logits, labelling) / len(logits)


# --- checking a gradient ----------------------------------------------------------------------


@dataclass(repr=False)
class Formula:
    """A function that shows itself as its formula."""

    text: str
    function: Callable

    def __call__(self, x):
        """Return the value at x."""
        return float(self.function(x))

    def __repr__(self):
        """Write the formula."""
        return self.text


@exercise(
    cases=[
        (Formula("x[0]**2", lambda x: x[0] ** 2), np.array([3.0]), 0.5),
        (Formula("x[0]**3", lambda x: x[0] ** 3), np.array([1.0]), 0.5),
        (Formula("x[0] * x[1]**2", lambda x: x[0] * x[1] ** 2), np.array([3.0, 2.0]), 0.25),
        (Formula("x.sum()**3", lambda x: x.sum() ** 3), np.array([0.5, 0.25, -1.0]), 0.125),
        *(
            (
                Formula(f"-ln p({e.name}), from y", lambda y, l=e.labelling: -np.log(paths.label_probability(y, l))),
                np.array(e.y),
                1 / 128,
            )
            for e in (examples.AB, examples.BEE)
        ),
    ]
)
def central_difference(f, x, h):
    """Return the central difference of the number f(x) in each entry of the array x, with the step h."""
    return differences.central_difference(f, x, h)


def _moved(f, x, h, *, back=True):
    """Pairs of values of f, above and below, for each entry of x."""
    x, pairs = np.array(x), []
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        above = f(x)
        x[i] = kept - h
        pairs.append((above, f(x)))
        if back:
            x[i] = kept
    return np.array(pairs).T.reshape(2, *x.shape)


@central_difference.bug
def one_side_only(f, x, h):
    """This is the forward difference, (f(x + h) - f(x)) / h. Its error falls with h only, not with its square."""
    return (_moved(f, x, h)[0] - f(x)) / h


@central_difference.bug
def backward_side_only(f, x, h):
    """This is the backward difference, (f(x) - f(x - h)) / h. Its error falls with h only, not with its square."""
    return (f(x) - _moved(f, x, h)[1]) / h


@central_difference.bug
def one_step_below(f, x, h):
    """You divide by h. The two points are 2 h apart."""
    above, below = _moved(f, x, h)
    return (above - below) / h


@central_difference.bug
def below_minus_above(f, x, h):
    """Your sign is wrong: the value at x + h comes first."""
    above, below = _moved(f, x, h)
    return (below - above) / (2 * h)


@central_difference.bug
def not_put_back(f, x, h):
    """You do not put an entry back after its turn, so the next ones are measured from a place that has moved."""
    above, below = _moved(f, x, h, back=False)
    return (above - below) / (2 * h)


@central_difference.bug
def all_at_once(f, x, h):
    """You move all entries together. Each slope needs a step of its own, in one entry only."""
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


@central_difference.bug
def step_halved(f, x, h):
    """You move by h / 2 to each side. Here the step is h to each side, and the points are 2 h apart."""
    above, below = _moved(f, x, h / 2)
    return (above - below) / h


# --- training ---------------------------------------------------------------------------------


@exercise(
    cases=[
        (np.zeros((1, 2)), (1,), 1, 0.5),
        (np.zeros((2, 3)), (1,), 1, 1.0),
        (np.zeros((2, 3)), (1,), 2, 1.0),
        *((e.logits, e.labelling, 3, 0.5) for e in (examples.AB, examples.BEE, examples.CAT)),
        (examples.AB.logits, examples.AB.labelling, 0, 1.0),
        (examples.AB.logits, (), 4, 1.0),
    ]
)
def descend(logits, labelling, steps, step_size):
    """Take so many steps of gradient descent on the CTC loss and return the logits after the last, shape (T, K)."""
    return descent.descend(logits, labelling, steps, step_size)[0][-1]


def _descend(logits, labelling, steps, move):
    """Descent with a move of one's own, from u and the gradient there."""
    u = np.array(logits)
    for _ in range(steps):
        u = move(u, ctc_loss_and_grad(u, labelling)[1])
    return u


@descend.bug
def uphill(logits, labelling, steps, step_size):
    """You go up: the gradient points to where the loss grows. Subtract it."""
    return _descend(logits, labelling, steps, lambda u, g: u + step_size * g)


@descend.bug
def step_size_forgotten(logits, labelling, steps, step_size):
    """You do not multiply the gradient by the step size."""
    return _descend(logits, labelling, steps, lambda u, g: u - g)


@descend.bug
def gradient_of_the_start(logits, labelling, steps, step_size):
    """You compute the gradient once. It changes with the logits: compute it again before each step."""
    return logits - steps * step_size * ctc_loss_and_grad(logits, labelling)[1]


@descend.bug
def occupancies_of_the_start(logits, labelling, steps, step_size):
    """You keep the occupancies of the start. They move with the outputs: compute them again before each step."""
    gamma = core_softmax(logits) - ctc_loss_and_grad(logits, labelling)[1]
    return _descend(logits, labelling, steps, lambda u, g: u - step_size * (core_softmax(u) - gamma))


@descend.bug
def one_step_too_many(logits, labelling, steps, step_size):
    """You take one step more than you were asked for."""
    return descend.solution(logits, labelling, steps + 1, step_size)


@descend.bug
def one_step_too_few(logits, labelling, steps, step_size):
    """You take one step less than you were asked for."""
    return descend.solution(logits, labelling, max(steps - 1, 0), step_size)


@descend.bug
def outputs_returned(logits, labelling, steps, step_size):
    """You return the outputs. Return the logits."""
    return core_softmax(descend.solution(logits, labelling, steps, step_size))


@descend.bug
def outputs_moved(logits, labelling, steps, step_size):
    """You move the outputs. It is the logits that a step moves; the softmax makes outputs of them."""
    return _descend(logits, labelling, steps, lambda u, g: core_softmax(u) - step_size * g)


@descend.bug
def sum_of_the_way(logits, labelling, steps, step_size):
    """You return how far the logits moved. Return where they are."""
    return descend.solution(logits, labelling, steps, step_size) - logits


@descend.bug
def mean_loss_over_frames(logits, labelling, steps, step_size):
    """You divide the gradient by the number of frames. The loss of a sequence is not a mean over its frames."""
    return _descend(logits, labelling, steps, lambda u, g: u - step_size * g / len(u))


# --- the program ------------------------------------------------------------------------------


def _frames(labelling, T):
    """Return what one frame of the backward pass over pairs takes, for every frame of random outputs."""
    y = random.dirichlet(np.ones(4), T)
    *given, repeat = steps.pair_outputs(np.log(y)[None], np.array([labelling], dtype=int))[1:]
    pairs = steps.forward_pairs(*given, repeat)
    blanks, labels = steps.flow_back(pairs, repeat)
    marks = np.append([False], repeat[:, 0])
    return [
        (blanks[t + 1, :, 0], labels[t + 1, :, 0], pairs.pair_shares[t, :, 0], pairs.label_shares[t, :, 0], marks)
        for t in reversed(range(1, T))
    ]


def _back(blanks, labels, pair_shares, label_shares, repeat):
    """One frame of the backward pass, for wrong versions of what it is given."""
    stay = labels * label_shares
    enter = np.append((labels - stay)[1:], 0.0)  # label i + 1 was entered from pair i
    only_blank = np.append(repeat[1:], False)
    pair = blanks + np.where(only_blank, 0.0, enter)
    before = pair * pair_shares
    return np.array([before + np.where(only_blank, enter, 0.0), pair - before + stay])


@exercise(
    cases=[
        case
        for labelling, T in [((1,), 3), ((1, 2), 4), ((1, 1), 5), ((1, 2, 2), 7), ((2, 2, 2, 1), 9), ((), 3)]
        for case in _frames(labelling, T)
    ]
)
def flow_back(blanks, labels, pair_shares, label_shares, repeat):
    """Let the occupancies of a frame flow back by one frame. Return an array: a row of blanks, a row of labels.

    All rows have an entry for each pair, from 0 to U. There is no label 0: its occupancy is 0.
    """
    return _back(blanks, labels, pair_shares, label_shares, repeat)


@flow_back.bug
def repeat_not_asked(blanks, labels, pair_shares, label_shares, repeat):
    """You forget the repeats: a label that equals the one before was entered from the blank alone."""
    return _back(blanks, labels, pair_shares, label_shares, np.zeros_like(repeat))


@flow_back.bug
def repeat_of_the_wrong_label(blanks, labels, pair_shares, label_shares, repeat):
    """You ask `repeat[i]` for what leaves pair i. It enters label i + 1: ask `repeat[i + 1]`."""
    return _back(blanks, labels, pair_shares, label_shares, np.append(False, repeat[:-1]))


@flow_back.bug
def blank_and_label_swapped(blanks, labels, pair_shares, label_shares, repeat):
    """You give the label the share of the blank, and the blank the rest. `pair_shares` are shares of the blank."""
    return _back(blanks, labels, 1 - pair_shares, label_shares, repeat)


@flow_back.bug
def stay_and_enter_swapped(blanks, labels, pair_shares, label_shares, repeat):
    """You take `label_shares` for the share of what entered. They are the share of what stays in the label."""
    return _back(blanks, labels, pair_shares, 1 - label_shares, repeat)


@flow_back.bug
def staying_lost(blanks, labels, pair_shares, label_shares, repeat):
    """You lose what stays in a label: label i is fed by label i as well, so the occupancies no longer sum to 1."""
    blank, label = _back(blanks, labels, pair_shares, label_shares, repeat)
    return np.array([blank, label - labels * label_shares])


@flow_back.bug
def entering_lost(blanks, labels, pair_shares, label_shares, repeat):
    """You lose what entered a label from the pair before: a pair feeds its own blank and the next label. Add both."""
    return _back(blanks, labels * label_shares, pair_shares, np.ones_like(label_shares), repeat)


@flow_back.bug
def entered_from_the_same_pair(blanks, labels, pair_shares, label_shares, repeat):
    """You give what entered label i to pair i. It came from pair i - 1."""
    stay = labels * label_shares
    pair = blanks + labels - stay
    return np.array([pair * pair_shares, pair - pair * pair_shares + stay])


@flow_back.bug
def pair_not_divided(blanks, labels, pair_shares, label_shares, repeat):
    """You give all of a pair to its blank and all to its label. Divide it by the share."""
    stay = labels * label_shares
    enter = np.append((labels - stay)[1:], 0.0)
    only_blank = np.append(repeat[1:], False)
    pair = blanks + np.where(only_blank, 0.0, enter)
    return np.array([pair + np.where(only_blank, enter, 0.0), pair + stay])
