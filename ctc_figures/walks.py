"""Paths through the lattice: one, step by step, or many, one after the other."""

from .drawing import State
from .figure import Figure
from .lattice import Lattice
from .notation import number


def _check_sequences(lattice, sequences):
    """Return state sequences as tuples of int; each must be a path that spells the labelling."""
    checked = [tuple(int(s) for s in q) for q in sequences]
    if not checked:
        raise ValueError("sequences: expected at least one")
    for q in checked:
        steps = zip(q[1:], q, strict=False)
        if len(q) != lattice.T or not all(0 <= s < lattice.S for s in q):
            raise ValueError(f"sequences: expected {lattice.T} states in 0..{lattice.S - 1}, got {q}")
        if q[0] > 1 or q[-1] < lattice.S - 2 or not all(r in lattice.before[s] for s, r in steps):
            raise ValueError(f"sequences: {q} is not a path through the lattice")
    return checked


def _path_figure(lattice, looks, tiles, emitted, texts):
    """Draw the lattice with a highlighted path, and below it what the path says and what it spells."""
    drawing, T = lattice.drawing, lattice.T
    lattice.axes()
    for arrow in lattice.arrows():
        lattice.arrow(*arrow, states=[State(look.get(arrow, "")) for look in looks])
    with drawing.cells("States"):
        for t in range(T):
            for s in range(lattice.S):
                states = [State(look.get((t, s), "")) for look in looks]
                lattice.state(t, s, texts(t, s), lattice.inputs(t, s), states)
    for row, (name, rows) in enumerate((("path", tiles), ("spells", emitted)), 1):
        drawing.label(4, lattice.below(row), name, "muted start")
        for t in range(T):
            states = [State(text=f[t]) for f in rows]
            drawing.label(lattice.x(t), lattice.below(row), "", "bold" if row == 2 else "", states=states)


def _spelt(lattice, q):
    """Return which label each frame adds to the labelling; "" where it adds none."""
    new = [t == 0 or s != q[t - 1] for t, s in enumerate(q)]
    return [lattice.symbols[s] if n and lattice.is_label(s) else "" for s, n in zip(q, new, strict=True)]


def lattice_path(labelling, symbols, sequence, *, blank=0, prune=True, title=None, description=None):
    """Walk one path through the lattice, frame by frame, while the string it spells grows below.

    Parameters
    ----------
    labelling : sequence of int, length U
    symbols : str or sequence of str
    sequence : sequence of int, length T
        The states of the path, counted from 0, as in `ctc_core.paths.state_sequences`.
    blank, prune, title, description
        As for `lattice_structure`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        The sequence is not a path through the lattice.
    """
    lattice = Lattice(labelling, len(sequence), symbols, blank, prune, role="path", rows_below=2)
    (q,) = _check_sequences(lattice, [sequence])
    said, spelt = [lattice.symbols[s] for s in q], _spelt(lattice, q)
    looks, tiles, emitted, captions = [], [], [], []
    for f in range(lattice.T):
        look = {(t, q[t]): "path" for t in range(f)} | {(f, q[f]): "path now"}
        look |= {(t, q[t - 1], q[t]): "path" for t in range(1, f + 1)}
        looks.append(look)
        tiles.append([c if t <= f else "" for t, c in enumerate(said)])
        emitted.append([c if t <= f else "" for t, c in enumerate(spelt)])
        word = "".join(spelt[: f + 1])
        if spelt[f]:
            event = f"A new label: {spelt[f]}."
        elif lattice.is_label(q[f]):
            event = f"{said[f]} once more, in the same state: it merges with the one before."
        else:
            event = "A blank: it is dropped."
        captions.append(f"t = {f + 1}. {event} So far: {word or 'nothing'}.")
    _path_figure(lattice, looks, tiles, emitted, lambda t, s: f"State {s + 1} ({lattice.symbols[s]}) at t = {t + 1}")
    return Figure(
        lattice.drawing,
        title or f"The path {''.join(said)} through the lattice of {lattice.word}",
        description
        or f"A path walks through the lattice from left to right. It says {' '.join(said)} and visits the"
        f" states {', '.join(str(s + 1) for s in q)}. With repeats merged and blanks dropped it spells"
        f" {lattice.word}.",
        captions=captions,
        labels=[f"t = {t + 1} of {lattice.T}" for t in range(lattice.T)],
    )


def lattice_paths(
    labelling, symbols, sequences, probabilities=None, *, blank=0, prune=True, title=None, description=None
):
    """Flip through several paths; those already seen leave a trace, until the lattice is full.

    Parameters
    ----------
    labelling : sequence of int, length U
    symbols : str or sequence of str
    sequences : list of sequence of int, each of length T
        State sequences, counted from 0.
    probabilities : sequence of float, optional
        One for each path; the caption then shows it and the sum so far.
    blank, prune, title, description
        As for `lattice_structure`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        A sequence is not a path, or the numbers of paths and probabilities differ.
    """
    sequences = list(sequences)
    if not sequences:
        raise ValueError("sequences: expected at least one")
    lattice = Lattice(labelling, len(sequences[0]), symbols, blank, prune, role="path", rows_below=2)
    sequences = _check_sequences(lattice, sequences)
    n = len(sequences)
    if probabilities is not None and len(probabilities) != n:
        raise ValueError(f"probabilities: expected {n}, one for each path, got {len(probabilities)}")
    looks, captions, seen, total = [], [], {}, 0.0
    count = {}
    for f, q in enumerate(sequences):
        here = {(t, s): "path" for t, s in enumerate(q)}
        here |= {(t, q[t - 1], q[t]): "path" for t in range(1, len(q))}
        looks.append(seen | here)
        seen = seen | dict.fromkeys(here, "seen")
        for t, s in enumerate(q):
            count[t, s] = count.get((t, s), 0) + 1
        said = "".join(lattice.symbols[s] for s in q)
        captions.append(f"Path {f + 1} of {n}: {said}.")
        if probabilities is not None:
            total += float(probabilities[f])
            captions[-1] += f" Its probability is {number(probabilities[f])}; the sum so far {number(total)}."

    def text(t, s):
        paths = count.get((t, s), 0)
        return f"State {s + 1} ({lattice.symbols[s]}) at t = {t + 1}: {paths} of the {n} paths pass here."

    tiles = [[lattice.symbols[s] for s in q] for q in sequences]
    _path_figure(lattice, looks, tiles, [_spelt(lattice, q) for q in sequences], text)
    return Figure(
        lattice.drawing,
        title or f"{n} paths that spell {lattice.word}",
        description
        or f"{n} paths through the lattice of {lattice.word}, one after the other. Each is a different way to"
        " walk from one of the first two states to one of the last two, and each spells the same labelling.",
        captions=captions,
        labels=[f"{f + 1} of {n}" for f in range(n)],
        slider="Path",
        seconds=max(0.25, min(1.4, 20 / n)),
    )
