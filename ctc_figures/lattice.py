"""The lattice of Graves' Fig. 3: time left to right, the extended labelling top to bottom.

One drawing for several figures: its structure is here, what fills it in `sweeps`, paths in `walks`.
"""

import numpy as np

from ctc_core.labels import can_skip, extend

from .drawing import Drawing, State, arrow_path
from .figure import Figure
from .notation import number, shown

DX, DY = 54, 44  # between columns, between rows
LEFT, TOP = 66, 26  # middle of the first state
R = 11.5


def state_names(labelling, symbols, blank=0):
    """Return a name for each state of the extended labelling: its number and its symbol.

    >>> state_names((1, 2), "-ab")
    ['1 –', '2 a', '3 –', '4 b', '5 –']
    """
    return [f"{s} {shown(symbols[k])}" for s, k in enumerate(extend(labelling, blank), 1)]


class Lattice:
    """What all lattice figures share: which states and arrows there are, and how they are drawn."""

    def __init__(self, labelling, T, symbols, blank=0, prune=True, role="ink", rows_below=0):
        """Lay out the states; `rows_below` leaves room for rows of text under them."""
        if T < 1:
            raise ValueError(f"T: a lattice needs at least one frame, got {T}")
        self.extended, self.T, self.blank = extend(labelling, blank), T, blank
        if max(self.extended) >= len(symbols):
            raise ValueError(f"symbols: no symbol for label {max(self.extended)}, only {len(symbols)} given")
        self.symbols = [shown(symbols[k]) for k in self.extended]
        self.S = len(self.extended)
        skip = can_skip(self.extended, blank)
        self.before = [[s - j for j in (0, 1, 2) if s >= j and (j < 2 or skip[s])] for s in range(self.S)]
        self.after = [[r for r in range(self.S) if s in self.before[r]] for s in range(self.S)]
        self.alive = self._alive() if prune else np.ones((T, self.S), dtype=bool)
        self.word = "".join(shown(symbols[k]) for k in labelling) or "the empty labelling"
        width, height = LEFT + DX * (T - 1) + 34, TOP + DY * (self.S - 1) + 62 + 26 * rows_below
        self.drawing = Drawing(width, height, role)

    def _alive(self):
        """Say which states a whole path can use: reached from the start, and able to reach the end."""
        reached, ending = np.zeros((2, self.T, self.S), dtype=bool)
        reached[0, :2] = ending[-1, -2:] = True
        for t in range(1, self.T):
            reached[t] = [reached[t - 1, self.before[s]].any() for s in range(self.S)]
            ending[-1 - t] = [ending[-t, self.after[s]].any() for s in range(self.S)]
        return reached & ending

    def is_label(self, s):
        """Say whether a state holds a label; every other state is a blank."""
        return s % 2 == 1

    def arrows(self):
        """List all transitions as (t, r, s): from state r at t - 1 to state s at t."""
        return [(t, r, s) for t in range(1, self.T) for s in range(self.S) for r in self.before[s]]

    def x(self, t):
        """Return the middle of a column."""
        return LEFT + DX * t

    def y(self, s):
        """Return the middle of a row."""
        return TOP + DY * s

    def below(self, row):
        """Return the height of a row of text under the lattice; row 0 holds the frame numbers."""
        return self.y(self.S - 1) + 36 + 26 * row

    def axes(self):
        """Write the states on the left and the frames below."""
        for s in range(self.S):
            self.drawing.label(12, self.y(s), str(s + 1), "muted")
            self.drawing.label(34, self.y(s), self.symbols[s], "bold" if self.is_label(s) else "muted")
        self.drawing.label(12, self.below(0), "s", "muted var")
        self.drawing.label(34, self.below(0), "t", "muted var")
        for t in range(self.T):
            self.drawing.label(self.x(t), self.below(0), str(t + 1), "muted")

    def arrow(self, t, r, s, states=None, look=""):
        """Draw the transition from state r at t - 1 to state s at t; `look` "plain" makes it stand out."""
        x, y = DX, DY * (s - r)
        length = np.hypot(x, y)
        ux, uy = x / length * (R + 2.5), y / length * (R + 2.5)
        ends = [(self.x(t - 1) + ux, self.y(r) + uy), (self.x(t) - ux, self.y(s) - uy)]
        dead = "" if self.alive[t - 1, r] and self.alive[t, s] else " dead"
        name = ("arrow", t, r, s)
        self.drawing.add(
            "path", d=arrow_path(ends), class_=f"ctc-arrow {look}".strip() + dead, name=name, states=states
        )

    def state(self, t, s, detail, lights=(), states=None, letter=True):
        """Draw one state; with `letter` its symbol, else the disc whose size is the value `--v`."""
        kind = ("label" if self.is_label(s) else "blank") + ("" if self.alive[t, s] else " dead")
        at = {"cx": self.x(t), "cy": self.y(s)}
        name = ("state", t, s)
        with self.drawing.touch(detail, lights, class_=f"ctc-state {kind}", states=states, name=name):
            self.drawing.add("circle", r=20, class_="ctc-hit", **at)
            self.drawing.add("circle", r=R, class_="ctc-ring", **at)
            if letter:
                self.drawing.label(at["cx"], at["cy"], self.symbols[s], "ctc-letter")
            else:
                self.drawing.add("circle", r=R - 1.5, class_="ctc-level", **at)

    def sums(self, values, appears):
        """Write the sum of each column under it, from the frame in which the column is filled."""
        self.drawing.label(4, self.below(1), "sum", "muted start")
        for t, total in enumerate(values.sum(axis=1)):
            states = [State("off" if f < appears[t] else "") for f in range(self.T)]
            text = number(total, 3 if total >= 0.01 else 2)
            self.drawing.label(self.x(t), self.below(1), text, "role small", states=states)

    def inputs(self, t, s):
        """Name what flows into a state: the earlier states and the arrows from them."""
        if t == 0:
            return []
        return [n for r in self.before[s] for n in (("state", t - 1, r), ("arrow", t, r, s))]

    def outputs(self, t, s):
        """Name what a state flows into."""
        if t == self.T - 1:
            return []
        return [n for r in self.after[s] for n in (("state", t + 1, r), ("arrow", t + 1, s, r))]

    def numbers(self, states):
        """List states as the book counts them: "2, 3 and 4"."""
        names = [str(s + 1) for s in sorted(states)]
        return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))

    def why(self, s):
        """Say in words which way into a state is missing, and why."""
        if s < 2 or len(self.before[s]) == 3:
            return ""
        if not self.is_label(s):
            return f" No jump from {s - 1}: a label would be left out."
        return f" No jump from {s - 1}: it has the same label; without a blank between, the two would merge."

    def check(self, name, array, shape):
        """Return an array of floats, or say what is wrong with it."""
        array = np.asarray(array, dtype=float)
        if array.shape != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
        if not np.isfinite(array).all() or (array < 0).any():
            raise ValueError(f"{name}: expected finite numbers, none below 0")
        return array


def lattice_structure(labelling, T, symbols, *, blank=0, prune=True, title=None, description=None):
    """Draw the lattice itself; touch a state to see where it may be entered from and where it leads.

    Parameters
    ----------
    labelling : sequence of int, length U
    T : int
        Number of frames.
    symbols : str or sequence of str
        What to write for each output, the blank included.
    blank : int
    prune : bool
        Draw the states that no whole path can use faint and dashed.
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        `T` is below 1 or a label has no symbol.
    """
    lattice = Lattice(labelling, T, symbols, blank, prune)
    lattice.axes()
    for arrow in lattice.arrows():
        lattice.arrow(*arrow, look="plain")
    with lattice.drawing.cells("States"):
        for t in range(T):
            for s in range(lattice.S):
                detail = f"State {s + 1} ({lattice.symbols[s]}) at t = {t + 1}: "
                if not t:
                    detail += "a path may start here." if s < 2 else "no path starts here."
                else:
                    detail += f"entered from {lattice.numbers(lattice.before[s])}.{lattice.why(s)}"
                if t < T - 1:
                    detail += f" Leads to {lattice.numbers(lattice.after[s])}."
                else:
                    detail += " A path may end here." if s >= lattice.S - 2 else " No path ends here."
                if not lattice.alive[t, s]:
                    detail += " No whole path uses it."
                lattice.state(t, s, detail, lattice.inputs(t, s) + lattice.outputs(t, s))
    dead = " Dashed: states on no whole path." if not lattice.alive.all() else ""
    return Figure(
        lattice.drawing,
        title or f"The lattice of {lattice.word}",
        description
        or f"{T} columns, one for each frame, of {lattice.S} circles, one for each symbol of the extended"
        f" labelling {' '.join(lattice.symbols)}, top to bottom. Arrows lead one frame on: to the same"
        " state, to the next, and from a label to the next label if it is a different one. Paths begin in the"
        f" first two states and end in the last two.{dead}",
        captions=[f"Filled circles are labels, hollow ones blanks. Every whole path spells it.{dead}"],
    )
