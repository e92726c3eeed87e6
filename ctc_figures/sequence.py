"""Paths as rows of tiles: how one collapses, and how all of them share out the probability."""

from itertools import groupby

import numpy as np

from ctc_core.labels import collapse

from .drawing import Drawing, State
from .figure import Figure
from .notation import number, shown, sup

TILE, PITCH, ROW = 30, 36, 76
NAMES = 108  # room for the names of the rows


def _merge(symbols):
    """Return the merged symbols, each with the positions it comes from."""
    runs = [[i for i, _ in run] for _, run in groupby(enumerate(symbols), key=lambda pair: pair[1])]
    return [(symbols[run[0]], run) for run in runs]


def _drop(symbols, blank):
    return [(k, [i]) for i, k in enumerate(symbols) if k != blank]


def collapse_steps(path, symbols, *, blank=0, wrong_order=False, rest=-1, title=None, description=None):
    """Show the collapse map B at work on one path: merge repeats, **then** drop blanks.

    Parameters
    ----------
    path : sequence of int, length T
    symbols : str or sequence of str
    blank : int
    wrong_order : bool
        Drop first, then merge: not B, but what is lost that way is worth seeing.
    rest : int
        The frame shown at first: 0, the path alone, lets the reader guess.
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        The path is empty or a symbol is missing.
    """
    path = [int(k) for k in path]
    if not path:
        raise ValueError("path: expected at least one frame")
    if not 0 <= min(path) <= max(path) < len(symbols):
        raise ValueError(f"path: expected numbers in 0..{len(symbols) - 1}, got {path}")
    text = "".join(shown(symbols[k]) for k in path)
    rows, sources = [path], []
    for merging in (False, True) if wrong_order else (True, False):
        step = _merge(rows[-1]) if merging else _drop(rows[-1], blank)
        rows.append([k for k, _ in step])
        sources.append([source for _, source in step])
    word = ["".join(shown(symbols[k]) for k in row) or "nothing at all" for row in rows]
    names = ["blanks dropped", "repeats merged"] if wrong_order else ["repeats merged", "blanks dropped"]
    drawing = Drawing(NAMES + PITCH * len(path) + 8, 2 * ROW + TILE + 16, "path")
    centre = NAMES + PITCH * len(path) / 2
    x = [[centre + PITCH * (i - (len(row) - 1) / 2) for i in range(len(row))] for row in rows]
    y = [8 + TILE / 2 + ROW * r for r in range(3)]
    drawing.label(2, y[0], "path", "start")
    for r, source in enumerate(sources):
        _action(drawing, source, x[r : r + 2], y[r : r + 2], _from(2 * r + 1))
        drawing.label(2, y[r + 1], names[r], "start", states=_from(2 * r + 1))
    for r, row in enumerate(rows):
        kept = {i for run in sources[r] for i in run} if r < 2 else range(len(row))
        came = [(j, x[r - 1][i]) for j, run in enumerate(sources[r - 1]) for i in run] if r else enumerate(x[0])
        for j, came_from in came:  # tiles travel down from the row above; those of a run land on each other
            away = State("off", x=came_from - x[r][j], y=-ROW if r else 0)
            later = State("" if j in kept else "gone", x=0, y=0)
            states = [away] * (2 * r) + [State("", x=0, y=0)] + [later] * (4 - 2 * r)
            _tile(drawing, shown(symbols[row[j]]), row[j] == blank, x[r][j], y[r], states)
    merged, dropped = (word[2], word[1]) if wrong_order else (word[1], word[2])
    merging = (
        "Runs of equal symbols, neighbours only, belong together.",
        f"Each run becomes one symbol: {merged}.",
    )
    dropping = ("The blanks have done their work.", f"They go: {dropped}.")
    told = (dropping + merging) if wrong_order else (merging + dropping)
    right = "".join(shown(symbols[k]) for k in collapse(path, blank)) or "nothing at all"
    end = f" In the right order it is {right}." if wrong_order and right != word[2] else ""
    captions = [f"The path {text}: one symbol in each of {len(path)} frames.", *told]
    captions[-1] += end if wrong_order else f" So B({text}) = {word[2]}."
    return Figure(
        drawing,
        title or ("The wrong order" if wrong_order else f"Collapsing {text}"),
        description
        or f"Three rows of tiles. Path: {text}. {names[0].capitalize()}: {word[1]}. {names[1].capitalize()}:"
        f" {word[2]}.{end}",
        captions=captions,
        labels=[f"step {f + 1} of 5" for f in range(5)],
        rest=rest,
        slider="Step",
        seconds=1.8,
    )


def _from(frame, frames=5):
    """Return the states of a part that appears in one frame and stays."""
    return [State("" if f >= frame else "off") for f in range(frames)]


def _action(drawing, source, x, y, states):
    """Draw what happens between two rows: which tiles become which."""
    middle = (y[0] + y[1]) / 2
    for j, run in enumerate(source):
        for i in run:
            bend = f"{x[0][i]:.1f} {middle + 6:g} {x[1][j]:.1f} {middle - 6:g}"
            d = f"M{x[0][i]:.1f} {y[0] + TILE / 2 + 5:g}C{bend} {x[1][j]:.1f} {y[1] - TILE / 2 - 4:g}"
            drawing.add("path", d=d, class_="ctc-thread", states=states)
        if len(run) > 1:
            left, right = x[0][run[0]] - TILE / 2 - 3, x[0][run[-1]] + TILE / 2 + 3
            box = {"x": left, "y": y[0] - TILE / 2 - 3, "width": right - left, "height": TILE + 6, "rx": 8}
            drawing.add("rect", class_="ctc-run", states=states, **box)


def _tile(drawing, text, blank, x, y, states=None, width=TILE, height=TILE):
    kind = "blank" if blank else "label"
    with drawing.nest("g", class_=f"ctc-tile {kind}", states=states, aria_hidden="true"):
        drawing.add("rect", x=x - width / 2, y=y - height / 2, width=width, height=height, rx=5)
        drawing.label(x, y, text)


def path_groups(y, paths, probabilities, symbols, *, blank=0, title=None, description=None):
    """Sort all paths by the labelling they collapse to; a labelling's probability is the sum of its paths'.

    Parameters
    ----------
    y : ndarray, shape (T, K)
    paths : list of sequence of int, each of length T
        Usually all of them: `ctc_core.paths.all_paths(T, K)`; T = 3, K = 3 gives 27.
    probabilities : sequence of float
        p(path | x), one for each path.
    symbols : str or sequence of str
    blank : int
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        The numbers of paths and probabilities differ, or a path does not fit `y`.
    """
    y, paths = np.asarray(y, dtype=float), [tuple(int(k) for k in path) for path in paths]
    probabilities = np.asarray(probabilities, dtype=float)
    if not paths or probabilities.shape != (len(paths),):
        raise ValueError(f"probabilities: expected {len(paths)}, one for each path, got shape {probabilities.shape}")
    if any(len(path) != len(y) for path in paths):
        raise ValueError(f"paths: expected {len(y)} frames in each, as in y")
    if y.ndim != 2 or y.shape[1] != len(symbols):
        raise ValueError(f"y: expected shape (T, {len(symbols)}), got {y.shape}")

    def write(path):
        return "".join(shown(symbols[k]) for k in path)

    groups = {}
    for i, path in enumerate(paths):
        groups.setdefault(collapse(path, blank), []).append(i)
    groups = dict(sorted(groups.items(), key=lambda item: (len(item[0]), item[0])))
    sums = [float(probabilities[members].sum()) for members in groups.values()]
    F = len(groups) + 2  # the pool, one for each labelling, and all of them at rest
    # A pool of cards above, nine in a row; below a row for each labelling: its name, its cards, its bar.
    card = 9 * len(y) + 7
    pitch, line = card + 3, 28
    rows_at = 60 + line * -(-len(paths) // 9)
    cards_at = max(34, 10 + 8 * max(map(len, groups)))
    bars_at, longest = cards_at + pitch * max(map(len, groups.values())) + 6, 66
    drawing = Drawing(max(bars_at + longest + 42, 9 * pitch + 8), rows_at + line * len(groups) - 4, "path")
    drawing.label(2, 8, f"all {len(paths)} paths", "muted start")
    drawing.label(2, rows_at - 24, "sorted by the labelling they spell", "muted start")
    with drawing.cells("Paths"):
        for row, (labelling, members) in enumerate(groups.items()):
            middle, bar = rows_at + line * row, bars_at
            there = [State("" if f > row else "off") for f in range(F)]
            drawing.label(cards_at - 8, middle, write(labelling) or "∅", "end bold")
            for place, i in enumerate(members):
                x, top = 4 + pitch * (i % 9), 22 + line * (i // 9)
                away = {"x": cards_at + pitch * place - x, "y": middle - 11 - top}
                home, arrived = State(x=0, y=0), State("now", **away)
                states = [home] * (row + 1) + [arrived] + [State("done", **away)] * (F - row - 2)
                drawing.add("rect", x=x, y=top, width=card, height=22, rx=5, class_="ctc-ghost")
                terms = " · ".join(f"y{sup(t + 1)}({shown(symbols[k])})" for t, k in enumerate(paths[i]))
                digits = " × ".join(number(y[t, k]) for t, k in enumerate(paths[i]))
                detail = f"Path {write(paths[i])}: {terms} = {digits} = {number(probabilities[i])}"
                with drawing.touch(detail, [("bar", i)], class_="ctc-card", states=states):
                    drawing.add("rect", x=x, y=top, width=card, height=22, rx=5)
                    drawing.label(x + card / 2, top + 11, write(paths[i]), "mono")
                width = longest * probabilities[i] / max(sums)
                box = {"x": bar, "y": middle - 8, "width": max(width - 0.8, 0.3), "height": 16}
                drawing.add("rect", class_="ctc-bar", name=("bar", i), states=there, **box)
                bar += width
            drawing.label(bar + 5, middle, number(sums[row], 3), "start small", states=there)
    captions = [f"All {len(paths)} paths of {len(y)} frames. Which of them spell the same?"]
    for (labelling, members), p in zip(groups.items(), sums, strict=True):
        listed = ", ".join(write(paths[i]) for i in members)
        name = write(labelling) or "nothing (the empty labelling)"
        many = f"{len(members)} paths spell" if len(members) > 1 else "One path spells"
        captions.append(f"{many} {name}: {listed}. p = {number(p)}.")
    captions.append(f"Every path is in exactly one row. All bars together: {number(sum(sums))}.")
    totals = zip(groups.items(), sums, strict=True)
    listed = "; ".join(f"{write(k) or 'empty'}: {len(m)} paths, {number(p, 3)}" for (k, m), p in totals)
    return Figure(
        drawing,
        title or f"{len(paths)} paths, {len(groups)} labellings",
        description
        or f"{len(paths)} cards, one for each path, move into rows, one for each labelling that they collapse"
        f" to. The bar of a row is as long as the probabilities of its paths laid end to end. {listed}.",
        captions=captions,
        labels=[f"step {f + 1} of {F}" for f in range(F)],
        slider="Step",
        seconds=2,
        hint="Touch a path, or move with the arrow keys.",
    )
