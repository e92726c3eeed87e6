"""Paths as rows of tiles: how one collapses, and how all of them share out the probability."""

from itertools import groupby

import numpy as np

from ctc_core.labels import collapse

from ..page.notation import number, shown, sup
from .canvas import Drawing, Look, appear
from .drawn import Drawn

TILE, PITCH, ROW = 30, 36, 76
NAMES = 108  # room for the names of the rows
CARD = 22  # height of a card


def collapse_steps(path, symbols, *, blank=0, rest=-1, title=None):
    """Show the collapse map B at work on one path: merge repeats, **then** drop blanks.

    Parameters
    ----------
    path : sequence of int, length T
    symbols, blank, rest, title
        As `forward_sweep`, and so are result and errors.
    """
    path = [int(k) for k in path]
    if not path:
        raise ValueError("path: expected at least one frame")
    if not 0 <= min(path) <= max(path) < len(symbols):
        raise ValueError(f"path: expected numbers in 0..{len(symbols) - 1}, got {path}")

    def write(row):
        return "".join(shown(symbols[k]) for k in row) or "nothing at all"

    runs = [[i for i, _ in run] for _, run in groupby(enumerate(path), key=lambda pair: pair[1])]
    merged = [path[run[0]] for run in runs]
    labels = [[i] for i, k in enumerate(merged) if k != blank]
    rows = [path, merged, [merged[i] for [i] in labels]]
    sources = [runs, labels]  # for each tile of a row, the places in the row above that it is made of
    names = ["repeats merged", "blanks dropped"]

    drawing = Drawing(NAMES + PITCH * len(path) + 8, 2 * ROW + TILE + 16, "path")
    centre = NAMES + PITCH * len(path) / 2
    x = [[centre + PITCH * (i - (len(row) - 1) / 2) for i in range(len(row))] for row in rows]
    y = [8 + TILE / 2 + ROW * r for r in range(3)]
    drawing.label(2, y[0], "path", "start")
    for r in range(2):
        looks = appear(2 * r + 1, 5)
        _threads(drawing, sources[r], x[r : r + 2], y[r : r + 2], looks)
        drawing.label(2, y[r + 1], names[r], "start", looks=looks)
    for r, row in enumerate(rows):
        kept = {i for run in sources[r] for i in run} if r < 2 else range(len(row))
        came = [(j, x[r - 1][i]) for j, run in enumerate(sources[r - 1]) for i in run] if r else enumerate(x[0])
        for j, came_from in came:  # tiles travel down from the row above; those of a run land on each other
            away = Look("off", x=came_from - x[r][j], y=-ROW if r else 0)
            later = Look("" if j in kept else "gone", x=0, y=0)
            looks = [away] * (2 * r) + [Look(x=0, y=0)] + [later] * (4 - 2 * r)
            kind = "blank" if row[j] == blank else "label"
            with drawing.nest("g", class_=f"ctc-tile {kind}", looks=looks, aria_hidden="true"):
                box = {"x": x[r][j] - TILE / 2, "y": y[r] - TILE / 2, "width": TILE, "height": TILE, "rx": 5}
                drawing.add("rect", **box)
                drawing.label(x[r][j], y[r], shown(symbols[row[j]]))

    text, first, last = map(write, rows)
    told = [
        "Runs of equal symbols, neighbours only, belong together.",
        f"Each run becomes one symbol: {first}.",
        "The blanks have done their work.",
        f"They go: {last}. So B({text}) = {last}.",
    ]
    return Drawn(
        drawing,
        title or f"Collapsing {text}",
        f"Three rows of tiles. Path: {text}. Repeats merged: {first}. Blanks dropped: {last}.",
        captions=[f"The path {text}: one symbol in each of {len(path)} frames.", *told],
        labels=[f"step {f + 1} of 5" for f in range(5)],
        rest=rest,
        slider="Step",
        seconds=1.8,
    )


def _threads(drawing, source, x, y, looks):
    """Draw what happens between two rows: which tiles become which, and which belong together."""
    middle = (y[0] + y[1]) / 2
    for j, run in enumerate(source):
        for i in run:
            bend = f"{x[0][i]:.1f} {middle + 6:g} {x[1][j]:.1f} {middle - 6:g}"
            d = f"M{x[0][i]:.1f} {y[0] + TILE / 2 + 5:g}C{bend} {x[1][j]:.1f} {y[1] - TILE / 2 - 4:g}"
            drawing.add("path", d=d, class_="ctc-thread", looks=looks)
        if len(run) > 1:
            left, right = x[0][run[0]] - TILE / 2 - 3, x[0][run[-1]] + TILE / 2 + 3
            box = {"x": left, "y": y[0] - TILE / 2 - 3, "width": right - left, "height": TILE + 6, "rx": 8}
            drawing.add("rect", class_="ctc-run", looks=looks, **box)


def path_groups(y, paths, probabilities, symbols, *, blank=0, rest=-1):
    """Sort all paths by the labelling they collapse to; a labelling's probability is the sum of its paths'.

    Parameters
    ----------
    paths : list of sequence of int, each of length T
        Usually all of them: `ctc_core.paths.all_paths(T, K)`; T = 3, K = 3 gives 27.
    probabilities : sequence of float
        p(path | x), one for each path.
    y, symbols, blank, rest
        As `forward_sweep`, and so are result and errors.
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
    pitch, line = card + 3, CARD + 6
    rows_at = 60 + line * -(-len(paths) // 9)
    cards_at = max(34, 10 + 8 * max(map(len, groups)))
    bars_at, longest = cards_at + pitch * max(map(len, groups.values())) + 6, 66
    drawing = Drawing(max(bars_at + longest + 42, 9 * pitch + 8), rows_at + line * len(groups) - 4, "path")
    drawing.label(2, 8, f"all {len(paths)} paths", "muted start")
    drawing.label(2, rows_at - 24, "sorted by the labelling they spell", "muted start")
    with drawing.cells("Paths"):
        for row, (labelling, members) in enumerate(groups.items()):
            middle, bar, there = rows_at + line * row, bars_at, appear(row + 1, F)
            drawing.label(cards_at - 8, middle, write(labelling) or "∅", "end bold")
            for place, i in enumerate(members):
                x, top = 4 + pitch * (i % 9), CARD + line * (i // 9)
                box = {"x": x, "y": top, "width": card, "height": CARD, "rx": 5}
                away = {"x": cards_at + pitch * place - x, "y": middle - CARD / 2 - top}
                looks = [Look(x=0, y=0)] * (row + 1) + [Look("now", **away)] + [Look("done", **away)] * (F - row - 2)
                drawing.add("rect", class_="ctc-ghost", **box)
                terms = " · ".join(f"y{sup(t + 1)}({shown(symbols[k])})" for t, k in enumerate(paths[i]))
                digits = " × ".join(number(y[t, k]) for t, k in enumerate(paths[i]))
                detail = f"Path {write(paths[i])}: {terms} = {digits} = {number(probabilities[i])}"
                with drawing.touch(detail, [("bar", i)], class_="ctc-card", looks=looks):
                    drawing.add("rect", **box)
                    drawing.label(x + card / 2, top + CARD / 2, write(paths[i]), "mono")
                width = longest * probabilities[i] / max(sums)
                box = {"x": bar, "y": middle - 8, "width": max(width - 0.8, 0.3), "height": 16}
                drawing.add("rect", class_="ctc-bar", name=("bar", i), looks=there, **box)
                bar += width
            drawing.label(bar + 5, middle, number(sums[row], 3), "start small", looks=there)
    captions, listed = [f"All {len(paths)} paths of {len(y)} frames. Which of them spell the same?"], []
    for (labelling, members), p in zip(groups.items(), sums, strict=True):
        name, n = write(labelling), len(members)
        many = f"{n} paths spell" if n > 1 else "One path spells"
        said = ", ".join(write(paths[i]) for i in members)
        captions.append(f"{many} {name or 'nothing (the empty labelling)'}: {said}. p = {number(p)}.")
        listed.append(f"{name or 'empty'}: {n} paths, {number(p, 3)}")
    captions.append(f"Every path is in exactly one row. All bars together: {number(sum(sums))}.")
    return Drawn(
        drawing,
        f"{len(paths)} paths, {len(groups)} labellings",
        f"{len(paths)} cards, one for each path, move into rows, one for each labelling that they collapse"
        f" to. The bar of a row is as long as the probabilities of its paths laid end to end. {'; '.join(listed)}.",
        captions=captions,
        labels=[f"step {f + 1} of {F}" for f in range(F)],
        slider="Step",
        seconds=2,
        hint="Touch a path, or move with the arrow keys.",
        rest=rest,
    )
