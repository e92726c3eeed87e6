"""Ways into a state: three for a new label, two for a blank or a repeat. See `style`."""

import numpy as np

from .draw_lattice import CELL, draw_arrows
from .still import Still
from .style import MATH, colours, new_axes, points, styled

CASES = {  # name, number of ways, symbols of the states s - 2, s - 1, s
    "skip": ("a new label", "three ways in", "C–A"),
    "blank": ("a blank", "two ways in", "–A–"),
    "repeat": ("the same label", "two ways in", "E–E"),
}
WIDE, HIGH, LEFT, STEP = 2.5, 4.25, 1.55, 1.35  # in cells: of a case, of all, before the first, between the frames
ROWS = {"s − 2": 0.4, "s − 1": 1.45, "s": 2.5}


@styled
def draw_transitions(cases=tuple(CASES), *, ax=None, theme="light"):
    """Draw from which states a state may be entered. `ax`, `theme` and result as `draw_lattice`.

    Parameters
    ----------
    cases : sequence of str
        Which of "skip", "blank", "repeat" to draw.

    Raises
    ------
    ValueError
        A case is unknown.
    """
    if not cases or set(cases) - set(CASES):
        raise ValueError(f"cases: expected some of {', '.join(CASES)}, got {cases}")
    cells = np.array([LEFT - 0.55 + WIDE * len(cases), HIGH])
    ax, c = ax or new_axes(*CELL * cells), colours(theme)
    ax.set(xlim=(0, cells[0]), ylim=(HIGH, 0), aspect="equal")
    ax.set_axis_off()
    cell = min(points(ax) / cells)
    scale = cell / CELL

    def write(x, y, text, ink="muted", **look):
        look = {"ha": "center", "va": "center_baseline", "fontsize": 12.5 * scale} | look
        ax.text(x, y, text, color=c[ink], **look)

    def write_variable(x, y, text, **look):
        write(x, y, text, family=MATH, style="italic", fontsize=14 * scale, **look)

    for name, y in ROWS.items():
        write_variable(0.1, y, name, ha="left")
    for x, case in zip(LEFT + WIDE * np.arange(len(cases)), cases, strict=True):
        name, ways, symbols = CASES[case]
        begins, end = np.array([(x, y) for y in ROWS.values()]), np.array([(x + STEP, ROWS["s"])])
        legal = begins if "three" in ways else begins[1:]
        draw_arrows(ax, legal, end.repeat(len(legal), axis=0), c["ink"], 1.8 * scale)
        if legal is not begins:
            draw_arrows(ax, begins[:1], end, c["pruned"], 1.3 * scale, dashes=(0, (2.3, 2.3)))
            cross = {"color": c["positive"], "linewidths": 2 * scale, "clip_on": False}
            ax.scatter(*(begins[:1] + end).T / 2, (9 * scale) ** 2, marker="x", **cross)
        for (x0, y), symbol in zip([*begins, *end], symbols + symbols[2], strict=True):
            face, edge, ink, weight = ("label", "label", "paper", "bold")
            if symbol == "–":
                face, edge, ink, weight = ("paper", "blank", "muted", "normal")
            ring = {"edgecolors": c[edge], "linewidths": 1.4 * scale, "zorder": 2, "clip_on": False}
            ax.scatter(x0, y, (0.58 * cell) ** 2, c[face], **ring)
            write(x0, y, symbol, ink, weight=weight)
        write_variable(x, 3.15, "t − 1")
        write_variable(x + STEP, 3.15, "t")
        write(x + STEP / 2, 3.63, name, "ink", weight="bold")
        write(x + STEP / 2, 4.01, ways)
    return ax


def transitions(cases=tuple(CASES), *, title=None):
    """Show the ways into a state in the shell of all figures. Parameters and errors as `draw_transitions`.

    Returns
    -------
    Still
    """
    sheet = draw_transitions(cases).figure
    told = [f"{name}: {ways}{', no jump from s − 2' * ('two' in ways)}" for name, ways, _ in map(CASES.get, cases)]
    return Still(
        sheet,
        title or "Ways into a state",
        "States s − 2, s − 1 and s at frame t − 1, and arrows from them to state s at frame t."
        f" In each of the cases: {'; '.join(told)}.",
        "A jump over a blank is allowed only between two different labels.",
    )
