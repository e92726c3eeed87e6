"""The substitution of the softmax into the derivative: seven lines of algebra, with the numbers they move."""

import re

import numpy as np

from .drawing import Drawing, State
from .figure import Figure
from .notation import number, shown, sup

LINES = [
    "− Σ  y_{k′} (δ_{kk′} − y_k) / (p y_{k′}²) · A(k′)",
    "− Σ  (δ_{kk′} − y_k) / (p y_{k′}) · A(k′)",
    "Σ  (y_k − δ_{kk′}) / (p y_{k′}) · A(k′)",
    "Σ  y_k / (p y_{k′}) · A(k′)  −  Σ  δ_{kk′} / (p y_{k′}) · A(k′)",
    "y_k / p ·  Σ  A(k′) / y_{k′}  −  Σ  δ_{kk′} / (p y_{k′}) · A(k′)",
    "y_k / p · p  −  Σ  δ_{kk′} / (p y_{k′}) · A(k′)",
    "y_k  −  A(k) / (p y_k)",
]
ROW, LINE, BAR = 26, 26, 84  # heights of a row and of a line; length of the longest bar
LEFT, RIGHT = 124, 260  # where the bars of the two sums begin
WIDTH = 384


def substitution_steps(y, products, p, t, k, symbols, *, title=None, description=None):
    """Step through the seven lines for one logit: the terms of the sum over k' as bars, the value below.

    Parameters
    ----------
    y : ndarray, shape (T, K)
        Outputs, all above 0.
    products : ndarray, shape (T, K)
        A_t(k): the sum of alpha beta over the states of each symbol.
    p : float
        Probability of the labelling.
    t, k : int
        Frame and logit, counted from 0.
    symbols : str or sequence of str, length K
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        Shapes do not fit, an output or p is not above 0, or there is no such logit.
    """
    y, products = np.asarray(y, dtype=float), np.asarray(products, dtype=float)
    if y.ndim != 2 or y.shape != products.shape or y.shape[1] != len(symbols):
        shapes = f"{y.shape} and {products.shape}"
        raise ValueError(f"y, products: expected shape (T, {len(symbols)}), got {shapes}")
    if not (0 <= t < y.shape[0] and 0 <= k < y.shape[1]):
        raise ValueError(f"t, k: expected a logit of y, whose shape is {y.shape}, got {(t, k)}")
    if not (y > 0).all() or not p > 0:
        raise ValueError("y, p: expected numbers above 0")
    names = [shown(symbol) for symbol in symbols]
    y, A, K = y[t], products[t], len(symbols)
    delta, Y = np.eye(K)[k], y[k]
    first = [  # the terms of the first sum, line by line
        y * (delta - Y) / (p * y**2) * A,
        (delta - Y) / (p * y) * A,
        (Y - delta) / (p * y) * A,
        Y / (p * y) * A,
        A / y,
        A / y,
        Y / (p * y) * A,
    ]
    second = delta / (p * y) * A  # the terms of the second, from line 4 on
    factor = [-1, -1, 1, 1, Y / p, Y / p, 1]
    sums = [terms.sum() for terms in first]
    values = [c * total - second.sum() * (f > 2) for f, (c, total) in enumerate(zip(factor, sums, strict=True))]
    unit = BAR / abs(np.concatenate([*first, second, sums[4:]])).max()

    drawing = Drawing(WIDTH + 4, LINE * 7 + ROW * K + 114)
    _lines(drawing)
    top = LINE * 7 + 66  # middle of the first row
    middle, bottom = top + ROW * (K - 1) / 2, top + ROW * K
    scaled = number(Y / p)
    heads = [f"{scaled} times the sum of", f"{scaled} times p", f"y({names[k]})"]
    heads = ["minus the sum of"] * 2 + ["the sum of"] * 2 + heads
    others = [""] * 3 + ["minus the sum of"] * 3 + ["minus"]
    for x, texts in ((LEFT, heads), (RIGHT, others)):
        states = [State(text=text) for text in texts]
        drawing.label(x - 4, top - 30, texts[0], "start muted", states=states)
        states = [State("" if text else "off") for text in texts]
        drawing.add("path", d=f"M{x} {top - 16}V{bottom - 8}", class_="ctc-axis", states=states)
    drawing.label(14, top - 30, "k′", "muted var")
    with drawing.cells("Terms"):
        for j, name in enumerate(names):
            detail = (
                f"The term of k′ = {name}: yₖ′ = {number(y[j])}, A(k′) = {number(A[j])}, δ = {int(delta[j])}."
                f" The same in all terms: yₖ = {number(Y)}, p = {number(p)}."
            )
            box = {"x": 2, "y": top + ROW * (j - 0.5) + 1, "width": WIDTH, "height": ROW - 2, "rx": 5}
            with drawing.touch(detail, class_="ctc-term-row"):
                drawing.add("rect", class_="ctc-hit", **box)
                drawing.add("text", name, x=14, y=top + ROW * j, class_="ctc-text" + " bold" * (j == k))
    for j in range(K):
        at, lift = top + ROW * j, middle - (top + ROW * j)
        looks = ["negative" if f < 3 and a[j] < 0 else "positive" if f < 3 else "" for f, a in enumerate(first)]
        begins = [a[:j].sum() if f > 4 else min(a[j], 0) for f, a in enumerate(first)]  # end to end, or on the axis
        shifts = [State(x=unit * begin, y=lift * (f > 4)) for f, begin in enumerate(begins)]
        _bar(
            drawing, LEFT, at, shifts, [State(look, _length(a[j], unit)) for look, a in zip(looks, first, strict=True)]
        )
        _value(drawing, LEFT, at, unit, [a[j] if f < 5 else None for f, a in enumerate(first)])
        there = [f > 2 and (f < 6 or j == k) for f in range(7)]
        shifts = [State(y=lift * (f == 6)) for f in range(7)]
        lengths = [State("gamma" if show else "off", _length(second[j], unit)) for show in there]
        _bar(drawing, RIGHT, at, shifts, lengths)
        _value(drawing, RIGHT, at, unit, [second[j] if show and f < 6 else None for f, show in enumerate(there)])
    _value(drawing, LEFT, middle, unit, [None] * 5 + sums[5:])
    _value(drawing, RIGHT, middle, unit, [None] * 6 + [second[k]])
    drawing.add("path", d=f"M2 {bottom}H{WIDTH}", class_="ctc-line thin", aria_hidden="true")
    drawing.label(14, bottom + 22, "value", "start")
    less = f" − {number(second[k])}"
    parts = [f"−({number(sums[f])})" for f in range(2)] + ["", number(sums[3]) + less]
    parts += [f"{scaled} · {number(sums[4])}{less}"] * 2 + [number(sums[6]) + less]
    texts = [f"{part} = {number(v)}" if part else number(v) for part, v in zip(parts, values, strict=True)]
    drawing.label(LEFT - 4, bottom + 22, texts[0], "start bold", states=[State(text=text) for text in texts])

    captions = [
        "Both derivatives are inserted: of ln p in each output, and of each output in this logit.",
        "In each term one yₖ′ cancels. No bar moves.",
        "The minus sign moves inside. Every bar changes its sign.",
        f"The bracket is split, and with it the sum. In the second sum δ leaves only k′ = {names[k]}.",
        "The factor yₖ/p is the same in all terms of the first sum: it is pulled out.",
        f"The bars of the first sum, laid end to end, are p = {number(p)}.",
        f"p cancels. What is left is y({names[k]}) = {number(Y)} minus γ({names[k]}) = {number(second[k])}.",
    ]
    captions = [f"{caption} Value: {number(v)}." for caption, v in zip(captions, values, strict=True)]
    return Figure(
        drawing,
        title or f"Seven lines, one number: the derivative in u{sup(t + 1)}({names[k]})",
        description
        or "Seven formulas, one below the other. Below them the terms of the current one as bars, one for each of"
        f" the {K} symbols k′ of frame {t + 1}, and its value. The terms change sign, split into two sums, are"
        f" scaled and laid end to end. The value is {number(values[0])} in every line.",
        captions=captions,
        labels=[f"line {f + 1} of 7" for f in range(7)],
        slider="Line",
        rest=0,
        seconds=3,
        hint="Touch a term, or move with the arrow keys.",
    )


def _lines(drawing):
    """Write the seven formulas, with a mark that moves from one to the next."""
    marks = [State(y=LINE * f) for f in range(7)]
    mark = {"x": 2, "y": 2, "width": WIDTH, "height": LINE - 2, "rx": 6}
    drawing.add("rect", class_="ctc-here", aria_hidden="true", states=marks, **mark)
    for f, line in enumerate(LINES):
        states = [State("ahead" if now < f else "") for now in range(7)]
        with drawing.nest(class_="ctc-formula", states=states, aria_hidden="true"):
            drawing.label(14, 15 + LINE * f, str(f + 1), "muted")
            _formula(drawing, 34, 15 + LINE * f, line)


def _formula(drawing, x, y, text):
    """Write a formula on one line; _k and _{kk′} are lower indices."""
    with drawing.nest("text", x=x, y=y, class_="ctc-text formula"):
        shift = 0
        for i, piece in enumerate(re.split(r"_(?:\{(.*?)\}|(\S))", text)):
            if not piece:
                continue
            low = 4 if i % 3 else 0
            piece = piece.replace(" ", "\u00a0")  # a space at the edge of a tspan would be dropped
            drawing.add("tspan", piece, dy=low - shift, class_="low" if low else "main")
            shift = low


def _length(value, unit):
    return round(100 * abs(value) * unit / BAR, 2)


def _bar(drawing, x, y, shifts, lengths):
    """Draw a bar that slides and stretches from line to line."""
    with drawing.nest(class_="ctc-slide", states=shifts, aria_hidden="true"):
        drawing.add("rect", x=x, y=y - 8, width=BAR, height=16, class_="ctc-term", states=lengths)


def _value(drawing, x, y, unit, values):
    """Write a number beyond the end of its bar, line by line; None where there is none."""
    states = [
        State("off")
        if v is None
        else State("end" if v < 0 else "start", text=number(v, 3), x=unit * v + (5 if v >= 0 else -5))
        for v in values
    ]
    drawing.label(x, y, "", "small", states=states)
