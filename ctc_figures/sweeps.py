"""What fills the lattice: the forward and the backward sweep, and the occupancies."""

import numpy as np

from .drawing import State
from .figure import Figure
from .lattice import Lattice
from .notation import largest, number, percent, sub, sup


class _Sweep:
    """A recursion that fills the lattice column by column, in the order of time or against it.

    Parameters
    ----------
    greek : str
        The letter of the variables.
    role : str
        Their colour.
    step : int
        1 forward, -1 backward.
    """

    def __init__(self, greek, role, step, y, labelling, values, symbols, blank, prune):
        y = np.asarray(y, dtype=float)
        lattice = Lattice(labelling, len(y), symbols, blank, prune, role=role, rows_below=1)
        self.lattice, self.greek, self.step = lattice, greek, step
        self.y = lattice.check("y", y, (lattice.T, len(symbols)))
        self.values = lattice.check(role, values, (lattice.T, lattice.S))
        self.order = list(range(lattice.T))[::step]
        self.frame = {t: f for f, t in enumerate(self.order)}  # in which a column is filled
        first, last = range(min(lattice.S, 2)), range(max(lattice.S - 2, 0), lattice.S)
        self.begins, self.ends = (first, last) if step == 1 else (last, first)
        self.sources = lattice.before if step == 1 else lattice.after

    def variable(self, t, s):
        return f"{self.greek}{sub(t + 1)}({s + 1})"

    def output(self, t, s):
        return f"y{sup(t + 1)}({self.lattice.symbols[s]})"

    def start(self):
        """Write the values of the first column filled: "α₁(1) = y¹(–) = 0.3 and ..."."""
        t = self.order[0]
        states = self.begins if self.step == 1 else self.begins[::-1]
        written = [f"{self.variable(t, s)} = {self.output(t, s)} = {number(self.values[t, s])}" for s in states]
        return " and ".join(written)

    def answer(self):
        """Write the sum that the last column filled holds."""
        t = self.order[-1]
        states = self.ends[::-1] if self.step == 1 else self.ends
        terms = " + ".join(self.variable(t, s) for s in states)
        digits = " + ".join(number(self.values[t, s]) for s in states)
        p = number(self.values[t, list(states)].sum())
        return f"p = {terms} = {digits} = {p}" if len(states) > 1 else f"p = {terms} = {p}"

    def formula(self, t, s):
        """Work out one value in words, and name what it is made of."""
        left, result = self.variable(t, s), number(self.values[t, s])
        if t == self.order[0]:
            if s in self.begins:
                return f"{left} = {self.output(t, s)} = {result}", []
            return f"{left} = {result}: no path {'starts' if self.step == 1 else 'ends'} here", []
        if not self.lattice.alive[t, s] and self.values[t, s] == 0:
            return f"{left} = 0: no whole path uses this state", []
        terms = " + ".join(self.variable(t - self.step, r) for r in self.sources[s])
        digits = " + ".join(number(self.values[t - self.step, r]) for r in self.sources[s])
        factor = number(self.y[t, self.lattice.extended[s]])
        lights = self.lattice.inputs(t, s) if self.step == 1 else self.lattice.outputs(t, s)
        return f"{left} = ({terms}) · {self.output(t, s)} = ({digits}) × {factor} = {result}", lights

    def flow(self, t, r, s):
        """Return when an arrow carries something, and which share of what enters its end."""
        come, go = ((t - 1, r), (t, s)) if self.step == 1 else ((t, s), (t - 1, r))
        total = self.values[come[0], self.sources[go[1]]].sum()
        carries = self.values[come] > 0 and self.values[go] > 0
        return self.frame[go[0]], self.values[come] / total if carries else 0.0

    def arrow_states(self, arrow):
        when, share = self.flow(*arrow)
        now = State("now", percent(share)) if share > 0 else State()
        return [now if f == when else State() for f in range(self.lattice.T)]

    def node_states(self, t, s):
        total = self.values[t].sum()
        level = percent(np.sqrt(self.values[t, s] / total)) if total > 0 else 0
        last = "now result" if s in self.ends and t == self.order[-1] else "now"
        when = self.frame[t]
        return [
            State("future", 0) if f < when else State(last if f == when else "", level) for f in range(self.lattice.T)
        ]

    def figure(self, captions, title, description, rest=-1):
        lattice, drawing = self.lattice, self.lattice.drawing
        lattice.axes()
        for arrow in lattice.arrows():
            lattice.arrow(*arrow, states=self.arrow_states(arrow))
        with drawing.cells(f"States and their {self.greek}"):
            for t in range(lattice.T):
                for s in range(lattice.S):
                    detail, lights = self.formula(t, s)
                    lattice.state(t, s, detail, lights, self.node_states(t, s), letter=False)
        lattice.sums(self.values, self.frame)
        labels = [f"t = {t + 1} of {lattice.T}" for t in self.order]
        return Figure(drawing, title, description, captions=captions, labels=labels, rest=rest)


def forward_sweep(y, labelling, alpha, symbols, *, blank=0, prune=True, title=None, description=None):
    """Show the forward recursion filling the lattice, column by column.

    The disc in a state is as large as its share of the column; an arrow of the current step is as strong
    as its share of what enters the state. Touch a state to see its alpha worked out.

    Parameters
    ----------
    y : ndarray, shape (T, K)
        Outputs of the network.
    labelling : sequence of int, length U
    alpha : ndarray, shape (T, S)
        Forward variables, as computed by `ctc_core.forward_backward.forward`.
    symbols : str or sequence of str, length K
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
        A shape does not fit, or a value is negative or not finite.
    """
    sweep = _Sweep("α", "alpha", 1, y, labelling, alpha, symbols, blank, prune)
    T, word = sweep.lattice.T, sweep.lattice.word
    answer = sweep.answer()
    captions = [
        f"t = {t + 1}. Each state adds up what flows in along its arrows, then multiplies by its own output"
        f" y{sup(t + 1)}."
        for t in sweep.order
    ]
    captions[0] = f"t = 1. A path starts with the first blank or the first label: {sweep.start()}."
    who = "The last blank and the last label hold" if len(sweep.ends) > 1 else "The only state holds"
    captions[-1] = f"t = {T}. {who} the answer: {answer}."
    return sweep.figure(
        captions,
        title or f"Forward sweep for {word}",
        description
        or f"The lattice of {word}, {T} frames, filled from left to right. The disc in a state is as large as"
        " its share of the column's forward variables; an arrow is as strong as its share of what flows in."
        f" {answer}.",
    )


def backward_sweep(y, labelling, beta, symbols, *, blank=0, prune=True, rest=-1, title=None, description=None):
    """Show the backward recursion filling the lattice from the right. The mirror of `forward_sweep`.

    Parameters
    ----------
    y : ndarray, shape (T, K)
    labelling : sequence of int, length U
    beta : ndarray, shape (T, S)
        Backward variables, which include y at their own frame.
    symbols, blank, prune, title, description
        As for `forward_sweep`.
    rest : int
        The frame shown at first: 0, the last column alone, lets the reader guess.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        A shape does not fit, or a value is negative or not finite.
    """
    sweep = _Sweep("β", "beta", -1, y, labelling, beta, symbols, blank, prune)
    T, word = sweep.lattice.T, sweep.lattice.word
    answer = sweep.answer()
    captions = [
        f"t = {t + 1}. Against the arrows: each state adds up the states it leads to, then multiplies by its"
        f" own output y{sup(t + 1)}."
        for t in sweep.order
    ]
    captions[0] = f"t = {T}. A path stops in the last blank or the last label: {sweep.start()}."
    who = "The first blank and the first label hold" if len(sweep.ends) > 1 else "The only state holds"
    captions[-1] = f"t = 1. {who} the answer: {answer}."
    return sweep.figure(
        captions,
        title or f"Backward sweep for {word}",
        description
        or f"The lattice of {word}, {T} frames, filled from right to left, against the arrows. The disc in a"
        f" state is as large as its share of the column's backward variables. {answer}.",
        rest,
    )


def occupancy_sweep(y, labelling, alpha, beta, gamma, symbols, *, blank=0, prune=True, title=None, description=None):
    """Show where the paths of a labelling are at each frame: each column of occupancies sums to 1.

    Parameters
    ----------
    y : ndarray, shape (T, K)
    labelling : sequence of int, length U
    alpha, beta : ndarray, shape (T, S)
        Both including y at their own frame.
    gamma : ndarray, shape (T, S)
        State occupancies, alpha beta / (y p).
    symbols, blank, prune, title, description
        As for `forward_sweep`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        A shape does not fit, or a value is negative or not finite.
    """
    y = np.asarray(y, dtype=float)
    lattice = Lattice(labelling, len(y), symbols, blank, prune, role="gamma", rows_below=1)
    T, S, drawing = lattice.T, lattice.S, lattice.drawing
    y = lattice.check("y", y, (T, len(symbols)))
    arrays = {"alpha": alpha, "beta": beta, "gamma": gamma}
    alpha, beta, gamma = (lattice.check(name, array, (T, S)) for name, array in arrays.items())
    p = number(alpha[-1, max(S - 2, 0) :].sum())
    lattice.axes()
    for arrow in lattice.arrows():
        lattice.arrow(*arrow)
    with drawing.cells("States and their γ"):
        for t in range(T):
            for s in range(S):
                at, k = f"{sub(t + 1)}({s + 1})", lattice.extended[s]
                a, b, out, g = (number(v) for v in (alpha[t, s], beta[t, s], y[t, k], gamma[t, s]))
                terms = f"α{at} · β{at} / (y{sup(t + 1)}({lattice.symbols[s]}) · p)"
                detail = f"γ{at} = {terms} = {a} × {b} / ({out} × {p}) = {g}"
                level = percent(np.sqrt(gamma[t, s]))
                states = [State("now" if f == t else "", level if f >= t else 0) for f in range(T)]
                lattice.state(t, s, detail, (), states, letter=False)
    lattice.sums(gamma, range(T))
    captions = []
    for t in range(T):
        s = largest(gamma[t])
        captions.append(
            f"t = {t + 1}. Of the probability of all paths that spell {lattice.word}, the share"
            f" {number(gamma[t, s])} is in state {s + 1} ({lattice.symbols[s]}). All states of the frame"
            f" together: {number(gamma[t].sum())}."
        )
    return Figure(
        drawing,
        title or f"Occupancies for {lattice.word}",
        description
        or f"The lattice of {lattice.word}, {T} frames. The disc in a state is as large as the share of the"
        " paths' probability that passes there. Each column of discs sums to 1.",
        captions=captions,
        labels=[f"t = {t + 1} of {T}" for t in range(T)],
    )
