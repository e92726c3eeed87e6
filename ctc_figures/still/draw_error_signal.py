"""Outputs and error signal of one sample at a few stages of training, as small multiples."""

import numpy as np
from matplotlib.lines import Line2D

from ctc_core.labels import as_labelling

from ..charts.descent import stages
from ..page.notation import largest, number, shown
from .still import Still
from .style import Sheet, bare, colours, frame_ticks, styled

WIDTH = 376  # a phone shows this width without scrolling
PANEL, HIGH, STEP, TOP = 150, 84, 124, 54  # width and height of a panel, from one to the next, above the first


@styled
def draw_error_signal(outputs, gradients, names, labelling, symbols, *, blank=0, figure=None, theme="light"):
    """Draw outputs and error signal side by side, one stage of training below the other.

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
    figure : matplotlib.figure.Figure or SubFigure, optional
        Where to draw; a new one if left out.
    theme : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        Shapes do not fit, or a label has no symbol.
    """
    outputs, gradients = stages(outputs, gradients, symbols)
    if len(names) != len(outputs):
        raise ValueError(f"names: expected {len(outputs)}, one for each stage, got {len(names)}")
    (F, T, K), c, labelling = outputs.shape, colours(theme), as_labelling(labelling, blank, len(symbols)).tolist()
    high = TOP + F * STEP + 10
    figure = figure or Sheet(WIDTH, high)
    reach = np.ceil(10 * np.abs(gradients).max()) / 10 or 0.1
    columns = [  # where, what, ends of the axis, ticks, peaks worth a letter, name
        (26, outputs, (0, 1.18), (0, 1), 1.5 / K, "outputs y"),
        (WIDTH - PANEL - 4, -gradients, (-reach, reach), (-reach, 0, reach), reach / 8, "error γ − y"),
    ]
    looks = [{"color": c["label"], "linestyle": "solid" if k in labelling else (0, (0.8, 1.7))} for k in range(K)]
    looks[blank] = {"color": c["blank"], "linestyle": (0, (3.4, 1.7))}
    for f, name in enumerate(names):
        for x, values, ends, ticks, worth, what in columns:
            place = [x / WIDTH, 1 - (TOP + f * STEP + HIGH) / high, PANEL / WIDTH, HIGH / high]
            ax = figure.add_axes(place, xlim=(0.5, T + 0.5), ylim=ends)
            ax.set_title(what, loc="right")
            ax.set_title(name if values is outputs else "", weight="bold")
            ax.set_yticks(ticks, [("+" if v > 0 > ends[0] else "") + number(v, 2) for v in ticks])
            ax.set(xticks=frame_ticks(T) if f == F - 1 else [], xlabel="frame t" if f == F - 1 else "")
            bare(ax)
            for v in ticks:
                ax.axhline(v, color=c["faint" if v else "muted"], linewidth=0.6 if v else 1, clip_on=False, zorder=0)
            for k in range(K):
                ax.plot(range(1, T + 1), values[f, :, k], marker="o" if T == 1 else "", clip_on=False, **looks[k])
            for k in dict.fromkeys(labelling):
                t = largest(values[f, :, k])
                if values[f, t, k] >= worth:
                    above = {"xytext": (0, 3), "textcoords": "offset points", "ha": "center", "weight": "bold"}
                    ax.annotate(shown(symbols[k]), (t + 1, values[f, t, k]), **above)
    others = [k for k in range(K) if k != blank and k not in labelling]
    named = [(", ".join(shown(symbols[k]) for k in dict.fromkeys(group)), group) for group in (labelling, others)]
    entries = [named[0], ("blank", [blank]), named[1]]
    handles = [Line2D([], [], label=text, **looks[group[0]]) for text, group in entries if text]
    figure.legend(handles=handles, loc="upper left", ncols=3, borderaxespad=0.2, handlelength=2.4)
    return figure


def error_signal(outputs, gradients, names, labelling, symbols, *, blank=0, title=None, description=None):
    """Show outputs and error signal in the shell of all figures. Parameters as `draw_error_signal`.

    Returns
    -------
    Still
    """
    sheet = draw_error_signal(outputs, gradients, names, labelling, symbols, blank=blank)
    (F, T, K), worst = np.shape(outputs), np.round(np.abs(gradients).max(axis=(1, 2)), 9)
    sizes = ", ".join(f"{name}: {number(size, 2)}" for name, size in zip(names, worst, strict=True))
    return Still(
        sheet,
        title or "Outputs and error signal",
        description
        or f"{F} rows. On the left of each the outputs of {K} symbols over {T} frames, on the right their error signal,"
        f" γ − y. Largest error: {sizes}.",
        f"Left the outputs, right the error signal. Its largest value: {sizes}.",
    )
