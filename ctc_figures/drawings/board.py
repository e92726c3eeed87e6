"""The board: logits that a reader changes by hand, with their softmax, their loss and their gradient.

Python draws the state it starts in; from there board.js computes in the page, without a kernel.
"""

import numpy as np

from ctc_core import ctc_loss_and_grad
from ctc_core.softmax import softmax

from ..page.notation import fixed, shown
from .canvas import Drawing
from .drawn import Drawn

WIDE, HIGH, LEFT, GAP = 46, 29, 32, 34
SCALE = 4.0  # nats: a loss as long as the bar


def signed(value):
    """Write a number with two decimals and its sign.

    >>> signed(0.25), signed(-0.25), signed(0.001)
    ('+0.25', '−0.25', '0.00')
    """
    return ("+" if round(float(value), 2) > 0 else "") + fixed(value)


class Board(Drawn):
    """A figure that a script of its own changes."""

    def __init__(self, drawing, state, **words):
        """Take what the script starts from, as a dict."""
        super().__init__(drawing, **words)
        self.state = state

    @property
    def data(self):
        """What the script reads, as a dict."""
        return super().data | {"board": self.state}


def logit_board(example):
    """Draw the logits of an example as a board to play on; below them y, and the gradient of the loss.

    Parameters
    ----------
    example : ctc_core.examples.Example

    Returns
    -------
    Drawn
    """
    # 6 digits: the last bits of a logarithm differ between processors
    u = np.round(example.logits, 6) + 0.0
    loss, gradient = ctc_loss_and_grad(u, example.labelling)
    loss, y = float(loss), softmax(u)
    T, K, word = example.T, example.K, example.text(example.labelling)
    names = ["blank" if k == example.blank else symbol for k, symbol in enumerate(example.symbols)]
    top, high = 52, HIGH * K + GAP
    d = Drawing(LEFT + WIDE * T + 4, top + 3 * high)
    d.touchable = True  # by the script: a drawing that does not answer shall not say that it does
    _loss(d, loss, word, WIDE * T)
    maps = (
        ("u", "logits u", "ctc-knob", u, fixed, np.zeros_like),
        ("y", "outputs y", "ctc-output", y, fixed, np.abs),
        ("gradient", "gradient of the loss, y − γ", "ctc-slope", gradient, signed, lambda g: np.sqrt(np.abs(g))),
    )
    for i, (key, name, class_, values, text, level) in enumerate(maps):
        y0 = top + i * high
        d.label(LEFT, y0 + 10, name, "start")
        for k, symbol in enumerate(example.symbols):
            d.label(LEFT - 12, y0 + 22 + HIGH * (k + 0.5), shown(symbol), "bold")
        for t, k in np.ndindex(T, K):
            x, value = LEFT + WIDE * t, values[t, k]
            look = {"class_": f"{class_} negative" if value < 0 and key == "gradient" else class_}
            if key != "u":
                look["style"] = f"--v:{level(value):.2f}"
            with d.nest(data_map=key, **look):
                d.add("rect", x=x + 1.5, y=y0 + 23 + HIGH * k, width=WIDE - 3, height=HIGH - 3, rx=4)
                d.label(x + WIDE / 2, y0 + 22 + HIGH * (k + 0.5), text(value), "small")
    d.label(LEFT - 12, d.height - 4, "t", "muted var")
    for t in range(T):
        d.label(LEFT + WIDE * (t + 0.5), d.height - 4, str(t + 1), "muted")
    state = {
        "logits": u.tolist(),
        "labelling": list(example.labelling),
        "blank": example.blank,
        "names": names,
        "word": word,
        "scale": SCALE,
    }
    return Board(
        d,
        state,
        title=f"Train {word} by hand",
        description=f"Three tables, one above the other, with a row for each of {', '.join(names)} and a column for"
        f" each of {T} frames: the logits, which can be changed, the outputs, and the gradient of the loss of {word}."
        " A bar on top shows the loss. Up and down arrows change a logit, left and right arrows go to another frame.",
        captions=[f"Loss {fixed(loss, 3)} nats, p = {fixed(np.exp(-loss), 3)}."],
        hint="Touch a logit. Then raise or lower it: with the buttons, the slider, or the arrow keys up and down.",
    )


def _loss(d, loss, word, width):
    d.label(LEFT, 10, f"loss −ln p({word} | x) = {fixed(loss, 3)}", "start", data_board="loss")
    d.label(LEFT + width, 10, f"p = {fixed(np.exp(-loss), 3)}", "end", data_board="p")
    share = min(1, loss / SCALE)
    bar = {"x": LEFT, "y": 22, "width": width, "height": 10}
    d.add("rect", class_="ctc-loss", data_board="bar", style=f"--v:{share:.3f}", **bar)
    d.add("rect", class_="ctc-loss-start", x=LEFT + width * share - 1, y=18, width=2, height=18)
