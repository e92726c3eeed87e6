"""What a user passes, checked: whatever is wrong is refused, with argument, sample and expectation named."""

from typing import NamedTuple

import numpy as np

from .checks import array_of, index
from .labels import as_labelling


class Batch(NamedTuple):
    """A checked batch, in the form that the kernel computes with."""

    logits: np.ndarray  # (N, T, K), float32 or float64, native and C-contiguous
    targets: np.ndarray  # (N, U) of int64, padded with the blank
    input_lengths: np.ndarray  # (N,) of int64
    target_lengths: np.ndarray  # (N,) of int64
    blank: int


def as_batch(logits, targets, input_lengths, target_lengths, blank):
    """Check everything but the values of the logits, which are looked at when they are read.

    Parameters and errors as `ctc_core.ctc_loss`.

    Returns
    -------
    batch : Batch
    like : ndarray
        The logits as they came: shape and dtype of the gradient.

    Examples
    --------
    >>> batch, like = as_batch(np.zeros((2, 4, 3)), [[1, 2], [2]], None, None, blank=0)
    >>> batch.targets, batch.target_lengths
    (array([[1, 2],
           [2, 0]]), array([2, 1]))
    """
    like = array_of("logits", logits)
    if like.dtype.kind in "iu":
        like = like.astype(np.float64)
    if like.dtype.type not in (np.float32, np.float64):
        cast = ": convert it, with .astype(np.float32)" if like.dtype.kind == "f" else ""
        raise TypeError(f"logits: expected float32 or float64, got {like.dtype}{cast}")
    if like.ndim not in (2, 3):
        raise ValueError(f"logits: expected shape (N, T, K) or (T, K), got {like.shape}")
    T, K = like.shape[-2:]
    if T == 0 or K == 0:
        raise ValueError(f"logits: expected at least one frame and one symbol, got shape {like.shape}")
    array = np.ascontiguousarray(like, dtype=like.dtype.type).reshape(-1, T, K)
    N, single = len(array), like.ndim == 2
    blank = index("blank", blank, K)

    rows = _rows(targets, array.shape, target_lengths, single)
    if single:  # a plain number is a length, too
        input_lengths, target_lengths = (
            [given] if given is not None and _rank(given) == 0 else given for given in (input_lengths, target_lengths)
        )
    input_lengths = _lengths("input_lengths", input_lengths, np.full(N, T), least=1)
    most = np.array([len(row) for row in rows], int)
    padding = "" if target_lengths is not None else "; if that is padding, give target_lengths"
    target_lengths = _lengths("target_lengths", target_lengths, most, least=0)
    padded = _padded(rows, target_lengths, blank, K, padding)
    return Batch(array, padded, input_lengths, target_lengths, blank), like


def _rows(targets, shape, lengths, single):
    """Split the targets into N sequences, whichever way they came."""
    N, T, _ = shape
    if hasattr(targets, "__array__"):
        targets = array_of("targets", targets)
        if targets.ndim == 1 and not single and lengths is not None:
            split = "np.split(targets, np.cumsum(target_lengths)[:-1])"
            raise ValueError(f"targets: expected shape ({N}, U), got {targets.shape}; split them: {split}")
        if targets.ndim not in ((1, 2) if single else (2,)):
            raise ValueError(f"targets: expected shape ({N}, U), got {targets.shape}")
        rows = targets if targets.ndim == 2 else targets[None]
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
        turned = "; logits of shape (T, N, K)? give logits.transpose(1, 0, 2)" if len(rows) == T and not single else ""
        raise ValueError(f"targets: expected {N} sequences, one for each sample, got {len(rows)}{turned}")
    return rows


def _rank(row):
    """Count the dimensions; -1 for what is no array, such as nested sequences of unequal length."""
    try:
        return np.ndim(row)
    except (ValueError, TypeError, RuntimeError):
        return -1


def _lengths(name, given, most, least):
    """Check an array of lengths, one for each sample; `most` is also what stands for none."""
    if given is None:
        return most
    array = array_of(name, given)
    if array.shape != most.shape:
        raise ValueError(f"{name}: expected shape ({len(most)},), one for each sample, got {array.shape}")
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integers, got {array.dtype}")
    wrong = (array < least) | (array > most)
    if wrong.any():
        n = int(wrong.argmax())
        raise ValueError(f"{name}, sample {n}: expected a length in {least}..{most[n]}, got {array[n]}")
    return array.astype(np.int64)


def _padded(rows, lengths, blank, K, padding):
    """Return the targets as one array; what is beyond their lengths is never read."""
    U = lengths.max(initial=0)
    inside = np.arange(U) < lengths[:, None]
    padded = np.full(inside.shape, blank)
    if isinstance(rows, np.ndarray) and rows.dtype.kind in "iu":
        labels = rows[:, :U][inside]
        if not ((labels < 0) | (labels >= K) | (labels == blank)).any():
            padded[inside] = labels
            return padded
    for n, row in enumerate(rows):  # sample by sample: lists, and to say what is wrong and where
        try:
            padded[n, : lengths[n]] = as_labelling(row[: lengths[n]], blank, K)
        except (TypeError, ValueError) as error:
            what = str(error).removeprefix("labelling: ")
            raise type(error)(f"targets, sample {n}: {what}{padding if 'position' in what else ''}") from None
    return padded


def refuse_bad_frame(batch):
    """Raise for the first frame, within the input lengths, that has no softmax.

    Raises
    ------
    ValueError
        A NaN or +inf logit, or a frame of -inf only. The message names sample, frame and expectation.

    Examples
    --------
    >>> refuse_bad_frame(as_batch(np.full((1, 2, 3), np.nan), [[1]], None, None, blank=0)[0])
    Traceback (most recent call last):
        ...
    ValueError: logits, sample 0, frame 0: logit of symbol 0 is nan, expected a finite number or -inf
    """
    tops = batch.logits.max(axis=2)  # NaN wins, +inf next; -inf only if the whole frame is
    bad = ~np.isfinite(tops) & (np.arange(tops.shape[1]) < batch.input_lengths[:, None])
    for n, t in np.argwhere(bad)[:1].tolist():
        frame = batch.logits[n, t]
        if np.isneginf(tops[n, t]):
            raise ValueError(
                f"logits, sample {n}, frame {t}: every logit is -inf, expected at least one symbol with a probability"
            )
        k = int(np.argmax(np.isnan(frame) | np.isposinf(frame)))
        raise ValueError(
            f"logits, sample {n}, frame {t}: logit of symbol {k} is {frame[k]}, expected a finite number or -inf"
        )
