"""The lattice of Graves' Fig. 3: time left to right, the extended labelling top to bottom.

All figures of this room are made in one way. A figure says, frame by frame, what each part of the lattice looks like;
`Lattice.animate` draws it. Parts have names: a state is (t, s), an arrow (t, r, s), from state r at t - 1 to state s at
t, and a text under the lattice (row, t). A frame is a dict from names to looks; parts that it leaves out are at rest.
"""

import numpy as np

from ctc_core.checks import nonnegative
from ctc_core.labels import extend, predecessors
from ctc_core.paths import live_states

from ..drawings.canvas import Drawing, Look, arrow_path
from ..drawings.drawn import Drawn
from ..page.notation import shown, sub, sup


def state_names(labelling, symbols, blank=0):
    """Return a name for each state of the extended labelling: its number and its symbol.

    >>> state_names((1, 2), "-ab")
    ['1 –', '2 a', '3 –', '4 b', '5 –']
    """
    return [f"{s} {shown(symbols[k])}" for s, k in enumerate(extend(labelling, blank), 1)]


def variable(greek, t, s):
    """Write a variable of a state, counted as the book counts.

    >>> variable("α", 2, 3)
    'α₃(4)'
    """
    return f"{greek}{sub(t + 1)}({s + 1})"


class Lattice:
    """Which states and arrows there are, where they stand, and how they are drawn.

    Parameters as `forward_sweep`; `role` is the colour of what the figure shows, `rows` holds the rows of text under
    the lattice: names and CSS classes.
    """

    dx, dy, left, top = 54, 44, 66, 26  # between columns, between rows; middle of the first state
    radius, touched = 11.5, 20  # of a circle, and of what a finger hits

    def __init__(self, labelling, T, symbols, blank=0, *, role="ink", rows=None):
        """Lay out states and arrows."""
        if T < 1:
            raise ValueError(f"T: a lattice needs at least one frame, got {T}")
        self.extended = extend(labelling, blank)
        if max(self.extended) >= len(symbols):
            raise ValueError(f"symbols: no symbol for label {max(self.extended)}, only {len(symbols)} given")
        self.T, self.S, self.rows = T, len(self.extended), rows or {}
        self.symbols = [shown(symbols[k]) for k in self.extended]
        self.word = "".join(shown(symbols[k]) for k in labelling) or "the empty labelling"
        self.starts, self.ends = range(min(self.S, 2)), range(max(self.S - 2, 0), self.S)
        self.before = [predecessors(self.extended, s, blank) for s in range(self.S)]
        self.after = [[r for r in range(self.S) if s in self.before[r]] for s in range(self.S)]
        self.live = live_states(labelling, T, blank)
        self.states = [(t, s) for t in range(T) for s in range(self.S)]
        self.arrows = [(t, r, s) for t, s in self.states if t for r in self.before[s]]
        self.dead = {(t, r, s) for t, r, s in self.arrows if not (self.live[t - 1, r] and self.live[t, s])}
        self.drawing = Drawing(self.x(T - 1) + 34, self.below(0) + 26 + 26 * len(self.rows), role)

    # Where things are

    def x(self, t):
        """Return the middle of a column."""
        return self.left + self.dx * t

    def y(self, s):
        """Return the middle of a row."""
        return self.top + self.dy * s

    def below(self, row):
        """Return the middle of a row of text under the lattice; row 0 holds the frame numbers."""
        return self.y(self.S - 1) + 36 + 26 * row

    def way(self, t, r, s):
        """Return the two ends of an arrow, just outside its circles."""
        dx, dy = self.dx, self.y(s) - self.y(r)
        near = (self.radius + 2.5) / np.hypot(dx, dy)
        return (self.x(t - 1) + near * dx, self.y(r) + near * dy), (self.x(t) - near * dx, self.y(s) - near * dy)

    def is_label(self, s):
        """Say whether a state holds a label; every other state is a blank."""
        return s % 2 == 1

    # Names of parts

    def entering(self, t, s):
        """Name what flows into a state: the earlier states and the arrows from them."""
        return [name for r in self.before[s] for name in ((t - 1, r), (t, r, s))] if t > 0 else []

    def leaving(self, t, s):
        """Name what a state flows into."""
        return [name for r in self.after[s] for name in ((t + 1, r), (t + 1, s, r))] if t < self.T - 1 else []

    def passed(self, flow):
        """Return the share of each state and arrow in a `ctc_core.paths.Flow`, by name, where it is above 0."""
        shares = {(t, s): flow.states[t, s] for t, s in self.states}
        shares |= {(t, r, s): flow.arrows[t, s, s - r] for t, r, s in self.arrows}
        return {name: share for name, share in shares.items() if share > 0}

    # Words

    def place(self, t, s):
        """Say which state is meant."""
        return f"State {s + 1} ({self.symbols[s]}) at t = {t + 1}"

    def output(self, t, s):
        """Write the output of a state: "y³(A)"."""
        return f"y{sup(t + 1)}({self.symbols[s]})"

    def numbers(self, states):
        """List states as the book counts them: "2, 3 and 4"."""
        names = [str(s + 1) for s in sorted(states)]
        return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))

    @property
    def times(self):
        """Where a slider stands that goes through the frames of the sequence."""
        return [f"t = {t + 1} of {self.T}" for t in range(self.T)]

    def check(self, name, array, shape=None):
        """Return an array of floats, one for each state if no shape is given, or say what is wrong with it."""
        return nonnegative(name, array, shape or (self.T, self.S))

    # What is drawn

    def animate(self, frames, detail, *, cells="States", discs=False):
        """Draw all parts as the frames say; without frames, a lattice at rest.

        `detail` takes t and s, and returns what a touch of the state says and the names of what it lights up.
        `cells` names what can be touched. With `discs` a state holds no letter, but a disc of its look's value.
        """
        idle = Look("", 0) if discs else Look()
        self.axes()
        for arrow in self.arrows:
            path = arrow_path(self.way(*arrow), *((7, 3) if self.radius > 10 else (6, 2.6)))
            class_ = "ctc-arrow" + " plain" * (not frames) + " dead" * (arrow in self.dead)
            looks = [frame.get(arrow, Look()) for frame in frames] or None
            self.drawing.add("path", d=path, class_=class_, name=arrow, looks=looks)
        with self.drawing.cells(cells):
            for t, s in self.states:
                looks = [frame.get((t, s), idle) for frame in frames] or None
                self._state(t, s, *detail(t, s), looks, discs)
        for row, (name, class_) in enumerate(self.rows.items(), 1):
            self.drawing.label(4, self.below(row), name, "muted start")
            for t in range(self.T):
                looks = [frame.get((name, t), Look(text="")) for frame in frames]
                self.drawing.label(self.x(t), self.below(row), "", class_, looks=looks, name=(name, t))

    def axes(self):
        """Write the states on the left and the frames below."""
        for s in range(self.S):
            self.drawing.label(12, self.y(s), str(s + 1), "muted")
            self.drawing.label(34, self.y(s), self.symbols[s], "bold" if self.is_label(s) else "muted")
        self.drawing.label(12, self.below(0), "s", "muted var")
        self.drawing.label(34, self.below(0), "t", "muted var")
        for t in range(self.T):
            self.drawing.label(self.x(t), self.below(0), str(t + 1), "muted")

    def _state(self, t, s, detail, lights, looks, disc):
        kind = ("label" if self.is_label(s) else "blank") + " dead" * (not self.live[t, s])
        at = {"cx": self.x(t), "cy": self.y(s)}
        with self.drawing.touch(detail, lights, class_=f"ctc-state {kind}", looks=looks, name=(t, s)):
            self.drawing.add("circle", r=self.touched, class_="ctc-hit", **at)
            self.drawing.add("circle", r=self.radius, class_="ctc-ring", **at)
            if disc:
                self.drawing.add("circle", r=self.radius - 1.5, class_="ctc-level", **at)
            else:
                self.drawing.label(at["cx"], at["cy"], self.symbols[s], "ctc-letter")


def over(y, labelling, symbols, blank, **options):
    """Return the lattice of a labelling over the frames of y, and the output of each of its states, shape (T, S)."""
    lattice = Lattice(labelling, len(y), symbols, blank, **options)
    return lattice, lattice.check("y", y, (lattice.T, len(symbols)))[:, lattice.extended]


def lattice_structure(labelling, T, symbols, *, blank=0, title=None):
    """Draw the lattice itself; touch a state to see where it may be entered from and where it leads.

    Parameters and errors as `forward_sweep`; `T` is the number of frames.
    """
    lattice = Lattice(labelling, T, symbols, blank)

    def detail(t, s):
        words = f"{lattice.place(t, s)}: "
        if t > 0:
            words += f"entered from {lattice.numbers(lattice.before[s])}.{_why_no_jump(lattice, s)}"
        else:
            words += "a path may start here." if s in lattice.starts else "no path starts here."
        if t < T - 1:
            words += f" Leads to {lattice.numbers(lattice.after[s])}."
        else:
            words += " A path may end here." if s in lattice.ends else " No path ends here."
        words += "" if lattice.live[t, s] else " No whole path uses it."
        return words, lattice.entering(t, s) + lattice.leaving(t, s)

    lattice.animate([], detail)
    dead = " Dashed: states on no whole path." if not lattice.live.all() else ""
    return Drawn(
        lattice.drawing,
        title or f"The lattice of {lattice.word}",
        f"{T} columns, one for each frame, of {lattice.S} circles, one for each symbol of the extended"
        f" labelling {' '.join(lattice.symbols)}, top to bottom. Arrows lead one frame on: to the same"
        " state, to the next, and from a label to the next label if it is a different one. Paths begin in the"
        f" first two states and end in the last two.{dead}",
        captions=[f"Filled circles are labels, hollow ones blanks. Every whole path spells it.{dead}"],
    )


def _why_no_jump(lattice, s):
    if s < 2 or len(lattice.before[s]) == 3:
        return ""
    if not lattice.is_label(s):
        return f" No jump from {s - 1}: a label would be left out."
    return f" No jump from {s - 1}: it has the same label; without a blank between, the two would merge."
