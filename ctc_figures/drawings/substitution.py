"""The substitution of the softmax into the derivative: seven lines of algebra, with the numbers they move."""

import re

import numpy as np

from ctc_core.gradient import substitution_terms, symbol_products

from ..page.notation import number, shown, sup
from .canvas import Drawing, Look
from .drawn import Drawn

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
LEFT, RIGHT, WIDTH = 124, 260, 384  # where the bars of the two sums begin, and where all ends
TOP = LINE * 7 + 66  # middle of the first row


def substitution_steps(y, labelling, t, k, symbols, *, blank=0, rest=0):
    """Step through the seven lines for one logit: the terms of the sum over k' as bars, the value below.

    Parameters
    ----------
    y : ndarray, shape (T, K)
        Outputs, all above 0.
    t, k : int
        Frame and logit, counted from 0.
    labelling, symbols, blank, rest
        As `forward_sweep`, and so are result and errors.
    """
    lines, (products, p) = substitution_terms(y, labelling, t, k, blank), symbol_products(y, labelling, blank)
    y, A, K = np.asarray(y, dtype=float)[t], products[t], products.shape[1]
    if K != len(symbols):
        raise ValueError(f"symbols: expected {K}, one for each output, got {len(symbols)}")
    values = [line.factor * line.first.sum() - line.second.sum() for line in lines]
    names, gamma = [shown(symbol) for symbol in symbols], lines[-1].second[0]
    # The terms line by line, NaN where there is none. In lines 6 and 7 a sum has become one number: its bars lie end
    # to end, as long together as the number.
    first = np.array([line.first for line in lines[:5]] + [lines[4].first, lines[3].first])
    second = np.full((7, K), np.nan)
    second[3:6], second[6, k] = lines[3].second, gamma
    begins = np.minimum(first, 0)
    begins[5:] = first[5:].cumsum(axis=1) - first[5:]
    totals = np.full((7, 2), np.nan)
    totals[5:, 0], totals[6, 1] = [lines[5].first[0], lines[6].first[0]], gamma
    unit = BAR / np.nanmax(abs(np.concatenate([first, second, totals], axis=1)))

    middle, bottom = TOP + ROW * (K - 1) / 2, TOP + ROW * K
    drawing = Drawing(WIDTH + 4, bottom + 48)
    _formulas(drawing)
    scaled, less = number(y[k] / p), f" − {number(gamma)}"
    heads = ["minus the sum of"] * 2 + ["the sum of"] * 2 + [f"{scaled} times the sum of", f"{scaled} times p"]
    _head(drawing, LEFT, [*heads, f"y({names[k]})"], bottom)
    _head(drawing, RIGHT, [""] * 3 + ["minus the sum of"] * 3 + ["minus"], bottom)
    drawing.label(14, TOP - 30, "k′", "muted var")
    with drawing.cells("Terms"):
        for j, name in enumerate(names):
            detail = (
                f"The term of k′ = {name}: yₖ′ = {number(y[j])}, A(k′) = {number(A[j])}, δ = {int(j == k)}."
                f" The same in all terms: yₖ = {number(y[k])}, p = {number(p)}."
            )
            box = {"x": 2, "y": TOP + ROW * (j - 0.5) + 1, "width": WIDTH, "height": ROW - 2, "rx": 5}
            with drawing.touch(detail, class_="ctc-term-row"):
                drawing.add("rect", class_="ctc-hit", **box)
                drawing.add("text", name, x=14, y=TOP + ROW * j, class_="ctc-text" + " bold" * (j == k))
    for j in range(K):
        row, lift = TOP + ROW * j, middle - (TOP + ROW * j)
        signs = ["" if f > 2 else "negative" if v < 0 else "positive" for f, v in enumerate(first[:, j])]
        places = [(unit * begin, lift * (f > 4)) for f, begin in enumerate(begins[:, j])]
        _bar(drawing, LEFT, row, unit, first[:, j], signs, places)
        _bar(drawing, RIGHT, row, unit, second[:, j], ["gamma"] * 7, [(0, lift * (f == 6)) for f in range(7)])
        _value(drawing, LEFT, row, unit, [*first[:5, j], np.nan, np.nan])
        _value(drawing, RIGHT, row, unit, [*second[:6, j], np.nan])
    _value(drawing, LEFT, middle, unit, totals[:, 0])
    _value(drawing, RIGHT, middle, unit, totals[:, 1])
    drawing.add("path", d=f"M2 {bottom}H{WIDTH}", class_="ctc-line thin", aria_hidden="true")
    drawing.label(14, bottom + 22, "value", "start")
    sums = [number(line.first.sum()) for line in lines]
    parts = [f"−({sums[0]}) = ", f"−({sums[1]}) = ", "", f"{sums[3]}{less} = "]
    parts += [f"{scaled} · {total}{less} = " for total in sums[4:6]] + [f"{sums[6]}{less} = "]
    looks = [Look(text=part + number(value)) for part, value in zip(parts, values, strict=True)]
    drawing.label(LEFT - 4, bottom + 22, "", "start bold", looks=looks)

    captions = [
        "Both derivatives are inserted: of ln p in each output, and of each output in this logit.",
        "In each term one yₖ′ cancels. No bar moves.",
        "The minus sign moves inside. Every bar changes its sign.",
        f"The bracket is split, and with it the sum. In the second sum δ leaves only k′ = {names[k]}.",
        "The factor yₖ/p is the same in all terms of the first sum: it is pulled out.",
        f"The bars of the first sum, laid end to end, are p = {number(p)}.",
        f"p cancels. What is left is y({names[k]}) = {number(y[k])} minus γ({names[k]}) = {number(gamma)}.",
    ]
    return Drawn(
        drawing,
        f"Seven lines, one number: the derivative in u{sup(t + 1)}({names[k]})",
        "Seven formulas, one below the other. Below them the terms of the current one as bars, one for each of"
        f" the {K} symbols k′ of frame {t + 1}, and its value. The terms change sign, split into two sums, are"
        f" scaled and laid end to end. The value is {number(values[0])} in every line.",
        captions=[f"{caption} Value: {number(value)}." for caption, value in zip(captions, values, strict=True)],
        labels=[f"line {f + 1} of 7" for f in range(7)],
        slider="Line",
        rest=rest,
        seconds=3,
        hint="Touch a term, or move with the arrow keys.",
    )


def _formulas(drawing):
    """Write the seven formulas, with a mark that moves from one to the next; _k and _{kk′} are lower indices."""
    mark = {"x": 2, "y": 2, "width": WIDTH, "height": LINE - 2, "rx": 6}
    looks = [Look(y=LINE * f) for f in range(7)]
    drawing.add("rect", class_="ctc-here", aria_hidden="true", looks=looks, **mark)
    for f, line in enumerate(LINES):
        looks, y = [Look("ahead" if now < f else "") for now in range(7)], 15 + LINE * f
        with drawing.nest(class_="ctc-formula", looks=looks, aria_hidden="true"):
            drawing.label(14, y, str(f + 1), "muted")
            with drawing.nest("text", x=34, y=y, class_="ctc-text formula"):
                shift = 0
                for i, piece in enumerate(re.split(r"_(?:\{(.*?)\}|(\S))", line)):
                    if piece:
                        low = 4 if i % 3 else 0
                        piece = piece.replace(" ", "\u00a0")  # a space at the edge of a tspan would be dropped
                        drawing.add("tspan", piece, dy=low - shift, class_="low" if low else "main")
                        shift = low


def _head(drawing, x, texts, bottom):
    """Write over a column of bars what is done with them, and draw its axis."""
    drawing.label(x - 4, TOP - 30, "", "start muted", looks=[Look(text=text) for text in texts])
    looks = [Look("" if text else "off") for text in texts]
    drawing.add("path", d=f"M{x} {TOP - 16}V{bottom - 8}", class_="ctc-axis", looks=looks)


def _bar(drawing, x, y, unit, values, classes, places):
    """Draw a bar that slides and stretches from line to line."""
    looks = [
        Look("off") if np.isnan(v) else Look(class_, 100 * abs(v) * unit / BAR)
        for v, class_ in zip(values, classes, strict=True)
    ]
    with drawing.nest(class_="ctc-slide", looks=[Look(x=x, y=y) for x, y in places], aria_hidden="true"):
        drawing.add("rect", x=x, y=y - 8, width=BAR, height=16, class_="ctc-term", looks=looks)


def _value(drawing, x, y, unit, values):
    """Write a number beyond the end of its bar, line by line."""
    looks = [
        Look("off")
        if np.isnan(v)
        else Look("end" if v < 0 else "start", text=number(v, 3), x=unit * v + (5 if v >= 0 else -5))
        for v in values
    ]
    drawing.label(x, y, "", "small", looks=looks)
