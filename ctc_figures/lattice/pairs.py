"""The lattice with its states in pairs: the sums that run forward, and the occupancies that flow back."""

import numpy as np

from ctc_core.kernel import IMPOSSIBLE

from ..drawings.canvas import Look
from ..drawings.drawn import Drawn
from ..page.notation import number, percent, sub, sup
from .lattice import Lattice
from .sweeps import discs

EDGE = 14  # from the middle of a state to the border of its pair


class _Pairs(Lattice):
    """A lattice with a column before the first frame, whose arrows come from sources: a pair, or one state of it.

    A source is the tuple of its states. Pair i is label i and the blank after it: states 2 i - 1 and 2 i.
    """

    dx, left, radius, touched = 50, 60, 9.5, 15

    def __init__(self, labelling, y, symbols, blank, live):
        super().__init__(labelling, len(y) + 1, symbols, blank, role="gamma")
        self.live = live
        self.pairs = [tuple(range(max(2 * i - 1, 0), 2 * i + 1)) for i in range(self.S // 2 + 1)]
        self.sources = [self._sources(s) for s in range(self.S)]
        arrows = [(t, r, s) for t, s in self.states if t and live[t, s] for r in self.sources[s]]
        self.arrows = [(t, r, s) for t, r, s in arrows if live[t - 1, list(r)].any()]

    def _sources(self, s):
        """List what flows into a state: into a blank its pair, into a label itself and what stands before it."""
        if not self.is_label(s):
            return [self.pairs[s // 2]]
        repeat = s - 2 not in self.before[s] and s > 1
        return [(s,), (s - 1,) if repeat else self.pairs[s // 2]]

    def y(self, s):
        """Return the middle of a row: within a pair they are closer."""
        return self.top + 34 * s + 14 * (s // 2 + s % 2)

    def way(self, t, r, s):
        """Return the two ends of an arrow, from the border of a pair or from a circle."""
        x0, y0 = self.x(t - 1) + (EDGE if r in self.pairs else self.radius + 1.5), np.mean([self.y(q) for q in r])
        near = (self.radius + 2.5) / np.hypot(self.dx, self.y(s) - y0)
        return (x0, y0), (self.x(t) - near * self.dx, self.y(s) - near * (self.y(s) - y0))

    def entering(self, t, s):
        """Name what flows into a state: the arrows, and the states of their sources."""
        arrows = [arrow for arrow in self.arrows if (arrow[0], arrow[2]) == (t, s)]
        return [name for arrow in arrows for name in (arrow, *((t - 1, r) for r in arrow[1]))]

    def axes(self):
        """Frame the pairs; number them on the left, and the columns below."""
        for i, pair in enumerate(self.pairs):
            self.drawing.label(10, np.mean([self.y(s) for s in pair]), str(i), "muted")
            for s in pair:
                self.drawing.label(31, self.y(s), self.symbols[s], "bold" if self.is_label(s) else "muted")
            high = self.y(pair[-1]) - self.y(pair[0]) + 2 * EDGE
            for t in range(self.T):
                box = {"x": self.x(t) - EDGE, "y": self.y(pair[0]) - EDGE, "width": 2 * EDGE, "rx": EDGE}
                self.drawing.add("rect", height=high, class_="ctc-border", **box)
        self.drawing.label(10, self.below(0), "i", "muted var")
        self.drawing.label(31, self.below(0), "t", "muted var")
        for t in range(self.T):
            self.drawing.label(self.x(t), self.below(0), str(t), "muted")

    def name(self, s):
        """Name a state as the chapter does."""
        return f"{'label' if self.is_label(s) else 'blank'} {(s + 1) // 2}"

    def source_name(self, r):
        """Name a source."""
        return f"pair {r[-1] // 2}" if r in self.pairs else self.name(*r)


def _by_state(blanks, labels):
    """Return what is stored by pairs, for one sample, with a column for each state."""
    values = np.empty((len(blanks), 2 * blanks.shape[1] - 1))
    values[:, ::2], values[:, 1::2] = blanks[..., 0], labels[:, 1:, 0]
    return values


def pair_sweep(y, labelling, pairs, occupancies, symbols, *, blank=0, rest=-1):
    """Show the forward recursion over pairs, and how the occupancies flow back by the shares.

    Label i and the blank after it stand in one box: pair i. First the forward variables fill the lattice from the left,
    in one colour, then the occupancies take their place from the right, in another. Parameters and errors as
    `forward_sweep`.

    Parameters
    ----------
    pairs : ctc_core.steps.Pairs
        Of one sample, as `ctc_core.steps.forward_pairs` computes it.
    occupancies : tuple of two ndarrays, shape (T + 1, U + 1, 1)
        Of blanks and of labels, as `ctc_core.steps.flow_back` computes them.
    """
    T, U = len(y), len(labelling)
    arrays = pairs._asdict() | dict(zip(("occupancies, blanks", "occupancies, labels"), occupancies, strict=True))
    for name, array in arrays.items():
        shape = {"label_shares": (T, U + 1, 1), "log_p": (1,)}.get(name, (T + 1, U + 1, 1))
        if np.shape(array) != shape:
            raise ValueError(f"{name}: expected shape {shape}, one sample, got {np.shape(array)}")
    if pairs.log_p[0] <= IMPOSSIBLE / 10:
        raise ValueError("pairs: no path fits, so there is nothing to show")
    gamma = _by_state(*occupancies)
    lattice = _Pairs(labelling, y, symbols, blank, gamma > 0)
    alpha = np.where(lattice.live, np.exp(_by_state(pairs.blanks, pairs.labels)), 0)
    outputs = lattice.check("y", y, (T, len(symbols)))[:, lattice.extended]
    p = number(np.exp(pairs.log_p[0]))

    def detail(t, s):
        name = lattice.name(s).capitalize() + (f" ({lattice.symbols[s]})" if lattice.is_label(s) else "")
        if t == 0:
            return f"{name} before the first frame: α = {number(alpha[t, s])}.", ()
        if not lattice.live[t, s]:
            return f"{name} at t = {t}: no whole path uses it.", ()
        i, sources = (s + 1) // 2, lattice.sources[s]
        terms = " + ".join(map(lattice.source_name, sources))
        digits = " + ".join(number(alpha[t - 1, list(r)].sum()) for r in sources)
        if len(sources) > 1:
            terms, digits = f"({terms})", f"({digits})"
        own = alpha[t, s] / alpha[t, lattice.pairs[i]].sum()  # of what whole paths use: pair_shares counts all
        words = (
            f"{name} at t = {t}: α = {terms} · y{sup(t)}({lattice.symbols[s]}) = {digits} × {number(outputs[t - 1, s])}"
            f" = {number(alpha[t, s])}. Its share of pair {i}: {number(own, 3)}. Occupancy γ = {number(gamma[t, s])}."
        )
        return words, lattice.entering(t, s)

    def share(t, r, s):
        """Return the share of an arrow in what enters its end."""
        if not lattice.is_label(s):
            return 1.0
        stays = pairs.label_shares[t - 1, (s + 1) // 2, 0]
        return stays if r == (s,) else 1 - stays

    frames, disc, occupied = [], discs(lattice, alpha), discs(lattice, gamma)
    for t in range(T + 1):
        frame = {(u, s): Look("future", 0) for u, s in lattice.states if u > t}
        frame |= {at: Look("forward", disc[at]) for at in lattice.states if at[0] <= t and lattice.live[at]}
        frame |= {(t, s): frame[t, s]._replace(classes="now forward") for s in np.flatnonzero(lattice.live[t])}
        arrows = [arrow for arrow in lattice.arrows if arrow[0] == t]
        frames.append(frame | {arrow: Look("now alpha", percent(share(*arrow))) for arrow in arrows})
    for t in reversed(range(T + 1)):
        frame = {at: Look("forward", disc[at]) if at[0] < t else Look("", occupied[at]) for at in lattice.states}
        frame |= {(t, s): Look("now", occupied[t, s]) for s in np.flatnonzero(lattice.live[t])}
        flows = {arrow: share(*arrow) * gamma[arrow[0], arrow[2]] for arrow in lattice.arrows if arrow[0] == t + 1}
        frames.append(frame | {arrow: Look("now", percent(np.sqrt(flow))) for arrow, flow in flows.items()})
    lattice.animate(frames, detail, discs=True)

    last = [(lattice.name(s), alpha[T, s], gamma[T, s]) for s in lattice.pairs[-1][::-1]]
    answer = " + ".join(f"{number(a)} ({name})" for name, a, _ in last) + f" = {p}" * (len(last) > 1)
    divided = ", ".join(f"{number(g, 3)} to {name}" for name, _, g in last)
    ahead = [
        f"Forward, t = {t}. Each pair is summed once, and its sum goes to its own blank and to the next label."
        f" A label also keeps what it has. Then all are multiplied by their outputs y{sup(t)}."
        for t in range(T + 1)
    ]
    ahead[0] = "Before the first frame, t = 0. Nothing is read: all the probability there is, 1, is in blank 0."
    ahead[T] = f"Forward, t = {T}. The last pair holds the answer: p = {answer}."
    back = [
        f"Back, t = {t}. What a state holds at t = {t + 1} goes back along its arrows, and is divided by their"
        f" shares. The discs of this column sum to 1: they are the occupancies γ{sub(t)}."
        for t in range(T + 1)
    ]
    back[0] = "Back, t = 0. All of it has come home: the occupancy 1 is in blank 0, where every path begins."
    back[T] = f"Back, t = {T}. The last pair has the occupancy 1. Its shares divide it: {divided}."
    return Drawn(
        lattice.drawing,
        f"Pairs of {lattice.word}, forward and back",
        f"The lattice of {lattice.word} before the first frame and after each of {T} frames. Each label and the"
        f" blank after it are framed as a pair. First discs fill the states from left to right: forward variables,"
        f" each as large as its share of its column; the last pair holds p = {p}. Then discs of another"
        " colour replace them from right to left: occupancies, those of a column sum to 1, and at the left end all"
        " is in blank 0. Dashed: states that no whole path uses.",
        captions=[*ahead, *reversed(back)],
        labels=[f"t = {t}, forward" for t in range(T + 1)] + [f"t = {t}, back" for t in reversed(range(T + 1))],
        slider="Forward, then back",
        rest=rest,
    )
