"""Training as a figure: outputs, occupancies and gradient of one sample, from step to step."""

import numpy as np

from .drawing import Drawing, State, coordinate
from .figure import Figure
from .notation import largest, number, percent, shown

WIDTH = 376  # a phone shows this width without scrolling
ROW, LEFT, RIGHT = 15, 30, 12
PANEL, HIGH = 150, 84  # of one panel of the error signal


def _check(outputs, gradients, symbols, **others):
    """Return both as arrays of shape (F, T, K), rounded: the last bits differ between processors."""
    outputs, gradients = (np.round(np.asarray(a, dtype=float), 9) + 0.0 for a in (outputs, gradients))
    if outputs.ndim != 3 or not outputs.size or outputs.shape != gradients.shape or outputs.shape[2] != len(symbols):
        raise ValueError(
            f"outputs, gradients: expected shape (F, T, {len(symbols)}), got {outputs.shape} and {gradients.shape}"
        )
    for name, values in others.items():
        if len(values) != len(outputs):
            raise ValueError(f"{name}: expected {len(outputs)} values, one for each frame, got {len(values)}")
    return outputs, gradients


def descent_maps(outputs, gradients, steps, losses, entropies, symbols, *, blank=0, title=None, description=None):
    """Show training: each frame of the animation is one training step.

    Parameters
    ----------
    outputs : ndarray, shape (F, T, K)
        y at each of the chosen steps.
    gradients : ndarray, shape (F, T, K)
        y - gamma there; the occupancies follow from both.
    steps : sequence of int, length F
        Number of each step.
    losses, entropies : sequence of float, length F
        Loss, and entropy of the path posterior, in nats.
    symbols : str or sequence of str, length K
    blank : int
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        Shapes do not fit.
    """
    chosen = {"steps": steps, "losses": losses, "entropies": entropies}
    outputs, gradients = _check(outputs, gradients, symbols, **chosen)
    gammas = np.clip(outputs - gradients, 0, 1)
    F, T, K = outputs.shape
    w = (WIDTH - LEFT - RIGHT) / T
    top, high = 62, ROW * K + 34
    drawing = Drawing(WIDTH, top + 3 * high + 14)
    scale = max(max(losses), max(entropies)) or 1.0
    _bar(drawing, 12, "loss", losses, scale, "")
    _bar(drawing, 38, "entropy of the paths", entropies, scale, "gamma")

    # The root makes small entries visible; in the others a colour is a probability.
    reach = np.abs(gradients).max() or 1.0
    strength = np.sqrt(np.abs(gradients) / reach)
    maps = [
        ("outputs y", "ink", outputs, None),
        ("occupancies γ", "gamma", gammas, None),
        ("gradient y − γ: + lowers the logit, − raises it", "ink", strength, gradients),
    ]
    for i, (name, colour, levels, signed) in enumerate(maps):
        y0 = top + i * high + 22
        drawing.label(LEFT, y0 - 11, name, "start")
        for k, symbol in enumerate(symbols):
            drawing.label(LEFT - 11, y0 + ROW * (k + 0.5), shown(symbol))
        with drawing.nest(style=f"--c:var(--ctc-{colour})", aria_hidden="true"):
            for t, k in np.ndindex(T, K):
                signs = [""] * F if signed is None else [_sign(v) for v in signed[:, t, k]]
                states = [State(s, percent(v)) for s, v in zip(signs, levels[:, t, k], strict=True)]
                box = {"x": LEFT + w * t, "y": y0 + ROW * k, "width": w, "height": ROW}
                drawing.add("rect", class_="ctc-heat", states=states, **box)
            for t, k in np.ndindex(T, K):
                # Never by colour alone: a sign in every cell that can be seen.
                if signed is None or strength[:, t, k].max() < 0.25:
                    continue
                texts = [
                    {"positive": "+", "negative": "−"}.get(_sign(v), "") if level >= 0.25 else ""
                    for v, level in zip(signed[:, t, k], strength[:, t, k], strict=True)
                ]
                states = [State(text=text) for text in texts]
                drawing.label(LEFT + w * (t + 0.5), y0 + ROW * (k + 0.5), "", states=states)
    drawing.label(LEFT - 11, drawing.height - 8, "t", "muted var")
    for t in range(T):
        if t == 0 or (t + 1) % 5 == 0:
            drawing.label(LEFT + w * (t + 0.5), drawing.height - 8, str(t + 1), "muted")

    captions = []
    for f in range(F):
        blanks = sum(largest(row) == blank for row in outputs[f])
        captions.append(
            f"After {steps[f]} step{'s' * int(steps[f] != 1)}: p = {number(np.exp(-losses[f]), 3)}. Blank is the most"
            f" probable symbol in {blanks} of {T} frames. Largest entry of the gradient:"
            f" {number(np.abs(gradients[f]).max(), 2)}."
        )
    return Figure(
        drawing,
        title or "Training, step by step",
        description
        or f"Three maps of {K} symbols by {T} frames, one above the other: outputs, occupancies and their difference,"
        f" the gradient, with a sign in each cell. Two bars above them: the loss falls from {number(losses[0], 3)} to"
        f" {number(losses[-1], 3)} nats, the entropy of the paths from {number(entropies[0], 3)} to"
        f" {number(entropies[-1], 3)}. Frame by frame of the animation the training goes on, from step {steps[0]} to"
        f" step {steps[-1]}.",
        captions=captions,
        labels=[f"step {n}" for n in steps],
        slider="Training step",
        rest=0,
        seconds=0.7,
    )


def _sign(value):
    return "positive" if value > 0 else "negative" if value < 0 else ""


def _fixed(value):
    return f"{round(float(value), 6) + 0.0:.2f}"


def _bar(drawing, y, name, values, scale, look):
    """Draw a bar with its name and its number; both bars have the same scale."""
    drawing.label(LEFT, y, name, "start")
    states = [State(text=f"{_fixed(v)} nats") for v in values]
    drawing.label(WIDTH - RIGHT, y, "", "end small", states=states)
    sizes = [State(look, percent(v / scale)) for v in values]
    drawing.add(
        "rect",
        x=LEFT,
        y=y + 8,
        width=WIDTH - LEFT - RIGHT,
        height=7,
        class_="ctc-term",
        aria_hidden="true",
        states=sizes,
    )


def error_signal(outputs, gradients, names, labelling, symbols, *, blank=0, title=None, description=None):
    """Draw outputs and error signal side by side at a few stages of training, one below the other.

    The error signal is gamma - y, minus the gradient: above the axis it raises a logit.

    Parameters
    ----------
    outputs, gradients : ndarray, shape (F, T, K)
        y and y - gamma at each stage.
    names : sequence of str, length F
        What to write above each stage, in a few words.
    labelling : sequence of int
        Its symbols are drawn with full lines, the blank dashed, all others dotted.
    symbols : str or sequence of str, length K
    blank : int
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        Shapes do not fit.
    """
    outputs, gradients = _check(outputs, gradients, symbols, names=names)
    F, T, K = outputs.shape
    reach = np.ceil(10 * np.abs(gradients).max()) / 10 or 0.1
    drawing = Drawing(WIDTH, 30 + F * (HIGH + 40) + 14)
    _legend(drawing, labelling, symbols, blank)
    columns = [  # where, what, lowest and highest value, ticks, peaks worth a letter, name
        (26, outputs, 0, 1.18, (0, 1), 1.5 / K, "outputs y"),
        (WIDTH - PANEL - 2, -gradients, -reach, reach, (-reach, 0, reach), reach / 8, "error γ − y"),
    ]
    for f, name in enumerate(names):
        y0 = 30 + f * (HIGH + 40)
        drawing.label(26, y0 + 12, name, "start bold")
        for x0, values, low, high, ticks, worth, what in columns:
            _panel(drawing, x0, y0 + 24, values[f], low, high, ticks, worth, labelling, symbols, blank)
            drawing.label(x0 + PANEL, y0 + 12, what, "end")
    for x0, *_ in columns:
        for t in (1, *range(10, T + 1, 10)):
            drawing.label(x0 + PANEL * (t - 0.5) / T, drawing.height - 8, str(t), "muted")
        drawing.label(x0 - 12, drawing.height - 8, "t", "muted var")
    sizes = ", ".join(f"{name}: {number(np.abs(g).max(), 2)}" for name, g in zip(names, gradients, strict=True))
    return Figure(
        drawing,
        title or "Outputs and error signal",
        description
        or f"{F} rows. On the left of each the outputs of {K} symbols over {T} frames, on the right their error signal,"
        f" γ − y. Largest error: {sizes}.",
        captions=[f"Left the outputs, right the error signal. Its largest value: {sizes}."],
    )


def _dash(k, labelling, blank):
    return {"stroke_dasharray": "6 3"} if k == blank else {} if k in labelling else {"stroke_dasharray": "1.5 3"}


def _legend(drawing, labelling, symbols, blank):
    letters = ", ".join(shown(symbols[k]) for k in dict.fromkeys(labelling))
    others = ", ".join(shown(s) for k, s in enumerate(symbols) if k != blank and k not in labelling)
    x = 26
    for k, text in ((labelling[0] if labelling else -1, letters), (blank, "blank"), (-1, others)):
        if text:
            drawing.add("path", d=f"M{x} 10h26", class_="ctc-curve", style=_ink(k, blank), **_dash(k, labelling, blank))
            drawing.label(x + 32, 10, text, "start")
            x += 52 + 8 * len(text)


def _ink(k, blank):
    return f"--c:var(--ctc-{'blank' if k == blank else 'label'})"


def _panel(drawing, x0, y0, values, low, high, ticks, worth, labelling, symbols, blank):
    """Draw one line per symbol; a letter stands at the peak of its line, if the peak is worth it."""
    T, K = values.shape

    def place(t, v):
        return x0 + PANEL * (t + 0.5) / T, y0 + HIGH * (high - v) / (high - low)

    for v in ticks:
        rule = f"M{x0} {coordinate(place(0, v)[1])}h{PANEL}"
        drawing.add("path", d=rule, class_="ctc-axis" if v == 0 else "ctc-grid")
        sign = "+" if v > 0 > low else ""
        drawing.label(x0 - 4, place(0, v)[1], sign + number(v, 2), "end muted small")
    for k in range(K):
        points = "L".join(" ".join(map(coordinate, place(t, v))) for t, v in enumerate(values[:, k]))
        look = {"style": _ink(k, blank)} | _dash(k, labelling, blank)
        drawing.add("path", d=f"M{points}", class_="ctc-curve", aria_hidden="true", **look)
    for k in dict.fromkeys(labelling):
        t = largest(values[:, k])
        if values[t, k] >= worth:
            x, y = place(t, values[t, k])
            drawing.label(x, y - 8, shown(symbols[k]), "bold")
