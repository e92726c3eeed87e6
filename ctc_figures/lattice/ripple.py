"""A push of one forward variable, and what arrives at the end."""

import numpy as np

from ..drawings.canvas import Look
from ..drawings.drawn import Drawn
from ..page.notation import number, percent
from .lattice import over, variable
from .sweeps import arriving


def ripple(y, labelling, spread, adjoint, symbols, *, blank=0, rest=-1):
    """Push one forward variable, and follow the change through the lattice to the end.

    Touch any state to see the derivative of p in its forward variable worked out from the frame after.
    Parameters and errors as `forward_sweep`.

    Parameters
    ----------
    spread : ndarray, shape (T, S)
        How much each forward variable gains for a push of 1, as computed by `ctc_core.gradient.spread`.
    adjoint : ndarray, shape (T, S)
        Derivative of p in each forward variable, as computed by `ctc_core.gradient.adjoint`.
    """
    lattice, outputs = over(y, labelling, symbols, blank, role="alpha")
    spread, adjoint = lattice.check("spread", spread), lattice.check("adjoint", adjoint)
    T, ends = lattice.T, lattice.ends
    t0 = int(np.argmax(spread.any(axis=1)))
    s0 = int(np.argmax(spread[t0]))
    if spread[t0, s0] != 1 or np.count_nonzero(spread[t0]) != 1:
        raise ValueError("spread: expected its first row that is not 0 to hold a single 1")
    if not lattice.live[t0, s0]:
        raise ValueError(f"spread: no whole path is in state {s0} at frame {t0} (counted from 0)")
    spread = np.where(lattice.live, spread, 0)

    def detail(t, s):
        left = f"∂p/∂{variable('α', t, s)}"
        end = "" if lattice.live[t, s] else ". No whole path uses this state"
        if t == T - 1:
            total = " + ".join(variable("α", t, r) for r in ends[::-1])
            return f"{left} = {number(adjoint[t, s])}: p is {total}{end}", ()
        after = lattice.after[s]
        terms = " + ".join(f"∂p/∂{variable('α', t + 1, r)} · {lattice.output(t + 1, r)}" for r in after)
        digits = " + ".join(f"{number(adjoint[t + 1, r])} × {number(outputs[t + 1, r])}" for r in after)
        return f"{left} = {terms} = {digits} = {number(adjoint[t, s])}{end}", lattice.leaving(t, s)

    frames = []
    for t in range(t0, T):
        frame = {(u, s): Look("", percent(np.sqrt(spread[u, s]))) for u, s in lattice.states if u <= t}
        if t > t0:
            frame |= {arrow: Look("now", percent(share)) for arrow, share in arriving(lattice, spread, t).items()}
        marked = {(t0, s0)} | ({(t, s) for s in ends} if t == T - 1 else set())
        frames.append(frame | {at: frame[at]._replace(classes="result") for at in marked})
    lattice.animate(frames, detail, cells="States and the derivative of p in each", discs=True)

    pushed = variable("α", t0, s0)
    captions = [f"t = {t0 + 1}. {pushed} is made larger by a small ε. What stands to its left does not change."]
    for t in range(t0 + 1, T):
        gains = [f"{variable('α', t, s)} by {number(spread[t, s], 3)}\u00a0ε" for s in np.flatnonzero(spread[t])]
        captions.append(f"t = {t + 1}. The change has come here: {', '.join(gains)}.")
    gain = number(spread[-1, ends].sum())
    parts = " + ".join(f"{number(spread[-1, s])}\u00a0ε" for s in ends[::-1])
    answer = f"p gains {parts} = {gain}\u00a0ε" if len(ends) > 1 else f"p gains {parts}"
    end = f"Only the last two states count: {answer}. So ∂p/∂{pushed} = {gain}."
    captions[-1] = (captions[-1] + " " if t0 == T - 1 else f"t = {T}. ") + end
    return Drawn(
        lattice.drawing,
        f"A push of {pushed}, and what arrives",
        f"The lattice of {lattice.word}, {T} frames. One forward variable, {pushed}, is made larger by ε."
        f" The change spreads along the arrows to the right, frame by frame; a disc in each state grows with"
        f" what it gains. {end}",
        captions=captions,
        labels=lattice.times[t0:],
        rest=rest,
    )
