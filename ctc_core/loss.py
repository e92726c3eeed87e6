"""The CTC loss and its gradient for batches: what a user imports.

Exact: everything happens in log space in float64, with true -inf for what is impossible. This
module only checks its input and walks through the batch; the mathematics is in `forward_backward`.
"""

import numpy as np

from .forward_backward import log_backward, log_forward, symbol_sum
from .labels import as_labelling, extend, min_length, repeats
from .softmax import log_softmax

# In log space a result beyond the range of floats is right as it comes: probability 0. So neither overflow
# nor underflow is worth a warning, or an exception for callers who let NumPy raise.
_quiet = np.errstate(over="ignore", under="ignore")


@_quiet
def ctc_loss(logits, targets, input_lengths=None, target_lengths=None, *, blank=0):
    """Compute the CTC loss of each sample: -ln p(target | logits).

    Parameters
    ----------
    logits : array_like of float32 or float64, shape (N, T, K), or (T, K) for a batch of one
        Unnormalised; the softmax is part of the loss. -inf means probability 0. Log probabilities
        are legal logits: the softmax leaves them as they are.
    targets : array_like of int, shape (N, U), or list of N sequences, or one sequence for (T, K) logits
        Labels without blanks. A target may be empty. Entries beyond `target_lengths` are never read.
    input_lengths : array_like of int, shape (N,), optional
        Frames of each sample, 1..T; all T by default. Frames beyond are never read.
    target_lengths : array_like of int, shape (N,), optional
        Labels of each sample; by default the whole row, or the length of each sequence.
    blank : int
        Index of the blank, 0..K-1.

    Returns
    -------
    ndarray of float64, shape (N,)
        Losses in nats, not reduced. inf where the target has probability 0 (`why_infinite` says why).
        N = 0 gives an empty array.

    Raises
    ------
    TypeError
        Logits that are not float32 or float64; labels, lengths or blank that are not integers.
    ValueError
        Wrong rank or length; T = 0 or K = 0; a label out of range or equal to the blank; a length
        below its least value or beyond its array; a NaN or +inf logit, or a frame of -inf only,
        within the input length. The message names argument, sample and expectation.

    Notes
    -----
    Source: Graves et al. 2006, eqs. 3 and 8. The lattice costs time and memory in proportion to T U.

    Examples
    --------
    >>> logits = np.array([[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1]])
    >>> ctc_loss(logits, [1, 2]).round(8)
    array([2.46285839])
    """
    batch, _ = _samples(logits, targets, input_lengths, target_lengths, blank)
    return np.array([_loss(log_softmax(u), target, blank) for u, target in batch], dtype=np.float64)


@_quiet
def ctc_loss_and_grad(logits, targets, input_lengths=None, target_lengths=None, *, blank=0):
    """Compute the CTC loss of each sample and its gradient in the logits, y - gamma.

    Parameters and errors as `ctc_loss`.

    Returns
    -------
    losses : ndarray of float64, shape (N,)
        Nats, as `ctc_loss`.
    gradient : ndarray, shape and dtype of `logits`
        d losses[n] / d logits[n]; computed in float64, rounded once. Exactly 0 in frames beyond
        `input_lengths`, and for a sample whose loss is inf: it has no slope to follow.

    Notes
    -----
    Source: Graves et al. 2006, eq. 16. With a mean or sum over the batch as the objective, multiply
    each sample's gradient by its weight.

    Examples
    --------
    >>> logits = np.array([[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1]])
    >>> losses, gradient = ctc_loss_and_grad(logits, [1, 2])
    >>> gradient.round(5)
    array([[ 0.17703, -0.70812,  0.17703,  0.17703,  0.17703],
           [ 0.17703,  0.17703, -0.70812,  0.17703,  0.17703]])
    """
    batch, like = _samples(logits, targets, input_lengths, target_lengths, blank)
    losses = np.zeros(len(batch))
    gradient = np.zeros((len(batch), *like.shape[-2:]), dtype=like.dtype)
    for n, (u, target) in enumerate(batch):
        log_y = log_softmax(u)
        losses[n], gamma = _loss_and_occupancies(log_y, target, blank)
        if np.isfinite(losses[n]):
            gradient[n, : len(u)] = np.exp(log_y) - gamma
    return losses, gradient.reshape(like.shape)


@_quiet
def why_infinite(logits, targets, input_lengths=None, target_lengths=None, *, blank=0):
    """Say which samples have an infinite loss, and why.

    Parameters and errors as `ctc_loss`.

    Returns
    -------
    dict
        From sample index to the reason, a sentence. Empty if all losses are finite.

    Examples
    --------
    >>> why_infinite(np.zeros((2, 3, 3)), [[1, 2], [1, 1]], input_lengths=[3, 2])
    {1: 'no path fits: 2 frames, but 2 labels with 1 adjacent equal pair need at least 3'}
    """
    reasons = {}
    batch, _ = _samples(logits, targets, input_lengths, target_lengths, blank)
    for n, (u, target) in enumerate(batch):
        U, r = len(target), repeats(target)
        if len(u) < min_length(target):
            pairs = "pair" if r == 1 else "pairs"
            frames = "frame" if len(u) == 1 else "frames"
            reasons[n] = (
                f"no path fits: {len(u)} {frames}, but {U} labels with {r} adjacent equal {pairs} need at least {U + r}"
            )
        elif np.isinf(_loss(log_softmax(u), target, blank)):
            reasons[n] = "every path has probability 0: logits of -inf (or too far below the rest) block them all"
    return reasons


def _loss(log_y, target, blank):
    """Loss of one sample: the end of the forward recursion."""
    log_p = np.logaddexp.reduce(log_forward(log_y, target, blank)[-1, -2:])
    return max(0.0, -log_p)  # rounding may lift ln 1 above 0; a loss is never negative


def _loss_and_occupancies(log_y, target, blank):
    """Loss of one sample and its symbol occupancies gamma, shape (T, K)."""
    log_outputs = log_y[:, extend(target, blank)]
    log_alpha, log_beta = log_forward(log_y, target, blank), log_backward(log_y, target, blank)
    log_p = np.logaddexp.reduce(log_alpha[-1, -2:])
    if np.isneginf(log_p):
        return np.inf, np.zeros_like(log_y)
    # alpha / y * beta, in this order so that nothing overflows between; where an output is 0, so is
    # alpha, and -inf must stay -inf
    through = np.full_like(log_alpha, -np.inf)
    np.subtract(log_alpha, log_outputs, out=through, where=log_outputs > -np.inf)
    through += log_beta
    # Any t gives p: dividing by this frame's own sum keeps rounding from growing with T.
    gamma = np.exp(through - np.logaddexp.reduce(through, axis=1, keepdims=True))
    return max(0.0, -log_p), symbol_sum(gamma, target, log_y.shape[1], blank)


def _samples(logits, targets, input_lengths, target_lengths, blank):
    """Check everything; return (logits (T_n, K), target (U_n,)) for each sample, and the logits as array."""
    try:
        logits = np.asarray(logits)
    except ValueError:  # NumPy's own message about ragged lists names no argument
        raise ValueError(
            "logits: expected a full array of shape (N, T, K) or (T, K), got rows of unequal length"
        ) from None
    if logits.dtype.type not in (np.float32, np.float64):
        raise TypeError(f"logits: expected float32 or float64, got {logits.dtype}")
    if logits.ndim not in (2, 3):
        raise ValueError(f"logits: expected shape (N, T, K) or (T, K), got {logits.shape}")
    T, K = logits.shape[-2:]
    if T == 0 or K == 0:
        raise ValueError(f"logits: expected at least one frame and one symbol, got shape {logits.shape}")
    batch = logits if logits.ndim == 3 else logits[None]
    N = len(batch)

    if isinstance(blank, (bool, np.bool_)) or not isinstance(blank, (int, np.integer)):
        raise TypeError(f"blank: expected an integer, got {blank!r}")
    if not 0 <= blank < K:
        raise ValueError(f"blank: expected an index in 0..{K - 1}, got {blank}")

    rows = _rows(targets, N, single=logits.ndim == 2)
    frames = _lengths("input_lengths", input_lengths, [T] * N, least=1, most=[T] * N)
    sizes = [len(row) for row in rows]
    labels = _lengths("target_lengths", target_lengths, sizes, least=0, most=sizes)

    samples = []
    for n in range(N):
        try:
            target = as_labelling(rows[n][: labels[n]], blank, K)
        except (TypeError, ValueError) as error:
            raise type(error)(f"targets, sample {n}: {error}") from None
        u = batch[n, : frames[n]]
        for t, wrong, expected in _bad_frames(u):
            raise ValueError(f"logits, sample {n}, frame {t}: {wrong}, expected {expected}")
        samples.append((u, target))
    return samples, logits


def _rows(targets, N, single):
    """Split the targets into N sequences, whichever way they came."""
    if isinstance(targets, np.ndarray):
        if targets.ndim not in ((1, 2) if single else (2,)):
            raise ValueError(f"targets: expected shape ({N}, U), got {targets.shape}")
        rows = list(targets) if targets.ndim == 2 else [targets]
    else:
        try:
            rows = list(targets)
        except TypeError:
            raise TypeError(f"targets: expected labels, got {type(targets).__name__}") from None
        if single and all(_rank(row) == 0 for row in rows):
            rows = [rows]
        for n, row in enumerate(rows):
            if _rank(row) != 1:
                raise ValueError(f"targets, sample {n}: expected a sequence of labels, got {row!r}")
    if len(rows) != N:
        raise ValueError(f"targets: expected {N} sequences, one for each sample, got {len(rows)}")
    return rows


def _rank(row):
    """Count the dimensions; -1 for nested sequences of unequal length."""
    try:
        return np.ndim(row)
    except ValueError:
        return -1


def _lengths(name, given, default, least, most):
    """Check an array of lengths, sample by sample."""
    if given is None:
        return default
    try:
        array = np.asarray(given)
    except ValueError:
        raise ValueError(f"{name}: expected shape ({len(default)},), got rows of unequal length") from None
    if array.shape != (len(default),):
        raise ValueError(f"{name}: expected shape ({len(default)},), one for each sample, got {array.shape}")
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integers, got {array.dtype}")
    for n, (length, limit) in enumerate(zip(array.tolist(), most, strict=True)):
        if not least <= length <= limit:
            raise ValueError(f"{name}, sample {n}: expected a length in {least}..{limit}, got {length}")
    return [int(length) for length in array]


def _bad_frames(u):
    """Yield the frames that have no softmax, as (frame, what is wrong, what was expected)."""
    peaks = u.max(axis=1)  # NaN wins, +inf next; -inf only if the whole frame is
    for t in np.flatnonzero(~np.isfinite(peaks)):
        if np.isneginf(peaks[t]):
            yield int(t), "every logit is -inf", "at least one symbol with a probability"
        else:
            k = int(np.flatnonzero(np.isnan(u[t]) | np.isposinf(u[t]))[0])
            yield int(t), f"logit of symbol {k} is {u[t, k]}", "a finite number or -inf"
