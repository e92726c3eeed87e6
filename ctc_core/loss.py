"""The CTC loss and its gradient for batches: what a user imports.

This module says what goes in and what comes out. `batch` checks the input, `kernel` computes.
"""

import numpy as np

from .batch import as_batch, refuse_bad_frame
from .checks import counted
from .kernel import losses_and_gradient
from .labels import min_length, repeats


def ctc_loss(logits, targets, input_lengths=None, target_lengths=None, *, blank=0):
    """Compute the CTC loss of each sample: -ln p(target | logits).

    Parameters
    ----------
    logits : array_like of float32 or float64, shape (N, T, K), or (T, K) for one sequence
        Unnormalised; the softmax is part of the loss. -inf means probability 0. Log probabilities
        are legal logits: the softmax leaves them as they are. Whole numbers are taken as float64.
    targets : array_like of int, shape (N, U), or list of N sequences, or one sequence for (T, K) logits
        Labels without blanks. A target may be empty. Entries beyond `target_lengths` are never read.
    input_lengths : array_like of int, shape (N,), optional
        Frames of each sample, 1..T; all T by default. Frames beyond are never read. Of one sequence a plain int.
    target_lengths : array_like of int, shape (N,), optional
        Labels of each sample; by default the whole row, or the length of each sequence.
    blank : int
        Index of the blank, 0..K-1.

    Returns
    -------
    ndarray of float64, shape (N,); for (T, K) logits a scalar
        Losses in nats, not reduced. inf where the target has probability 0 (`why_infinite` says why), or one
        below e^(-1e299). N = 0 gives an empty array.

    Raises
    ------
    TypeError
        Logits that are not float32, float64 or whole numbers; labels, lengths or blank that are not integers; masked
        arrays.
    ValueError
        Wrong rank or length; T = 0 or K = 0; a label out of range or equal to the blank; a length
        below its least value or beyond its array; a NaN or +inf logit, or a frame of -inf only,
        within the input length. The message names argument, sample and expectation.

    Notes
    -----
    Source: Graves et al. 2006, eqs. 3 and 8. The time grows with N T U for the lattice, and with N T K for the
    softmax. The memory beyond the input does not grow with T (but logits that are not contiguous and native are
    copied). A loss is right to about 1e-15 of its size (of float32 logits 1e-7), or to 1e-16 a frame if that is more.

    Examples
    --------
    >>> logits = np.array([[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1]])
    >>> round(float(ctc_loss(logits, [1, 2])), 8)
    2.46285839
    """
    batch, like = as_batch(logits, targets, input_lengths, target_lengths, blank)
    losses = _losses(batch)
    return losses if like.ndim == 3 else losses[0]


def ctc_loss_and_grad(logits, targets, input_lengths=None, target_lengths=None, *, blank=0):
    """Compute the CTC loss of each sample and its gradient in the logits, y - gamma.

    Parameters and errors as `ctc_loss`.

    Returns
    -------
    losses : ndarray of float64, shape (N,), or a scalar
        Nats, as `ctc_loss`.
    gradient : ndarray, shape and dtype of `logits`
        d losses[n] / d logits[n]. Exactly 0 in frames beyond `input_lengths`, and for a sample whose loss is
        inf: it has no slope to follow. With float32 logits the lattice is in float64, and the softmax and the
        result in float32: right to about 3e-7. All this as long as the loss is below 1e9: the error grows with
        it, about 1e-16 of it (labels masked by logits of -1e30 give such losses).

    Notes
    -----
    Source: Graves et al. 2006, eq. 16. With a mean or sum over the batch as the objective, multiply
    each sample's gradient by its weight. Beyond input and gradient it takes 2 T (U + 1) numbers of float64 for each of
    the samples that are computed together, U being the longest target: as many samples as have 4096 pairs together,
    and at least one.

    Examples
    --------
    >>> logits = np.array([[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1]])
    >>> losses, gradient = ctc_loss_and_grad(logits, [1, 2])
    >>> gradient.round(5)
    array([[ 0.17703, -0.70812,  0.17703,  0.17703,  0.17703],
           [ 0.17703,  0.17703, -0.70812,  0.17703,  0.17703]])
    """
    batch, like = as_batch(logits, targets, input_lengths, target_lengths, blank)
    gradient = np.empty_like(batch.logits)
    losses = _losses(batch, gradient)
    losses = losses if like.ndim == 3 else losses[0]
    return losses, gradient.reshape(like.shape).astype(like.dtype, copy=False)


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
    batch, _ = as_batch(logits, targets, input_lengths, target_lengths, blank)
    reasons = {}
    for n in np.flatnonzero(np.isinf(_losses(batch))).tolist():
        T, U = int(batch.input_lengths[n]), int(batch.target_lengths[n])
        target = batch.targets[n, :U]
        if T < min_length(target):
            r = repeats(target)
            equal = f" with {counted(r, 'adjacent equal pair')}" if r else ""
            need = f"{counted(U, 'label')}{equal} need{'s' if U == 1 else ''} at least {U + r}"
            reasons[n] = f"no path fits: {counted(T, 'frame')}, but {need}"
        else:
            reasons[n] = "every path has probability 0: logits of -inf (or too far below the rest) block them all"
    return reasons


def _losses(batch, gradient=None):
    """Compute what is checked; a loss of NaN says that a frame was met which has no softmax."""
    losses = losses_and_gradient(*batch, gradient)
    if np.isnan(losses).any():
        refuse_bad_frame(batch)
    return losses
