"""The fast core: losses and gradient of a batch, exact, in rows of many samples.

The lattice is that of `forward_backward`, in log space. The chapter "From equations to a fast kernel" derives what
differs. Read `merge` first, then `Lattice.forward` and `Lattice.backward`, each a loop over frames of a few lines:

- Blank i and label i are a *pair*, and a pair is left as one (eq-pairs): two merges of two numbers at each frame.
- A merge keeps the share of one part (eq-share). Occupancies flow from the end to the start, and every merge hands its
  occupancy on to its two parts by their shares (eq-flow-back): no beta, no logarithm, numbers in [0, 1].
- A frame beyond the input is a certain blank (eq-certain-blank), so samples of any length go side by side.
- Only pairs that some sample can reach, and can still finish from, are touched (eq-alpha-prune, eq-beta-prune).
- The softmax, and what the lattice reads and writes of it, is done in blocks of frames that stay in cache.

A row holds pair i of sample n at place i N + n: the same pair of all samples is contiguous. So are the left neighbours
of a run of pairs, which begin N places before.
"""

import numpy as np

# For ln 0 in a blank. Sums of it stay finite, and beside a possible path its share is exactly 0. Every merge has a part
# that comes from a blank, so a label may be -inf: there is never -inf - -inf. A sample that ends with it has the loss
# inf; no other loss comes near it unless logits are 1e299 apart.
IMPOSSIBLE = -1e300
# Places in a row: enough to forget the cost of a call of NumPy, few enough to stay in cache.
ROW = 2**12
# Numbers that stay in cache from one pass to the next: frames x places of a row, or samples x frames x K logits.
BLOCK = 2**16


def losses_and_gradient(logits, targets, input_lengths, target_lengths, blank, gradient=None):
    """Compute the losses of a checked batch and, if there is room for it, the gradient.

    Parameters
    ----------
    logits : ndarray of float32 or float64, shape (N, T, K), C-contiguous
    targets : ndarray of int, shape (N, U)
        Labels in 0..K-1, padded with any of them.
    input_lengths, target_lengths : ndarray of int, shape (N,)
    blank : int
    gradient : ndarray like logits, optional
        Filled with softmax minus occupancies; with 0 in padding and for samples whose loss is inf.

    Returns
    -------
    ndarray of float64, shape (N,)
        Nats; inf where no path is possible, NaN where a frame has no softmax (NaN, +inf, or only -inf).

    Examples
    --------
    >>> losses_and_gradient(np.zeros((1, 3, 3)), np.array([[1, 2]]), np.array([3]), np.array([2]), 0).round(3)
    array([1.686])
    """
    N, T, _ = logits.shape
    losses = np.empty(N)
    # U > T is computed as an empty target, so that the range of live pairs exists; its loss becomes inf below. Where
    # only the repeats need more frames than there are, the lattice itself finds no path.
    fits = input_lengths >= target_lengths
    lengths = np.where(fits, target_lengths, 0)
    samples = max(1, ROW // (targets.shape[1] + 1))
    with np.errstate(all="ignore"):  # overflow to inf is meant, NaN is looked for by the caller
        for first in range(0, N, samples):
            part = slice(first, first + samples)
            lattice = Lattice(logits[part], targets[part], input_lengths[part], lengths[part], blank)
            losses[part] = lattice.forward(None if gradient is None else gradient[part])
            if gradient is not None:
                lattice.backward(gradient[part])
    losses[~fits & ~np.isnan(losses)] = np.inf
    if gradient is not None:
        gradient[np.isinf(losses)] = 0
        gradient[np.arange(T) >= input_lengths[:, None]] = 0
    return losses


def merge(v, w, share, out):
    """Add two probabilities given as logarithms, and keep the share that one has of the sum.

    Implements eq-share and eq-merge: r = 1 / (1 + e^(v - w)) is the share of w, and the logarithm of the sum is that of
    the larger part less the logarithm of the larger share. The share is right to its last digits; the logarithm is as
    right as the larger part, and to about 1e-16.

    Parameters
    ----------
    v, w : ndarray of float64
        Nats; at most one of the two may be -inf.
    share : ndarray of float64
        Filled with r; exactly 0 where w is below v by 710 nats or more.
    out : ndarray of float64
        Filled with ln(e^v + e^w), nats.

    Examples
    --------
    >>> share, out = np.empty(1), np.empty(1)
    >>> merge(np.log([0.3]), np.log([0.1]), share, out)
    >>> np.exp(out).round(3), share.round(3)
    (array([0.4]), array([0.25]))
    """
    np.subtract(v, w, out=share)
    np.exp(share, out=share)
    np.add(1.0, share, out=share)
    np.reciprocal(share, out=share)
    larger = np.subtract(1.0, share)
    np.maximum(larger, share, out=larger)
    np.log(larger, out=larger)
    np.maximum(v, w, out=out)
    np.subtract(out, larger, out=out)


class Lattice:
    """The lattices of N samples, side by side in the same rows.

    Parameters as `losses_and_gradient`; here every target fits its input.
    """

    def __init__(self, logits, targets, input_lengths, target_lengths, blank):
        """Find out where everything is."""
        N, T, K = logits.shape
        U = targets.shape[1]
        self.logits, self.blank = logits, blank
        self.input_lengths, self.target_lengths = input_lengths, target_lengths
        self.width = (U + 1) * N
        self.end = target_lengths * N + np.arange(N)  # the last pair of each sample
        # The places of pairs whose label equals the next one: to that one they lead from their blank only.
        same = (targets[:, 1:] == targets[:, :-1]) & (np.arange(1, U) < target_lengths[:, None])
        self.repeats = np.flatnonzero(same.T) + N
        # A row for each frame of a block: where the labels of a row have their logits, counted from the block's start.
        # At least 8 frames, also if that is more than BLOCK: each block has a price.
        block = min(T, max(8, BLOCK // max(K, self.width)))
        self.gather = np.arange(block)[:, None] * K + (targets + np.arange(N)[:, None] * (T * K)).T.ravel()

    def blocks(self):
        """Yield the blocks of frames: start, stop, and what each frame touches.

        The range of pairs is that of all samples together. Its start moves on by one pair a frame, or it rests. Where
        it rests above pair 0, the sample that holds it has read its input: the pair before is out of date, but leads to
        a label whose output is 0. The other samples cannot finish from that pair, nor from anything it leads to.
        """
        N, T, _ = self.logits.shape
        for start in range(0, T, len(self.gather)):
            stop = min(start + len(self.gather), T)
            t = np.arange(start, stop)[:, None]
            # Frame t reaches pair t + 1 at most, and at least the pair from which the frames left suffice.
            least = np.minimum(self.target_lengths - self.input_lengths + t + 1, self.target_lengths)
            first = least.min(axis=1).clip(0) * N
            last = np.minimum(t[:, 0] + 2, self.target_lengths.max() + 1) * N
            i, j = np.searchsorted(self.repeats, [first - N, last - N])
            yield start, stop, list(map(self.reach, first.tolist(), last.tolist(), i.tolist(), j.tolist()))

    def reach(self, first, last, i, j):
        """Return what a frame touches if its paths lead to the places `first` to `last` - 1.

        Returns
        -------
        source, to : slice
            Pairs that the paths come from, and go to. The source is `left`, and the last pair of `to`.
        labelled : slice
            The same as `to` without pair 0, which has no label.
        left : slice
            The left neighbours of `labelled`. Also its own places in rows that begin with the label of pair 1.
        repeats : ndarray of int, or None if there are none
            Places of `left` whose right neighbour has the same label: `self.repeats[i:j]`.
        """
        N = len(self.logits)
        labelled = max(first, N)
        return (
            slice(max(first - N, 0), last),
            slice(first, last),
            slice(labelled, last),
            slice(labelled - N, last - N),
            self.repeats[i:j] if i < j else None,
        )

    def log_outputs(self, start, stop, y):
        """Compute the log outputs of a block of frames that the lattice needs, in the order of its rows.

        Implements eq-certain-blank: beyond a sample's input the blank is certain.

        Parameters
        ----------
        start, stop : int
            The frames.
        y : ndarray like logits, shape (N, stop - start, K), or None
            Filled with the softmax; beyond the input with anything.

        Returns
        -------
        log_blank : ndarray of float64, shape (stop - start, N)
        log_label : ndarray of float64, shape (stop - start, U N)
        """
        N, _, K = self.logits.shape
        u = self.logits[:, start:stop]
        top, total = self.softmax(u, y)
        log_blank = np.subtract(u[:, :, self.blank].T, top, dtype=np.float64)
        log_label = self.logits.reshape(-1)[start * K :].take(self.gather[: stop - start])
        log_label = np.subtract(log_label.reshape(stop - start, -1, N), top[:, None], dtype=np.float64)
        log_total = np.log(total)
        log_blank -= log_total
        log_label -= log_total[:, None]
        np.maximum(log_blank, IMPOSSIBLE, out=log_blank)
        late = np.arange(start, stop)[:, None] >= self.input_lengths
        if late.any():
            log_blank[late] = 0
            log_label.transpose(0, 2, 1)[late] = -np.inf
        return log_blank, log_label.reshape(stop - start, -1)

    def softmax(self, u, y):
        """Compute the softmax of logits u, shape (N, frames, K), into `y` unless it is None.

        Returns
        -------
        top, total : ndarray, shape (frames, N)
            The largest logit of each frame, and the denominator once this logit is subtracted.
        """
        N, frames, K = u.shape
        top, total = np.empty((frames, N), u.dtype), np.empty((frames, N))
        some = max(1, BLOCK // (frames * K))  # so many samples that every pass finds them in cache
        scratch = np.empty((some, frames, K), u.dtype) if y is None else None
        for n in range(0, N, some):
            part = u[n : n + some]
            e = scratch[: len(part)] if y is None else y[n : n + some]
            peak = part.max(axis=2, keepdims=True)
            np.subtract(part, peak, out=e)
            np.exp(e, out=e)
            # In float64: where every frame is certain, the loss is little more than the logarithm of this.
            mass = e.sum(axis=2, keepdims=True, dtype=np.float64)
            if y is not None:
                e *= (1 / mass).astype(y.dtype, copy=False)
            top[:, n : n + some], total[:, n : n + some] = peak[:, :, 0].T, mass[:, :, 0].T
        return top, total

    def forward(self, gradient=None):
        """Compute the losses; if `gradient` is given, leave the softmax in it, and keep the shares of all merges.

        Implements eq-pairs.

        Parameters
        ----------
        gradient : ndarray like logits, shape (N, T, K), optional

        Returns
        -------
        ndarray of float64, shape (N,)
        """
        N, T, _ = self.logits.shape
        rows = 1 if gradient is None else T  # the loss alone overwrites the same row
        self.pair_shares, self.label_shares = (np.empty((rows, self.width)) for _ in range(2))
        blanks, labels = np.full(self.width, IMPOSSIBLE), np.full(self.width, -np.inf)
        blanks[:N] = 0.0  # before the first frame: in the first blank, nothing read
        pairs, entered = np.empty((2, self.width))
        grid = (-1, N)  # a row as (pairs, samples)
        self.seen = []
        for start, stop, reach in self.blocks():
            if gradient is not None:
                self.seen.append((start, stop, reach))
            y = None if gradient is None else gradient[:, start:stop]
            log_blank, log_label = self.log_outputs(start, stop, y)
            for t, (source, to, labelled, left, repeats) in enumerate(reach, start):
                pair_share, label_share = self.pair_shares[t % rows], self.label_shares[t % rows]
                merge(labels[source], blanks[source], pair_share[source], pairs[source])
                blank_only = None if repeats is None else blanks[repeats]
                np.add(pairs[to].reshape(grid), log_blank[t - start], out=blanks[to].reshape(grid))
                if repeats is not None:
                    pairs[repeats] = blank_only
                merge(pairs[left], labels[labelled], label_share[labelled], entered[labelled])
                np.add(entered[labelled], log_label[t - start, left], out=labels[labelled])
        self.end_shares, log_p = np.empty((2, N))
        merge(labels[self.end], blanks[self.end], self.end_shares, log_p)
        losses = np.maximum(-log_p, 0.0) + 0.0  # rounding may lift ln 1 above 0, and -0.0 is no loss
        losses[log_p < IMPOSSIBLE / 10] = np.inf  # no path without a stand-in for ln 0
        return losses

    def backward(self, gradient):
        """Subtract the occupancies from `gradient`, which holds the softmax: after `forward`.

        Implements eq-flow-back.

        Parameters
        ----------
        gradient : ndarray like logits, shape (N, T, K)
        """
        N, _, K = self.logits.shape
        # Blanks and labels hold occupancies from here on. Row f + 1 is of frame f of the block; row 0 is what flows on,
        # to the block before.
        blanks = np.zeros((len(self.gather) + 1, self.width))
        labels = np.zeros((len(self.gather) + 1, self.width - N))
        blanks[0, self.end] = self.end_shares
        some = self.end >= N  # an empty target ends in a blank
        labels[0, self.end[some] - N] = 1 - self.end_shares[some]
        pairs, entered = np.empty((2, self.width))
        for start, stop, reach in reversed(self.seen):
            size = stop - start
            blanks[size], labels[size] = blanks[0], labels[0]
            blanks[:size] = labels[:size] = 0  # rows are read whole below, and each frame writes its own range only
            for f in reversed(range(size)):
                source, _, labelled, left, repeats = reach[f]
                pair_share, label_share = self.pair_shares[start + f][source], self.label_shares[start + f][labelled]
                blank, before = blanks[f + 1, source], blanks[f, source]
                label, stay = labels[f + 1, left], labels[f, left]
                pair, enter = pairs[source], entered[left]
                # Label i: what stays in it, and what came from pair i - 1.
                np.multiply(label, label_share, out=stay)
                np.subtract(label, stay, out=enter)
                if repeats is not None:
                    blank_only = entered[repeats]
                    entered[repeats] = 0
                # Pair i: what goes to blank i, and to label i + 1, came from it.
                pair[:] = blank
                pairs[left] += enter  # from the last pair no path has got to its next label yet
                np.multiply(pair, pair_share, out=before)
                np.subtract(pair, before, out=pair)
                first = max(source.start, N)  # pair 0 has no label
                labels[f, first - N : source.stop - N] += pairs[first : source.stop]
                if repeats is not None:
                    blanks[f][repeats] += blank_only
            flat = gradient.reshape(-1)[start * K :]
            change = labels[1 : size + 1].reshape(-1).astype(flat.dtype, copy=False)  # two dtypes make subtract.at slow
            np.subtract.at(flat, self.gather[:size].reshape(-1), change)
            gradient[:, start:stop, self.blank] -= sum_of_pairs(blanks[1 : size + 1].reshape(size, -1, N)).T


def sum_of_pairs(rows):
    """Add up rows of shape (frames, pairs, N) over their pairs, in place: the upper half to the lower, and so on.

    NumPy's own order depends on the shape. This one does not, so a sample has the same sum in every batch.

    Examples
    --------
    >>> sum_of_pairs(np.array([[[1.0], [2.0], [4.0]]]))
    array([[7.]])
    """
    size = rows.shape[1]
    while size > 1:
        half = 1 << (size - 1).bit_length() - 1  # a power of two: pairs that are not there would have added 0
        rows[:, : size - half] += rows[:, half:size]
        size = half
    return rows[:, 0]
