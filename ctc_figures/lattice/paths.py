"""Paths through the lattice: one, step by step, or many, one after the other."""

from collections import Counter

from ..drawings.canvas import Look
from ..drawings.drawn import Drawn
from ..page.notation import number
from .lattice import Lattice

WORDS = {"path": "", "spells": "bold"}  # the rows under the lattice


def parts(q):
    """Name the states and the arrows of a path."""
    return [*enumerate(q), *((t, q[t - 1], q[t]) for t in range(1, len(q)))]


class _Paths:
    """A lattice, and state sequences that are paths through it."""

    def __init__(self, labelling, symbols, sequences, blank, prune):
        self.sequences = [tuple(int(s) for s in q) for q in sequences]
        if not self.sequences:
            raise ValueError("sequences: expected at least one")
        T = len(self.sequences[0])
        self.lattice = lattice = Lattice(labelling, T, symbols, blank, prune=prune, role="path", rows=WORDS)
        for q in self.sequences:
            if len(q) != T or not all(0 <= s < lattice.S for s in q):
                raise ValueError(f"sequences: expected {T} states in 0..{lattice.S - 1}, got {q}")
            moves = all(q[t - 1] in lattice.before[q[t]] for t in range(1, T))
            if q[0] not in lattice.starts or q[-1] not in lattice.ends or not moves:
                raise ValueError(f"sequences: {q} is not a path through the lattice")

    def said(self, q):
        """Return the symbol of each frame."""
        return [self.lattice.symbols[s] for s in q]

    def spelt(self, q):
        """Return which label each frame adds to the labelling; "" where it adds none."""
        new = [self.lattice.is_label(s) and (t == 0 or s != q[t - 1]) for t, s in enumerate(q)]
        return [symbol if n else "" for symbol, n in zip(self.said(q), new, strict=True)]

    def rows(self, q):
        """Return what stands under the lattice, by name and frame."""
        texts = zip(WORDS, (self.said(q), self.spelt(q)), strict=True)
        return {(row, t): Look(text=text) for row, line in texts for t, text in enumerate(line)}


def lattice_path(labelling, symbols, sequence, *, blank=0, prune=True, rest=-1, title=None, description=None):
    """Walk one path through the lattice, frame by frame, while the string it spells grows below.

    Parameters and errors as `forward_sweep`; `sequence` holds the states of the path, counted from 0.
    """
    paths = _Paths(labelling, symbols, [sequence], blank, prune)
    lattice, q = paths.lattice, paths.sequences[0]
    said, spelt, rows = paths.said(q), paths.spelt(q), paths.rows(q)
    frames, captions = [], []
    for t in range(lattice.T):
        frame = dict.fromkeys(parts(q[: t + 1]), Look("path"))
        frame |= {(row, u): look for (row, u), look in rows.items() if u <= t}
        frames.append(frame | {(t, q[t]): Look("path now")})
        if spelt[t]:
            event = f"A new label: {spelt[t]}."
        elif lattice.is_label(q[t]):
            event = f"{said[t]} once more, in the same state: it merges with the one before."
        else:
            event = "A blank: it is dropped."
        captions.append(f"t = {t + 1}. {event} So far: {''.join(spelt[: t + 1]) or 'nothing'}.")
    lattice.animate(frames, lambda t, s: (lattice.place(t, s), lattice.entering(t, s)))
    return Drawn(
        lattice.drawing,
        title or f"The path {''.join(said)} through the lattice of {lattice.word}",
        description
        or f"A path walks through the lattice from left to right. It says {' '.join(said)} and visits the"
        f" states {', '.join(str(s + 1) for s in q)}. With repeats merged and blanks dropped it spells"
        f" {lattice.word}.",
        captions=captions,
        labels=lattice.times,
        rest=rest,
    )


def lattice_paths(
    labelling, symbols, sequences, probabilities=None, *, blank=0, prune=True, rest=-1, title=None, description=None
):
    """Flip through several paths; those already seen leave a trace, until the lattice is full.

    Parameters and errors as `lattice_path`. Given `probabilities`, one for each path, the caption says them and
    the sum so far.
    """
    paths = _Paths(labelling, symbols, sequences, blank, prune)
    lattice, n = paths.lattice, len(paths.sequences)
    if probabilities is not None and len(probabilities) != n:
        raise ValueError(f"probabilities: expected {n}, one for each path, got {len(probabilities)}")
    frames, captions, seen, total = [], [], {}, 0.0
    for f, q in enumerate(paths.sequences):
        frames.append(seen | dict.fromkeys(parts(q), Look("path")) | paths.rows(q))
        seen = seen | dict.fromkeys(parts(q), Look("seen"))
        captions.append(f"Path {f + 1} of {n}: {''.join(paths.said(q))}.")
        if probabilities is not None:
            total += float(probabilities[f])
            captions[-1] += f" Its probability is {number(probabilities[f])}; the sum so far {number(total)}."
    count = Counter(part for q in paths.sequences for part in parts(q))

    def detail(t, s):
        return f"{lattice.place(t, s)}: {count[t, s]} of the {n} paths pass here.", lattice.entering(t, s)

    lattice.animate(frames, detail)
    return Drawn(
        lattice.drawing,
        title or f"{n} paths that spell {lattice.word}",
        description
        or f"{n} paths through the lattice of {lattice.word}, one after the other. Each is a different way to"
        " walk from one of the first two states to one of the last two, and each spells the same labelling.",
        captions=captions,
        labels=[f"{f + 1} of {n}" for f in range(n)],
        slider="Path",
        seconds=max(0.25, min(1.4, 20 / n)),
        rest=rest,
    )
