"""Paths through the lattice, one after the other."""

from collections import Counter

from ..drawings.canvas import Look
from ..drawings.drawn import Drawn
from .lattice import Lattice

WORDS = {"path": "", "spells": "bold"}  # the rows under the lattice


def parts(q):
    """Name the states and the arrows of a path."""
    return [*enumerate(q), *((t, q[t - 1], q[t]) for t in range(1, len(q)))]


def lattice_paths(labelling, symbols, sequences, *, blank=0, rest=-1, title=None):
    """Flip through several paths; those already seen leave a trace, until the lattice is full.

    Parameters and errors as `forward_sweep`; each of the `sequences` holds the states of a path, counted from 0.
    """
    paths = [tuple(int(s) for s in q) for q in sequences]
    if not paths:
        raise ValueError("sequences: expected at least one")
    T, n = len(paths[0]), len(paths)
    lattice = Lattice(labelling, T, symbols, blank, role="path", rows=WORDS)
    for q in paths:
        if len(q) != T or not all(0 <= s < lattice.S for s in q):
            raise ValueError(f"sequences: expected {T} states in 0..{lattice.S - 1}, got {q}")
        moves = all(q[t - 1] in lattice.before[q[t]] for t in range(1, T))
        if q[0] not in lattice.starts or q[-1] not in lattice.ends or not moves:
            raise ValueError(f"sequences: {q} is not a path through the lattice")
    frames, captions, seen = [], [], {}
    for f, q in enumerate(paths):
        said = [lattice.symbols[s] for s in q]
        new = [lattice.is_label(s) and (t == 0 or s != q[t - 1]) for t, s in enumerate(q)]
        spelt = [symbol if n else "" for symbol, n in zip(said, new, strict=True)]
        texts = {
            (row, t): Look(text=text)
            for row, line in zip(WORDS, (said, spelt), strict=True)
            for t, text in enumerate(line)
        }
        frames.append(seen | dict.fromkeys(parts(q), Look("path")) | texts)
        seen = seen | dict.fromkeys(parts(q), Look("seen"))
        captions.append(f"Path {f + 1} of {n}: {''.join(said)}.")
    count = Counter(part for q in paths for part in parts(q))

    def detail(t, s):
        return f"{lattice.place(t, s)}: {count[t, s]} of the {n} paths pass here.", lattice.entering(t, s)

    lattice.animate(frames, detail)
    return Drawn(
        lattice.drawing,
        title or f"{n} paths that spell {lattice.word}",
        f"{n} paths through the lattice of {lattice.word}, one after the other. Each is a different way to"
        " walk from one of the first two states to one of the last two, and each spells the same labelling.",
        captions=captions,
        labels=[f"{f + 1} of {n}" for f in range(n)],
        slider="Path",
        seconds=max(0.25, min(1.4, 20 / n)),
        rest=rest,
    )
