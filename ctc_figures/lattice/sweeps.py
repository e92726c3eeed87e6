"""What fills the lattice, column by column: forward variables, backward variables, occupancies."""

from typing import NamedTuple

import numpy as np

from ctc_core.paths import flow

from ..drawings.canvas import Look
from ..drawings.drawn import Drawn
from ..page.notation import largest, number, percent, sup
from .lattice import over, variable

SUM = {"sum": "role small"}  # the row under the lattice


def discs(lattice, values):
    """Return how large the disc in each state is: its area is the state's share of its column."""
    totals = values.sum(axis=1, keepdims=True)
    shares = np.divide(values, totals, out=np.zeros_like(values), where=totals > 0)
    return {(t, s): percent(np.sqrt(shares[t, s])) for t, s in lattice.states}


def fill(lattice, values, order, arrows):
    """Return one frame for each column of values, in the order in which they come.

    `arrows` takes a column, and returns the arrows that bring something to it, with their shares.
    """
    frames, sizes = [], discs(lattice, values)
    sums = [number(total, 3 if total >= 0.01 else 2) for total in values.sum(axis=1)]
    for f, t in enumerate(order):
        past, future = order[:f], order[f + 1 :]
        frame = {(u, s): Look("", sizes[u, s]) for u, s in lattice.states if u in past}
        frame |= {(u, s): Look("future", 0) for u, s in lattice.states if u in future}
        frame |= {(t, s): Look("now", sizes[t, s]) for s in range(lattice.S)}
        frame |= {arrow: Look("now", percent(share)) for arrow, share in arrows(t).items()}
        frame |= {("sum", u): Look(text=sums[u]) for u in order[: f + 1]}
        frames.append(frame)
    return frames


def arriving(lattice, values, t, step=1):
    """Return the arrows that bring something to column t, with their shares of what their states take in."""
    shares, u, sources = {}, t - step, lattice.before if step > 0 else lattice.after
    for s in np.flatnonzero(values[t]) if 0 <= u < lattice.T else ():
        total = values[u, sources[s]].sum()
        for r in sources[s]:
            if values[u, r] > 0:
                shares[max(t, u), min(r, s), max(r, s)] = values[u, r] / total
    return shares


class _Way(NamedTuple):
    """A direction to fill the lattice in, and how it is told."""

    step: int  # 1 in the order of time, -1 against it
    name: str
    greek: str
    role: str
    each: str
    begin: str
    border: str
    place: str
    filled: str


FORWARD = _Way(
    step=1,
    name="forward",
    greek="α",
    role="alpha",
    each="Each state adds up what flows in along its arrows, then multiplies by its own output",
    begin="A path starts with the first blank or the first label",
    border="starts",
    place="last",
    filled="from left to right",
)
BACKWARD = _Way(
    step=-1,
    name="backward",
    greek="β",
    role="beta",
    each="Against the arrows: each state adds up the states it leads to, then multiplies by its own output",
    begin="A path stops in the last blank or the last label",
    border="ends",
    place="first",
    filled="from right to left, against the arrows",
)


def _sweep(way, y, labelling, values, symbols, blank, rest):
    """Fill the lattice by a recursion."""
    lattice, outputs = over(y, labelling, symbols, blank, role=way.role, rows=SUM)
    if not lattice.live.any():
        raise ValueError(f"labelling: no path of {lattice.T} frames spells {lattice.word}")
    # Graves' bounds count steps alone: where a label is repeated, values grow that lead to no end.
    given = lattice.check(way.role, values)
    values = np.where(lattice.live, given, 0)
    step, order = way.step, range(lattice.T)[:: way.step]
    first, last = (lattice.starts, lattice.ends)[::step]
    sources = lattice.before if step > 0 else lattice.after

    def detail(t, s):
        left, result, u = variable(way.greek, t, s), number(values[t, s]), t - step
        if t == order[0] and s not in first:
            return f"{left} = {result}: no path {way.border} here", ()
        if not lattice.live[t, s]:
            return f"{left} {'is taken as' if given[t, s] > 0 else '='} 0: no whole path uses this state", ()
        if t == order[0]:
            return f"{left} = {lattice.output(t, s)} = {result}", ()
        terms = " + ".join(variable(way.greek, u, r) for r in sources[s])
        digits = f"({' + '.join(number(values[u, r]) for r in sources[s])}) × {number(outputs[t, s])}"
        lights = lattice.entering(t, s) if step > 0 else lattice.leaving(t, s)
        return f"{left} = ({terms}) · {lattice.output(t, s)} = {digits} = {result}", lights

    frames = fill(lattice, values, order, lambda t: arriving(lattice, values, t, step))
    t, states = order[-1], last[::-step]
    frames[-1] |= {(t, s): frames[-1][t, s]._replace(classes="now result") for s in states}
    lattice.animate(frames, detail, cells=f"States and their {way.greek}", discs=True)

    start = " and ".join(detail(order[0], s)[0] for s in first[::step] if lattice.live[order[0], s])
    terms = " + ".join(variable(way.greek, t, s) for s in states)
    digits = " + ".join(number(values[t, s]) for s in states)
    total = f" = {number(values[t, states].sum())}" if len(states) > 1 else ""
    answer = f"p = {terms} = {digits}{total}"
    who = f"The {way.place} blank and the {way.place} label hold" if len(states) > 1 else "The only state holds"
    captions = [f"t = {t + 1}. {way.each} y{sup(t + 1)}." for t in order]
    captions[0] = f"t = {order[0] + 1}. {way.begin}: {start}."
    captions[-1] = f"t = {order[-1] + 1}. {who} the answer: {answer}."
    return Drawn(
        lattice.drawing,
        f"{way.name.capitalize()} sweep for {lattice.word}",
        f"The lattice of {lattice.word}, {lattice.T} frames, filled {way.filled}. The disc in a state is as large as"
        f" its share of the column's {way.name} variables; an arrow is as strong as its share of what its end takes in."
        f" {answer}.",
        captions=captions,
        labels=lattice.times[::step],
        rest=rest,
    )


def forward_sweep(y, labelling, alpha, symbols, *, blank=0, rest=-1):
    """Show the forward recursion filling the lattice, column by column.

    The disc in a state is as large as its share of the column; an arrow of the current step is as strong
    as its share of what enters the state. States on no whole path are faint and dashed, their values taken
    as 0. Touch a state to see its alpha worked out.

    Parameters
    ----------
    y : ndarray, shape (T, K)
        Outputs of the network.
    labelling : sequence of int, length U
    alpha : ndarray, shape (T, S)
        Forward variables, as computed by `ctc_core.forward_backward.forward`.
    symbols : str or sequence of str, length K
        What to write for each output, the blank included.
    blank : int
    rest : int
        The frame shown at first; 0 lets the reader guess how it ends.

    Returns
    -------
    Drawn

    Raises
    ------
    ValueError
        A shape does not fit, a value is negative or not finite, a label has no symbol, or no path fits.
    """
    return _sweep(FORWARD, y, labelling, alpha, symbols, blank, rest)


def backward_sweep(y, labelling, beta, symbols, *, blank=0, rest=-1):
    """Show the backward recursion filling the lattice from the right. The mirror of `forward_sweep`."""
    return _sweep(BACKWARD, y, labelling, beta, symbols, blank, rest)


def occupancy_sweep(y, labelling, alpha, beta, gamma, symbols, *, blank=0, rest=-1):
    """Show where the paths of a labelling are at each frame. Parameters and errors as `forward_sweep`.

    `gamma` holds the state occupancies; each column sums to 1. An arrow is as strong as its share of the paths.
    """
    lattice, outputs = over(y, labelling, symbols, blank, role="gamma", rows=SUM)
    alpha, beta, gamma = map(lattice.check, ("alpha", "beta", "gamma"), (alpha, beta, gamma))
    p, shares = number(alpha[-1, lattice.ends].sum()), lattice.passed(flow(y, labelling, blank))

    def arrows(t):
        return {arrow: np.sqrt(shares[arrow]) for arrow in lattice.arrows if arrow[0] == t and arrow in shares}

    def detail(t, s):
        if not lattice.live[t, s]:
            return f"{variable('γ', t, s)} = 0: no whole path uses this state", ()
        a, b, out, g = (number(v[t, s]) for v in (alpha, beta, outputs, gamma))
        terms = f"{variable('α', t, s)} · {variable('β', t, s)} / ({lattice.output(t, s)} · p)"
        return f"{variable('γ', t, s)} = {terms} = {a} × {b} / ({out} × {p}) = {g}", ()

    lattice.animate(fill(lattice, gamma, range(lattice.T), arrows), detail, cells="States and their γ", discs=True)
    return Drawn(
        lattice.drawing,
        f"Occupancies for {lattice.word}",
        f"The lattice of {lattice.word}, {lattice.T} frames. The disc in a state is as large as the share of the"
        " paths' probability that passes there, an arrow as strong. Each column of discs sums to 1.",
        captions=[
            f"t = {t + 1}. Of the probability of all paths that spell {lattice.word}, the share"
            f" {number(gamma[t, s])} is in state {s + 1} ({lattice.symbols[s]}). All states of the frame"
            f" together: {number(gamma[t].sum())}."
            for t, s in enumerate(map(largest, gamma))
        ],
        labels=lattice.times,
        rest=rest,
    )
