"""The lattice with its states in pairs: the sums that run forward, and the occupancies that flow back."""

import numpy as np

from ctc_core.labels import as_labelling

from .drawing import Drawing, State, arrow_path
from .figure import Figure
from .notation import number, percent, shown, sub, sup

DX, STEP, GAP = 50, 34, 48  # between columns; within a pair, between pairs
LEFT, TOP = 60, 26  # middle of the first blank
R, EDGE = 9.5, 14  # a state; from its middle to the border of its pair


class _Pairs:
    """Where everything stands, and what it holds."""

    def __init__(self, y, labelling, pairs, occupancies, symbols, blank):
        labelling = as_labelling(labelling, blank, len(symbols)).tolist()
        self.T, self.U = len(y), len(labelling)
        if np.shape(y) != (self.T, len(symbols)) or not self.T:
            raise ValueError(f"y: expected shape (T, {len(symbols)}) with at least one frame, got {np.shape(y)}")
        shape = self.T + 1, self.U + 1, 1
        arrays = dict(zip(("occupancies, blanks", "occupancies, labels"), occupancies, strict=True))
        for name, array in (pairs._asdict() | arrays).items():
            expected = {"label_shares": (self.T, *shape[1:]), "log_p": (1,)}.get(name, shape)
            if np.shape(array) != expected:
                raise ValueError(f"{name}: expected shape {expected}, one sample, got {np.shape(array)}")
        if not pairs.log_p[0] > -1e290:
            raise ValueError("pairs: no path fits, so there is nothing to show")
        self.y, self.blank = np.asarray(y, dtype=float), blank
        self.names = [shown(symbols[blank]), *(shown(symbols[k]) for k in labelling)]
        self.label_symbols = [None, *labelling]
        self.repeat = [False, False, *(a == b for a, b in zip(labelling, labelling[1:], strict=False))]
        self.gamma = {"blank": occupancies[0][..., 0], "label": occupancies[1][..., 0]}
        self.alpha = {"blank": np.exp(pairs.blanks[..., 0]), "label": np.exp(pairs.labels[..., 0])}
        self.pair_shares, self.stay = pairs.pair_shares[..., 0], pairs.label_shares[..., 0]
        self.p = float(np.exp(pairs.log_p[0]))
        self.states = [(t, kind, i) for t in range(self.T + 1) for i in range(self.U + 1) for kind in self.kinds(i)]
        self.word = "".join(self.names[1:]) or "the empty labelling"

    def kinds(self, i):
        """Name the states of a pair, top to bottom: pair 0 has no label."""
        return ("label", "blank") if i else ("blank",)

    def alive(self, t, kind, i):
        """Say whether a path passes."""
        return self.gamma[kind][t, i] > 0

    def x(self, t):
        return LEFT + DX * t

    def height(self, kind, i):
        return TOP + (STEP + GAP) * i - (STEP if kind == "label" else 0)

    def middle(self, i):
        return self.height("blank", i) - (STEP / 2 if i else 0)

    def arrows(self):
        """List all (t, from, to): from a pair, a blank or a label at t to a state at t + 1, where paths pass."""
        found = []
        for t, kind, i in self.states:
            if t == 0 or not self.alive(t, kind, i):
                continue
            if kind == "blank":
                sources = [("pair", i)]
            else:
                sources = [("label", i), ("blank" if self.repeat[i] else "pair", i - 1)]
            for source, j in sources:
                parts = self.kinds(j) if source == "pair" else (source,)
                if any(self.alive(t - 1, part, j) for part in parts):
                    found.append((t - 1, (source, j), (kind, i)))
        return found

    def share(self, t, source, target):
        """The share of an arrow in what enters its end."""
        if target[0] == "blank":
            return 1.0
        stays = self.stay[t, target[1]]
        return stays if source[0] == "label" else 1 - stays

    def detail(self, t, kind, i):
        """Work out one state in words."""
        name = f"{kind.capitalize()} {i}" + (f" ({self.names[i]})" if kind == "label" else "")
        alpha, gamma = number(self.alpha[kind][t, i]), number(self.gamma[kind][t, i])
        if t == 0:
            return f"{name} before the first frame: α = {alpha if self.alive(t, kind, i) else 0}."
        if not self.alive(t, kind, i):
            return f"{name} at t = {t}: no whole path uses it."
        a = {part: self.alpha[part][t - 1] for part in ("blank", "label")}
        if kind == "blank":
            terms, k = [("pair", i)], self.blank
        else:
            terms, k = [("label", i), ("blank" if self.repeat[i] else "pair", i - 1)], self.label_symbols[i]
        values = [a["blank"][j] + a["label"][j] if source == "pair" else a[source][j] for source, j in terms]
        words = " + ".join(f"{source} {j}" for source, j in terms)
        digits = " + ".join(map(number, values))
        digits = f"({digits})" if len(values) > 1 else digits
        words = f"({words})" if len(values) > 1 else words
        own = self.pair_shares[t, i] if kind == "blank" else 1 - self.pair_shares[t, i]
        return (
            f"{name} at t = {t}: α = {words} · y{sup(t)}({shown(self.names[0] if kind == 'blank' else self.names[i])})"
            f" = {digits} × {number(self.y[t - 1, k])} = {alpha}. Its share of pair {i}: {number(own, 3)}."
            f" Occupancy γ = {gamma}."
        )


def pair_sweep(y, labelling, pairs, occupancies, symbols, *, blank=0, rest=-1, title=None, description=None):
    """Show the forward recursion over pairs, and how the occupancies flow back by the shares.

    Label i and the blank after it stand in one box: pair i. First the forward variables fill the lattice from the left,
    in one colour, then the occupancies take their place from the right, in another.

    Parameters
    ----------
    y : ndarray, shape (T, K)
        Outputs of the network.
    labelling : sequence of int, length U
    pairs : ctc_core.steps.Pairs
        Of one sample, as `ctc_core.steps.forward_pairs` computes it.
    occupancies : tuple of two ndarrays, shape (T + 1, U + 1, 1)
        Of blanks and of labels, as `ctc_core.steps.flow_back` computes them.
    symbols : str or sequence of str, length K
    blank : int
    rest : int
        The frame shown at first: 0 lets the reader guess.
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        A shape does not fit, a label has no symbol, or no path fits.
    """
    lattice = _Pairs(y, labelling, pairs, occupancies, symbols, blank)
    T, U = lattice.T, lattice.U
    bottom = lattice.height("blank", U)
    drawing = Drawing(lattice.x(T) + 24, bottom + 52, "gamma")
    frames = [*((t, True) for t in range(T + 1)), *((t, False) for t in reversed(range(T + 1)))]
    _axes(drawing, lattice, bottom)
    for t in range(T + 1):
        for i in range(U + 1):
            top = lattice.height(lattice.kinds(i)[0], i)
            box = {"x": lattice.x(t) - EDGE, "y": top - EDGE, "width": 2 * EDGE, "rx": EDGE}
            drawing.add("rect", height=lattice.height("blank", i) - top + 2 * EDGE, class_="ctc-border", **box)
    for t, source, target in lattice.arrows():
        share = lattice.share(t, source, target)
        flow = share * lattice.gamma[target[0]][t + 1, target[1]]
        states = [
            State("now alpha", percent(share))
            if (at, ahead) == (t + 1, True)
            else State("now", percent(np.sqrt(flow)))
            if (at, ahead) == (t, False)
            else State()
            for at, ahead in frames
        ]
        _arrow(drawing, lattice, t, source, target, states)
    used = [state for state in lattice.states if lattice.alive(*state)]
    totals = [sum(lattice.alpha[kind][t, i] for at, kind, i in used if at == t) for t in range(T + 1)]
    with drawing.cells("States"):
        for state in lattice.states:
            _state(drawing, lattice, state, frames, totals)
    return Figure(
        drawing,
        title or f"Pairs of {lattice.word}, forward and back",
        description
        or f"The lattice of {lattice.word} before the first frame and after each of {T} frames. Each label and the"
        f" blank after it are framed as a pair. First discs fill the states from left to right: forward variables,"
        f" each as large as its share of its column; the last pair holds p = {number(lattice.p)}. Then discs of another"
        " colour replace them from right to left: occupancies, those of a column sum to 1, and at the left end all"
        " is in blank 0. Dashed: states that no whole path uses.",
        captions=[_caption(lattice, t, ahead) for t, ahead in frames],
        labels=[f"t = {t}, {'forward' if ahead else 'back'}" for t, ahead in frames],
        slider="Forward, then back",
        rest=rest,
    )


def _axes(drawing, lattice, bottom):
    for i in range(lattice.U + 1):
        drawing.label(10, lattice.middle(i), str(i), "muted")
        drawing.label(31, lattice.height("blank", i), lattice.names[0], "muted")
        if i:
            drawing.label(31, lattice.height("label", i), lattice.names[i], "bold")
    drawing.label(10, bottom + 36, "i", "muted var")
    drawing.label(31, bottom + 36, "t", "muted var")
    for t in range(lattice.T + 1):
        drawing.label(lattice.x(t), bottom + 36, str(t), "muted")


def _arrow(drawing, lattice, t, source, target, states):
    kind, i = source
    x0, x1 = lattice.x(t) + (EDGE if kind == "pair" else R + 1.5), lattice.x(t + 1) - R - 2.5
    y0, y1 = lattice.middle(i) if kind == "pair" else lattice.height(kind, i), lattice.height(*target)
    if y0 != y1:  # end on the circle, where the arrow meets it
        length = np.hypot(DX, y1 - y0)
        x1, y1 = lattice.x(t + 1) - (R + 2.5) * DX / length, y1 - (R + 2.5) * (y1 - y0) / length
    path = arrow_path([(x0, y0), (x1, y1)], head=6, half=2.6)
    drawing.add("path", d=path, class_="ctc-arrow", name=("arrow", t, source, target), states=states)


def _state(drawing, lattice, state, frames, totals):
    t, kind, i = state
    alive = lattice.alive(*state)
    lights = []
    for arrow in lattice.arrows():
        if arrow[0] == t - 1 and arrow[2] == (kind, i):
            source, j = arrow[1]
            parts = lattice.kinds(j) if source == "pair" else (source,)
            lights += [("arrow", *arrow), *(("state", t - 1, part, j) for part in parts)]
    at = {"cx": lattice.x(t), "cy": lattice.height(kind, i)}
    back = [not ahead and at_ <= t for at_, ahead in frames]
    reached = [at_ >= t or not ahead for at_, ahead in frames]
    looks = [
        State("now" if at_ == t and alive else "" if r else "future")
        for (at_, _), r in zip(frames, reached, strict=True)
    ]
    alpha = percent(np.sqrt(lattice.alpha[kind][t, i] / totals[t])) if alive else 0
    gamma = percent(np.sqrt(lattice.gamma[kind][t, i]))
    class_ = f"ctc-state {kind}{'' if alive else ' dead'}"
    with drawing.touch(lattice.detail(*state), lights, class_=class_, states=looks, name=("state", *state)):
        drawing.add("circle", r=15, class_="ctc-hit", **at)
        drawing.add("circle", r=R, class_="ctc-ring", **at)
        if alive:
            forward = [State("", alpha if r and not b else 0) for r, b in zip(reached, back, strict=True)]
            with drawing.nest("g", style="--role:var(--ctc-alpha)"):
                drawing.add("circle", r=R - 1.5, class_="ctc-level", states=forward, **at)
            drawing.add(
                "circle", r=R - 1.5, class_="ctc-level", states=[State("", gamma if b else 0) for b in back], **at
            )


def _caption(lattice, t, ahead):
    T, U = lattice.T, lattice.U
    last = [(kind, lattice.alpha[kind][T, U], lattice.gamma[kind][T, U]) for kind in lattice.kinds(U)[::-1]]
    if ahead and t == 0:
        return "Before the first frame, t = 0. Nothing is read: all the probability there is, 1, is in blank 0."
    if ahead and t < T:
        return (
            f"Forward, t = {t}. Each pair is summed once, and its sum goes to its own blank and to the next label."
            f" A label also keeps what it has. Then all are multiplied by their outputs y{sup(t)}."
        )
    if ahead:
        terms = " + ".join(f"{number(a)} ({kind} {U})" for kind, a, _ in last)
        total = f" = {number(lattice.p)}" if len(last) > 1 else ""
        return f"Forward, t = {T}. The last pair holds the answer: p = {terms}{total}."
    if t == T:
        terms = ", ".join(f"{number(g, 3)} to {kind} {U}" for kind, _, g in last)
        return f"Back, t = {T}. The last pair has the occupancy 1. Its shares divide it: {terms}."
    if t > 0:
        return (
            f"Back, t = {t}. What a state holds at t = {t + 1} goes back along its arrows, and is divided by their"
            f" shares. The discs of this column sum to 1: they are the occupancies γ{sub(t)}."
        )
    return "Back, t = 0. All of it has come home: the occupancy 1 is in blank 0, where every path begins."
