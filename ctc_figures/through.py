"""What passes through one state: the walks that beginnings and endings make, and a change that spreads."""

import numpy as np

from .drawing import State
from .figure import Figure
from .lattice import Lattice
from .notation import number, percent, sub, sup


def _reach(start, neighbours, step, alive):
    """Return the states (t, s) that walks lead to from `start`, itself included, and the pairs they pass."""
    states, pairs, border = {start}, [], {start}
    while border:
        ahead = [(a, (a[0] + step, s)) for a in sorted(border) for s in neighbours[a[1]]]
        ahead = [(a, b) for a, b in ahead if 0 <= b[0] < len(alive) and alive[b]]
        pairs += ahead
        border = {b for _, b in ahead}
        states |= border
    return states, pairs


class _Cut:
    """A lattice, cut at one state: what leads to it, what leads on, and how many ways there are."""

    def __init__(self, lattice):
        self.lattice = lattice
        T, S = lattice.T, lattice.S
        # exact counts, which are Python integers
        self.beginnings = [[int(s < 2) for s in range(S)]]
        self.endings = [[int(s >= S - 2) for s in range(S)]]
        for _ in range(T - 1):
            before, after = self.beginnings[-1], self.endings[0]
            self.beginnings.append([sum(before[r] for r in lattice.before[s]) for s in range(S)])
            self.endings.insert(0, [sum(after[r] for r in lattice.after[s]) for s in range(S)])

    def halves(self, t, s):
        """Name the states and arrows of all beginnings that end in a state, and of all endings from it."""
        alive = self.lattice.alive
        left, into = _reach((t, s), self.lattice.before, -1, alive)
        right, out = _reach((t, s), self.lattice.after, 1, alive)
        left = {("state", *a) for a in left} | {("arrow", a[0], b[1], a[1]) for a, b in into}
        right = {("state", *a) for a in right} | {("arrow", b[0], a[1], b[1]) for a, b in out}
        return left, right


def _plural(n, word):
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def state_cut(y, labelling, alpha, beta, frame, state, symbols, *, blank=0, rest=-1, title=None, description=None):
    """Cut all walks at one state: its beginnings, its endings, and every pair of them joined.

    Touch any state to light up all walks through it.

    Parameters
    ----------
    y : ndarray, shape (T, K)
        Outputs of the network, all above 0.
    labelling : sequence of int, length U
    alpha, beta : ndarray, shape (T, S)
        Both including y at their own frame.
    frame, state : int
        Where to cut, counted from 0.
    symbols : str or sequence of str, length K
    blank : int
    rest : int
        The frame shown at first: 0, the beginnings alone, lets the reader guess.
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        A shape does not fit, a value is negative or not finite, or no walk passes through the state.
    """
    y = np.asarray(y, dtype=float)
    lattice = Lattice(labelling, len(y), symbols, blank, role="gamma")
    T, S, drawing = lattice.T, lattice.S, lattice.drawing
    y = lattice.check("y", y, (T, len(symbols)))
    alpha, beta = lattice.check("alpha", alpha, (T, S)), lattice.check("beta", beta, (T, S))
    if not (0 <= frame < T and 0 <= state < S and lattice.alive[frame, state]):
        raise ValueError(f"frame, state: no walk is in state {state} at frame {frame} (counted from 0)")
    cut, p = _Cut(lattice), alpha[-1, max(S - 2, 0) :].sum()
    halves = {(t, s): cut.halves(t, s) for t in range(T) for s in range(S) if lattice.alive[t, s]}

    def counted(t, s):
        b, e = cut.beginnings[t][s], cut.endings[t][s]
        return f"{_plural(b, 'beginning')} × {_plural(e, 'ending')} = {_plural(b * e, 'walk')}"

    def together(t, s):
        at, out = f"{sub(t + 1)}({s + 1})", y[t, lattice.extended[s]]
        through = alpha[t, s] * beta[t, s] / out
        a, b, o, result = (number(v) for v in (alpha[t, s], beta[t, s], out, through))
        terms = f"α{at} β{at} / y{sup(t + 1)}({lattice.symbols[s]}) = {a} × {b} / {o} = {result}"
        return f"{terms}, {number(100 * through / p, 3)} % of p"

    left, right = halves[frame, state]
    here = ("state", frame, state)

    def looks(name):
        first, second = ("alpha" if name in left else "", "beta" if name in right else "")
        both = first or second
        return [State("result" if name == here else look) for look in (first, second, both)]

    lattice.axes()
    for arrow in lattice.arrows():
        lattice.arrow(*arrow, states=looks(("arrow", *arrow)))
    with drawing.cells("States"):
        for t in range(T):
            for s in range(S):
                detail, lights = f"State {s + 1} ({lattice.symbols[s]}) at t = {t + 1}: ", ()
                if (t, s) in halves:
                    detail += f"{counted(t, s)}. {together(t, s)}."
                    lights = sorted(set.union(*halves[t, s]))
                else:
                    detail += "no walk passes here."
                lattice.state(t, s, detail, lights, looks(("state", t, s)))
    name, at = f"state {state + 1} ({lattice.symbols[state]})", f"{sub(frame + 1)}({state + 1})"
    b, e = cut.beginnings[frame][state], cut.endings[frame][state]
    walks = sum(x * z for x, z in zip(cut.beginnings[0], cut.endings[0], strict=True))
    out = f"y{sup(frame + 1)}({lattice.symbols[state]})"
    return Figure(
        drawing,
        title or f"All walks through {name} at t = {frame + 1}",
        description
        or f"The lattice of {lattice.word}, {T} frames, cut at {name}, frame {frame + 1}. To its left"
        f" {_plural(b, 'beginning')} that end there, to its right {_plural(e, 'ending')} that start there."
        f" Each pair makes one walk: {counted(frame, state)}. {together(frame, state)}.",
        captions=[
            f"{_plural(b, 'beginning')} end in {name} at t = {frame + 1}: together α{at} ="
            f" {number(alpha[frame, state])}.",
            f"{_plural(e, 'ending')} start there: together β{at} = {number(beta[frame, state])}.",
            f"Any beginning goes with any ending: {counted(frame, state)}, of {walks} in all. Both α and β"
            f" hold {out}, so we divide by it once: {together(frame, state)}.",
        ],
        labels=["beginnings", "endings", "walks"],
        slider="Half of the cut",
        seconds=3,
        rest=rest,
    )


def ripple(y, labelling, spread, adjoint, symbols, *, blank=0, prune=True, title=None, description=None):
    """Push one forward variable, and follow the change through the lattice to the end.

    Touch any state to see the derivative of p in its forward variable worked out from the frame after.

    Parameters
    ----------
    y : ndarray, shape (T, K)
        Outputs of the network.
    labelling : sequence of int, length U
    spread : ndarray, shape (T, S)
        How much each forward variable gains for a push of 1: rows of 0, then one with a single 1 where
        the push is, then the rows that the forward recursion makes of it.
    adjoint : ndarray, shape (T, S)
        Derivative of p in each forward variable, as computed by `ctc_core.gradient.adjoint`.
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
        A shape does not fit, a value is negative or not finite, or `spread` does not start with a single 1.
    """
    y = np.asarray(y, dtype=float)
    lattice = Lattice(labelling, len(y), symbols, blank, prune, role="alpha")
    T, S, drawing = lattice.T, lattice.S, lattice.drawing
    y = lattice.check("y", y, (T, len(symbols)))
    spread = lattice.check("spread", spread, (T, S))
    adjoint = lattice.check("adjoint", adjoint, (T, S))
    t0 = int(np.argmax(spread.any(axis=1)))
    s0 = int(np.argmax(spread[t0]))
    if spread[t0, s0] != 1 or np.count_nonzero(spread[t0]) != 1:
        raise ValueError("spread: expected its first row that is not 0 to hold a single 1")
    frames = range(t0, T)
    final = range(max(S - 2, 0), S)

    def variable(t, s):
        return f"α{sub(t + 1)}({s + 1})"

    def worked_out(t, s):
        left = f"∂p/∂{variable(t, s)}"
        if t == T - 1:
            return f"{left} = {number(adjoint[t, s])}: p is {' + '.join(variable(t, r) for r in final[::-1])}"
        after = lattice.after[s]
        terms = [f"∂p/∂{variable(t + 1, r)} · y{sup(t + 2)}({lattice.symbols[r]})" for r in after]
        digits = [f"{number(adjoint[t + 1, r])} × {number(y[t + 1, lattice.extended[r]])}" for r in after]
        return f"{left} = {' + '.join(terms)} = {' + '.join(digits)} = {number(adjoint[t, s])}"

    def node(t, s):
        level, look = percent(np.sqrt(spread[t, s])), "result" if (t, s) == (t0, s0) else ""
        last = "result" if t == T - 1 and s in final else look
        return [State(last if f == T - 1 else look, level if f >= t else 0) for f in frames]

    def arrow_states(t, r, s):
        into = spread[t - 1, lattice.before[s]].sum()
        share = spread[t - 1, r] / into if into > 0 else 0
        return [State("now", percent(share)) if f == t and share > 0 else State() for f in frames]

    lattice.axes()
    for arrow in lattice.arrows():
        lattice.arrow(*arrow, states=arrow_states(*arrow))
    with drawing.cells("States and the derivative of p in each"):
        for t in range(T):
            for s in range(S):
                lattice.state(t, s, worked_out(t, s), lattice.outputs(t, s), node(t, s), letter=False)
    pushed = variable(t0, s0)
    captions = [f"t = {t0 + 1}. {pushed} is made larger by a small ε. What stands to its left does not change."]
    for t in range(t0 + 1, T):
        gains = [f"{variable(t, s)} by {number(spread[t, s], 3)}\u00a0ε" for s in range(S) if spread[t, s] > 0]
        captions.append(f"t = {t + 1}. The change has come here: {', '.join(gains)}.")
    parts = " + ".join(f"{number(spread[-1, s])}\u00a0ε" for s in final[::-1])
    gain = number(spread[-1, list(final)].sum())
    answer = f"p gains {parts} = {gain}\u00a0ε" if S > 1 else f"p gains {parts}"
    end = f"Only the last two states count: {answer}. So ∂p/∂{pushed} = {gain}."
    captions[-1] = (captions[-1] + " " if t0 == T - 1 else f"t = {T}. ") + end
    return Figure(
        drawing,
        title or f"A push of {pushed}, and what arrives",
        description
        or f"The lattice of {lattice.word}, {T} frames. One forward variable, {pushed}, is made larger by ε."
        f" The change spreads along the arrows to the right, frame by frame; a disc in each state grows with"
        f" what it gains. {end}",
        captions=captions,
        labels=[f"t = {t + 1} of {T}" for t in frames],
    )
