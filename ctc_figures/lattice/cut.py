"""All walks through one state: the beginnings that end there, the endings that start there, and every pair joined."""

import numpy as np

from ctc_core.forward_backward import forward_probability
from ctc_core.paths import flow, walk_counts

from ..drawings.canvas import Look
from ..drawings.drawn import Drawn
from ..page.notation import number
from .lattice import over, variable


def _plural(n, word):
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def state_cut(y, labelling, alpha, beta, frame, state, symbols, *, blank=0, rest=-1):
    """Cut all walks at one state: its beginnings, its endings, and every pair of them joined.

    Touch any state to light up all walks through it. Parameters and errors as `forward_sweep`.

    Parameters
    ----------
    y : ndarray, shape (T, K)
        Outputs of the network, all above 0.
    alpha, beta : ndarray, shape (T, S)
        Both including y at their own frame.
    frame, state : int
        Where to cut, counted from 0.
    """
    lattice, outputs = over(y, labelling, symbols, blank, role="gamma")
    alpha, beta = lattice.check("alpha", alpha), lattice.check("beta", beta)
    if (frame, state) not in lattice.states or not lattice.live[frame, state]:
        raise ValueError(f"frame, state: no walk is in state {state} at frame {frame} (counted from 0)")
    beginnings, endings = walk_counts(labelling, lattice.T, blank)
    p = forward_probability(alpha)

    def walks(t, s):
        """Name the parts of all walks through a state: where they run does not depend on the outputs."""
        return list(lattice.passed(flow(np.ones_like(y), labelling, blank, t=t, state=s)))

    def counted(t, s):
        b, e = beginnings[t, s], endings[t, s]
        return f"{_plural(b, 'beginning')} × {_plural(e, 'ending')} = {_plural(b * e, 'walk')}"

    def together(t, s):
        through = alpha[t, s] * beta[t, s] / outputs[t, s]
        a, b, out, result = (number(v) for v in (alpha[t, s], beta[t, s], outputs[t, s], through))
        terms = f"{variable('α', t, s)} {variable('β', t, s)} / {lattice.output(t, s)} = {a} × {b} / {out} = {result}"
        return f"{terms}, {number(100 * through / p, 3)} % of p"

    def detail(t, s):
        if not lattice.live[t, s]:
            return f"{lattice.place(t, s)}: no walk passes here.", ()
        return f"{lattice.place(t, s)}: {counted(t, s)}. {together(t, s)}.", walks(t, s)

    left = {part: Look("alpha") for part in walks(frame, state) if part[0] <= frame}
    right = {part: Look("beta") for part in walks(frame, state) if part not in left}
    here = {(frame, state): Look("result")}
    lattice.animate([left | here, right | here, left | right | here], detail)
    name = f"state {state + 1} ({lattice.symbols[state]})"
    b, e = _plural(beginnings[frame, state], "beginning"), _plural(endings[frame, state], "ending")
    return Drawn(
        lattice.drawing,
        f"All walks through {name} at t = {frame + 1}",
        f"The lattice of {lattice.word}, {lattice.T} frames, cut at {name}, frame {frame + 1}. To its left {b} that"
        f" end there, to its right {e} that start there. Each pair makes one walk: {counted(frame, state)}."
        f" {together(frame, state)}.",
        captions=[
            f"{b} end in {name} at t = {frame + 1}: together {variable('α', frame, state)} ="
            f" {number(alpha[frame, state])}.",
            f"{e} start there: together {variable('β', frame, state)} = {number(beta[frame, state])}.",
            f"Any beginning goes with any ending: {counted(frame, state)}, of {(beginnings * endings)[0].sum()} in all."
            f" Both α and β hold {lattice.output(frame, state)}, so we divide by it once: {together(frame, state)}.",
        ],
        labels=["beginnings", "endings", "walks"],
        slider="Half of the cut",
        seconds=3,
        rest=rest,
    )
