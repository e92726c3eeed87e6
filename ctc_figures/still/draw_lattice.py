"""The lattice: its structure, a path through it, and what fills it. See `style` for what all these functions share."""

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection

from ctc_core.checks import nonnegative
from ctc_core.labels import as_labelling, can_skip, extend
from ctc_core.paths import flow, live_states

from ..page.notation import number, shown
from .style import bare, colours, new_axes, points, styled

CELL, LARGEST = 44, 900  # points: from state to state, and across a whole lattice
RADIUS, GAP, HEAD = 0.26, 0.32, 0.15  # in cells: of a state, from its middle to an arrow, of an arrow's head


def draw_arrows(ax, starts, ends, colour, widths, *, dashes="solid", alpha=None):
    """Draw arrows between the middles of states, given as (x, y) in cells; widths in points."""
    along = (ends - starts) / np.hypot(*np.transpose(ends - starts))[:, None]
    across = along[:, ::-1] * (1, -1) * HEAD * 0.42
    tips, feet = ends - GAP * along, ends - (GAP + HEAD) * along
    shafts, heads = (
        np.stack([starts + GAP * along, feet], axis=1),
        np.stack([tips, feet + across, feet - across], axis=1),
    )
    look = {"color": colour, "alpha": alpha, "zorder": 1, "clip_on": False}
    ax.add_collection(LineCollection(shafts, linewidths=widths, linestyles=dashes, **look))
    ax.add_collection(PolyCollection(heads, linewidths=0, **look))


class _Lattice:
    """A lattice on an axes: where its states are, and which of them whole paths use."""

    def __init__(self, labelling, T, symbols, blank, ax, theme):
        """Lay it out, on a new sheet if there is no axes."""
        self.extended = extend(as_labelling(labelling, blank, len(symbols)), blank)
        self.live = live_states(labelling, T, blank)
        self.T, self.S = self.live.shape
        self.legal = np.ones((self.S, 3), dtype=bool)  # may a state be entered by a stay, a step, a skip?
        self.legal[0, 1], self.legal[:, 2] = False, can_skip(self.extended, blank)
        self.names, self.colours = [shown(symbols[k]) for k in self.extended], colours(theme)
        cells = np.array([T + 0.2, self.S + 0.2])
        self.ax = ax or new_axes(*cells * min(CELL, LARGEST / max(cells)))
        self.ax.set(xlim=(0.4, T + 0.6), ylim=(self.S + 0.6, 0.4), aspect="equal")
        self.cell = min(points(self.ax) / cells)
        self.scale = self.cell / CELL

    def before(self, values):
        """Return what `values` are where each arrow begins: shape (T, S, 3), of a stay, a step and a skip; else 0."""
        found = np.zeros((self.T, self.S, 3))
        for back in range(min(3, self.S)):
            found[1:, back:, back] = values[:-1, : self.S - back]
        return found * self.legal

    def between(self, marked):
        """Return which arrows join two of the states marked."""
        return (self.before(marked) > 0) & marked[:, :, None]

    def draw(self, marked, rows, colour, letters):
        """Draw frames, states and arrows: those off all whole paths dashed, the states marked with a broad ring."""
        c, live, label = self.colours, self.live, np.broadcast_to(np.arange(self.S) % 2 == 1, self.live.shape)
        self.name_axes(rows)
        used = self.between(live)
        self.draw_arrows(used, colour, 0.9)
        self.draw_arrows(self.between(np.ones_like(live)) & ~used, "pruned", 0.9, dashes=(0, (2, 3)))
        kinds = [marked, ~live, label]
        rings, widths = np.select(kinds, ("path", "pruned", "label"), "blank"), np.select(kinds, (4, 1.2, 2.4), 1.4)
        self.draw_discs(
            np.full(live.shape, RADIUS),
            facecolors=[c["label" if filled else "paper"] for filled in (label & live & letters).flat],
            edgecolors=[c[ring] for ring in rings.flat],
            linewidths=widths.ravel() * self.scale,
            linestyles=["solid" if whole else (0, (2, 2)) for whole in (live | marked).flat],
            zorder=2,
        )
        for t, s in np.ndindex(live.shape if letters else 0):
            ink = "pruned" if not live[t, s] else "paper" if label[t, s] else "muted"
            look = {"color": c[ink], "weight": "bold" if ink == "paper" else "normal", "fontsize": 12 * self.scale}
            self.ax.text(t + 1, s + 1, self.names[s], ha="center", va="center_baseline", **look)

    def draw_arrows(self, where, colour, width, **look):
        """Draw the arrows that an array of shape (T, S, 3) marks."""
        t, s, back = np.nonzero(where)
        if not len(t):
            return
        starts, ends = np.column_stack([t, s + 1 - back]), np.column_stack([t + 1, s + 1])
        draw_arrows(self.ax, starts, ends, self.colours[colour], width * self.scale, **look)

    def draw_discs(self, radii, **look):
        """Draw a disc in each state; radii in cells, shape (T, S)."""
        t, s = np.indices(radii.shape).reshape(2, -1)
        self.ax.scatter(t + 1, s + 1, (2 * radii.ravel() * self.cell) ** 2, clip_on=False, **look)

    def name_axes(self, rows):
        """Name states and frames, as many as there is room for; `rows` are texts for each frame, to stand below."""
        size = max(12.5 * self.scale, min(6, 0.9 * self.cell))
        widest = max(len(text) for texts in (*rows.values(), ["12"]) for text in texts)
        frames = range(1, self.T + 1, int(np.ceil(0.6 * size * widest / self.cell)))
        states = range(1, self.S + 1, int(np.ceil(1.2 * size / self.cell)))
        below = ["\n".join([str(t), *(texts[t - 1] for texts in rows.values())]) for t in frames]
        self.ax.set_xticks(frames, below, fontsize=size, color=self.colours["muted"])
        self.ax.set_yticks(states, [f"{s}  {self.names[s - 1]}" for s in states], fontsize=size)
        for s, label in zip(states, self.ax.get_yticklabels(), strict=True):
            label.set(color=self.colours["muted" if s % 2 else "ink"], weight="normal" if s % 2 else "bold")
        self.ax.set_xlabel(", ".join(["frame t", *rows]), fontsize=size)
        self.ax.set_ylabel("state s", fontsize=size)
        bare(self.ax)


@styled
def draw_lattice(labelling, T, symbols, *, path=(), blank=0, ax=None, theme="light"):
    """Draw the lattice and, if one is given, a path: below the frames what it says, and what it spells.

    What no whole path can use is dashed.

    Parameters
    ----------
    labelling : sequence of int, length U
    T : int
        Number of frames.
    symbols : str or sequence of str, length K
    path : sequence of int, length T, optional
        Its states, counted from 0, as from `ctc_core.paths.state_sequences`.
    blank : int
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out.
    theme : str

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        `T` is below 1, a label has no symbol, or `path` is not a path.

    Examples
    --------
    >>> len(draw_lattice((2, 1, 3), 6, "-ACT").texts)  # 6 x 7 letters
    42
    """
    lattice = _Lattice(labelling, T, symbols, blank, ax, theme)
    marked, rows, path = np.zeros_like(lattice.live), {}, [int(s) for s in path]
    if path:
        marked = np.array(path)[:, None] == np.arange(lattice.S)
        begins, ends = 0 <= path[0] < 2, path[-1] >= lattice.S - 2
        if not (len(path) == T == marked.sum() and begins and ends and lattice.between(marked).sum() == T - 1):
            raise ValueError(
                f"path: expected {T} states in 0..{lattice.S - 1}, from one of the first two along arrows to one of the"
                f" last two, got {path}; ctc_core.paths.state_sequences lists all"
            )
        said = [lattice.names[s] for s in path]
        new = [s % 2 == 1 and s != r for s, r in zip(path, [-1, *path], strict=False)]
        rows = {"path": said, "what it spells": [symbol if n else "" for symbol, n in zip(said, new, strict=True)]}
    lattice.draw(marked, rows, "faint" if path else "blank", letters=True)
    lattice.draw_arrows(lattice.between(marked), "path", 3.5)
    return lattice.ax


@styled
def draw_sweep(y, labelling, values, symbols, *, role="alpha", flows=None, blank=0, ax=None, theme="light"):
    """Draw what fills the lattice: a disc in each state, as large as its share of the column, and what flows.

    Parameters
    ----------
    y : ndarray, shape (T, K)
        Outputs of the network.
    labelling : sequence of int, length U
    values : ndarray, shape (T, S)
        Forward variables, backward variables or state occupancies; also rescaled ones.
    symbols : str or sequence of str, length K
    role : str
        Which of them: "alpha", "beta" or "gamma".
    flows : ndarray, shape (T, S, 3), optional
        How broad the arrows are: the share of the stay, the step and the skip into each state, as
        `ctc_core.paths.flow` returns them. By default what each adds to its column of `values`.
    blank, ax, theme
        As `draw_lattice`. What no whole path can use counts as 0.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        A shape or the role does not fit, or a value is negative or not finite.
    """
    if role not in ("alpha", "beta", "gamma"):
        raise ValueError(f"role: expected 'alpha', 'beta' or 'gamma', got {role!r}")
    T, S = len(y), 2 * len(labelling) + 1
    y, values = nonnegative("y", y, (T, len(symbols))), nonnegative("values", values, (T, S))
    lattice = _Lattice(labelling, T, symbols, blank, ax, theme)
    values = values * lattice.live
    if flows is None:
        flows = flow(y, labelling, blank).arrows if role == "gamma" else _added(lattice, y, values, role)
    flows = nonnegative("flows", flows, (T, S, 3))
    sums = values.sum(axis=1)
    rows = {"sum of the column": [number(total, 3 if total >= 0.01 else 2) for total in sums]}
    lattice.draw(np.zeros_like(lattice.live), rows, "faint", letters=False)
    shares = flows[flows > 0]
    lattice.draw_arrows(flows > 0, role, 0.9 + 5 * shares, alpha=np.sqrt(np.clip(shares, 0.01, 1)))
    radii = (RADIUS - 0.03) * np.sqrt(values / np.where(sums > 0, sums, 1)[:, None])
    lattice.draw_discs(radii, color=lattice.colours[role], linewidths=0, zorder=3)
    return lattice.ax


def _added(lattice, y, values, role):
    """Return what each arrow adds to the column it leads to, for beta back to, as a share of what all arrows add."""
    outputs = y[:, lattice.extended] * lattice.live
    begin, end = (values, outputs) if role == "alpha" else (outputs, values)
    added = lattice.before(begin) * end[:, :, None]
    total = added.sum(axis=(1, 2), keepdims=True)
    return added / np.where(total > 0, total, 1)
