"""Drawings without arrays: the network around the loss, and one frame of its output."""

from itertools import pairwise

from .canvas import Drawing, appear, arrow_path
from .drawn import Drawn

UNIT = 40  # side of a unit's box


def _math(d, x, y, base, sup="", sub="", looks=None):
    """Write a letter with an upper and a lower index, centred on (x, y)."""
    wide = 4 * max(len(sup), len(sub))
    d.label(x - wide, y, base, "math", looks=looks)
    for index, dy in ((sup, -6.5), (sub, 7)):
        if index:
            d.label(x - wide + 6, y + dy, index, "index", looks=looks)


def _line(d, start, end, class_="", looks=None):
    d.add("path", d=arrow_path([start, end], half=3.5), class_=f"ctc-line {class_}".strip(), looks=looks)


def _box(d, x, y, class_, width=UNIT, height=UNIT, looks=None):
    box = {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height}
    d.add("rect", rx=7, class_=f"ctc-box {class_}", looks=looks, **box)


def network(*, rest=-1):
    """Draw the network and its loss, unrolled in time: forward upwards, the gradient back down.

    Parameters
    ----------
    rest : int
        The frame shown at first.

    Returns
    -------
    Drawn
    """
    d, F = Drawing(372, 398, "ink"), 6
    columns, dots = {"1": 90, "2": 158, "T": 328}, 243
    rows = {"x": 372, "h": 306, "u": 240, "softmax": 185, "y": 130, "loss": 30}
    appears = {"x": 0, "h": 1, "u": 1, "softmax": 2, "y": 2, "loss": 3}
    names = {"x": "input", "h": "network", "u": "logits", "y": "output", "loss": "loss"}
    half = dict.fromkeys(rows, UNIT / 2 + 2) | {"softmax": 15}

    def vertical(x, low, high, class_, frame):
        """Draw an arrow between two rows: up, or down for the gradient."""
        ends = (x, rows[low] - half[low]), (x, rows[high] + half[high])
        _line(d, *(ends[::-1] if class_ else ends), class_, appear(frame, F))

    for row, name in names.items():
        d.label(4, rows[row], name, "start muted", looks=appear(appears[row], F))
    for t, x in columns.items():
        for low, high in pairwise(rows):
            vertical(x - 7, low, high, "", appears[high])
        # The gradient comes from the loss to the logits in one piece, behind output and softmax: y - gamma.
        vertical(x + 8, "u", "loss", "gradient", 4)
        vertical(x + 8, "h", "u", "gradient", 5)
        vertical(x + 8, "x", "h", "gradient", 5)
        _box(d, x, rows["softmax"], "softmax", 60, 26, appear(2, F))
        d.label(x, rows["softmax"], "softmax", "small", looks=appear(2, F))
        for row in "xhuy":
            _box(d, x, rows[row], row, looks=appear(appears[row], F))
            _math(d, x, rows[row], row, t, looks=appear(appears[row], F))
    # Both directions in time: a recogniser may look at the whole line before it speaks.
    edges = [(90, 22), (158, 22), (dots, 15), (328, 22)]
    for (a, after), (b, before) in pairwise(edges):
        _line(d, (a + after, rows["h"] - 6), (b - before, rows["h"] - 6), looks=appear(1, F))
        _line(d, (b - before, rows["h"] + 6), (a + after, rows["h"] + 6), looks=appear(1, F))
    for row in "xhuy":
        d.label(dots, rows[row], "· · ·", "bold", looks=appear(appears[row], F))
    _box(d, 209, rows["loss"], "loss", 294, 44, appear(3, F))
    d.label(209, rows["loss"], "CTC:  −ln p(l | x)", "math", looks=appear(3, F))
    d.label(dots, 80, "gradient", "positive", looks=appear(4, F))
    d.label(dots, 210, "y − γ", "positive math", looks=appear(4, F))
    return Drawn(
        d,
        "The network and its loss",
        "Time runs from left to right, frames 1, 2, and so on to T; the computation runs upwards. Each input"
        " x of a frame enters a network h that is connected to its neighbours in both directions of time."
        " From h come the logits u of the frame, from them through a softmax within the frame the outputs y."
        " The outputs of all frames enter one box, the CTC loss, minus the logarithm of p(l|x). In another"
        " colour the gradient runs back down: at the logits of each frame it is y minus gamma.",
        captions=[
            "The input: T frames of a line of print, or of speech.",
            "A network reads them, here in both directions, and gives logits u for each frame.",
            "A softmax turns the logits of each frame into K probabilities, y, within this frame only.",
            "The loss takes the outputs of all frames and the labelling: −ln of what all its paths sum to.",
            "The gradient at the logits is y − γ: what the network says minus what the labelling asks.",
            "From there on it is ordinary backpropagation, through the network and through time.",
        ],
        labels=[f"step {f + 1} of {F}" for f in range(F)],
        slider="Step",
        seconds=2.2,
        rest=rest,
    )


def one_frame(*, rest=-1):
    """Draw one frame of the output: logits, softmax, outputs, loss, and the gradient's way back.

    Touch a logit: the loss depends on it through every output of the frame; the chain rule sums over all.
    Parameters as `network`.

    Returns
    -------
    Drawn
    """
    d, F = Drawing(380, 328, "positive"), 5
    units = {"1": 34, "2": 84, "k": 168, "K": 252}
    logits, softmax, outputs, loss, middle = 26, 112, 198, 326, 143
    # The box comes first: the reader shall see how the gradient crosses inside it.
    d.add("rect", x=86, y=12, width=52, height=262, rx=9, class_="ctc-box softmax", looks=appear(1, F))
    for k, y in units.items():
        entry = middle + (y - middle) * 0.35  # the arrows gather at the loss
        _line(d, (logits + 22, y - 6), (softmax - 27, y - 6), looks=appear(1, F))
        _line(d, (softmax + 27, y - 6), (outputs - 22, y - 6), looks=appear(1, F))
        _line(d, (outputs + 22, y - 6), (loss - 52, entry - 6), looks=appear(2, F))
        _line(d, (loss - 52, entry + 6), (outputs + 22, y + 7), "gradient", appear(3, F))
        for other, from_y in units.items():
            bend = f"{softmax} {from_y + 7} {softmax} {y + 7}"
            curve = f"M{outputs - 22} {from_y + 7}C{bend} {logits + 22} {y + 7}"
            d.add("path", d=curve, class_="ctc-line gradient thin", name=(k, other), looks=appear(4, F))
    _box(d, loss, middle, "loss", 100, 96, appear(2, F))
    d.label(loss, middle, "−ln p(l | x)", "math", looks=appear(2, F))
    names = ((logits, "logits", 0), (softmax, "softmax", 1), (outputs, "outputs", 1), (loss, "loss", 2))
    for x, name, frame in names:
        d.label(x, 294, name, "muted", looks=appear(frame, F))
    d.label(logits, 313, "y − γ", "positive math", looks=appear(4, F))
    d.label(outputs, 313, "−γ / y", "positive math", looks=appear(3, F))
    for y in (126, 210):
        d.label(logits, y, "⋮", "bold")
        d.label(outputs, y, "⋮", "bold", looks=appear(1, F))
    with d.cells("Logits and outputs of frame t"):
        for k, y in units.items():
            text = (
                f"Logit {k}: it acts on every output of the frame, so the chain rule sums over all k′:"
                f" Σ −γ(k′)/y(k′) · y(k′)(δ − y({k})) = y({k}) − γ({k}), where δ is 1 for k′ = {k}, else 0."
            )
            with d.touch(text, [(k, other) for other in units], class_="ctc-unit"):
                _box(d, logits, y, "u", 40, 36)
            text = f"Output {k}: the loss changes with it by −γ({k})/y({k}); every logit of the frame moves it."
            with d.touch(text, [(other, k) for other in units], class_="ctc-unit", looks=appear(1, F)):
                _box(d, outputs, y, "y", 40, 36)
    for k, y in units.items():
        _math(d, logits, y, "u", "t", k)
        _math(d, outputs, y, "y", "t", k, looks=appear(1, F))
    return Drawn(
        d,
        "One frame, from logits to loss and back",
        "Left, a column of K logits u of frame t, numbered 1, 2, to K. Each enters the softmax and comes"
        " out as one of K outputs y. All outputs enter the loss, minus the logarithm of p(l|x). In another"
        " colour, arrows lead back from the loss to each output, and from every output to every logit.",
        captions=[
            "One frame t: K logits, one for each symbol, the blank among them.",
            "The softmax: each output depends on all logits of this frame, and on no other frame.",
            "The loss needs the outputs of every frame; here we see how it depends on this one.",
            "Back to the outputs: the derivative of −ln p in an output is −γ/y, for y as free variables.",
            "Back through the softmax: every output sends something to every logit. The sum is y − γ.",
        ],
        labels=[f"step {f + 1} of {F}" for f in range(F)],
        slider="Step",
        seconds=2.2,
        hint="Touch a logit or an output, or move with the arrow keys.",
        rest=rest,
    )
