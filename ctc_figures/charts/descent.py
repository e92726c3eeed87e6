"""Training as a figure: outputs, occupancies and gradient of one sample, from step to step."""

import numpy as np
import plotly.graph_objects as go

from ..page.notation import largest, number, shown
from .plot import LIGHT, Plot, axis, note, shades, under_bars

ROW, HEAD, BARS = 17, 30, 52  # pixels: of a row of a map, above a map, of the two bars
SEEN = 25  # in hundredths of the strongest colour: what is paler carries no sign
MAPS = {  # name, colours, what is said of a cell
    "outputs y": (["paper", "ink"], "y of %{y} at t = %{x}: %{z} %"),
    "occupancies γ": (["paper", "gamma"], "γ of %{y} at t = %{x}: %{z} %"),
    "gradient y − γ: + lowers the logit, − raises it": (
        ["negative", "paper", "positive"],
        "y − γ of %{y} at t = %{x}: %{customdata:.2g}",
    ),
}


def descent_maps(outputs, gradients, steps, losses, entropies, symbols, *, blank=0, title=None):
    """Show training: each frame of the animation is one training step.

    Parameters
    ----------
    outputs, gradients : ndarray, shape (F, T, K)
        y and y - gamma at each of the chosen steps.
    steps : sequence of int, length F
        Number of each step.
    losses, entropies : sequence of float, length F
        Loss, and entropy of the path posterior, in nats.
    symbols : str or sequence of str, length K
    blank : int
    title : str, optional
        Replaces the one written from the arguments.
    """
    outputs, gradients = stages(outputs, gradients, symbols)
    for name, values in {"steps": steps, "losses": losses, "entropies": entropies}.items():
        if len(values) != len(outputs):
            raise ValueError(f"{name}: expected {len(outputs)} values, one for each frame, got {len(values)}")
    F, T, K = outputs.shape
    traces, layout = _stage(T, list(map(shown, symbols)), round(float(max(*losses, *entropies)), 4))
    # The root makes small entries visible; in the other maps a colour is a probability.
    strengths = np.sign(gradients) * _hundredths(np.sqrt(np.abs(gradients) / (np.abs(gradients).max() or 1.0)))
    frames, captions, rows = [], [], []
    for f in range(F):
        y, gradient, strength = outputs[f].T, gradients[f].T, strengths[f].T.astype("i1")
        nats = [number(round(float(v), 2)) for v in (losses[f], entropies[f])]
        frames.append(
            {
                0: {"z": _hundredths(y)},
                1: {"z": _hundredths(np.clip(y - gradient, 0, 1))},
                2: {"z": strength, "text": _signs(strength), "customdata": gradient.astype("f4")},
                3: {"x": [round(float(v), 4) for v in (losses[f], entropies[f])]},
                4: {"text": [f"loss: {nats[0]} nats", f"entropy of the paths: {nats[1]} nats"]},
            }
        )
        blanks = sum(largest(row) == blank for row in outputs[f])
        most = number(np.abs(gradient).max(), 2)
        captions.append(
            f"After {steps[f]} step{'s' * int(steps[f] != 1)}: p = {number(np.exp(-losses[f]), 3)}. Blank is the most"
            f" probable symbol in {blanks} of {T} frames. Largest entry of the gradient: {most}."
        )
        rows.append([steps[f], *nats, most])
    return Plot(
        traces,
        layout,
        title or "Training, step by step",
        f"Three maps of {K} symbols by {T} frames, one above the other: outputs, occupancies and their difference,"
        f" the gradient, with a sign in each cell. Two bars above them: the loss falls from {number(losses[0], 3)} to"
        f" {number(losses[-1], 3)} nats, the entropy of the paths from {number(entropies[0], 3)} to"
        f" {number(entropies[-1], 3)}. Frame by frame of the animation the training goes on, from step {steps[0]} to"
        f" step {steps[-1]}.",
        frames=frames,
        rows=[["step", "loss, nats", "entropy, nats", "largest entry of the gradient"], *rows],
        captions=captions,
        labels=[f"step {n}" for n in steps],
        slider="Training step",
        rest=0,
        seconds=0.7,
    )


def stages(outputs, gradients, symbols):
    """Return both as arrays of one shape, or say what is wrong; rounded: the last bits differ between processors."""
    outputs, gradients = (np.round(np.asarray(a, dtype=float), 9) + 0.0 for a in (outputs, gradients))
    if outputs.ndim != 3 or not outputs.size or outputs.shape != gradients.shape or outputs.shape[2] != len(symbols):
        expected = f"outputs, gradients: expected shape (F, T, {len(symbols)})"
        raise ValueError(f"{expected}, got {outputs.shape} and {gradients.shape}")
    return outputs, gradients


def _stage(T, names, most):
    """Return the traces, still without numbers, and the layout: two bars, and three maps below them."""
    high = ROW * len(names)
    inner = BARS + 3 * (high + HEAD)
    layout = {
        "height": inner + 48,
        "margin": {"t": 8, "b": 40, "l": 8, "r": 8},
        "plot_bgcolor": LIGHT["faint"],
        "xaxis4": axis(anchor="y4", range=[0, most or 1.0], visible=False),
        "yaxis4": axis(anchor="x4", range=[1.3, -0.75], domain=[1 - BARS / inner, 1], visible=False),
        "shapes": [under_bars("x4", "y4")],
        "annotations": [],
    }
    traces = []
    for i, (name, (colours, said)) in enumerate(MAPS.items()):
        n, top = "" if i == 0 else str(i + 1), 1 - (BARS + HEAD + i * (high + HEAD)) / inner
        scale = {"colorscale": shades(*colours), "zmin": 100 * (2 - len(colours)), "zmax": 100, "showscale": False}
        place = {"x": list(range(1, T + 1)), "y": names, "xaxis": f"x{n}", "yaxis": f"y{n}", "xgap": 1, "ygap": 1}
        traces.append(go.Heatmap(hovertemplate=f"{said}<extra></extra>", **scale, **place))
        across = {"range": [0.5, T + 0.5], "showticklabels": i == 2} | ({"matches": "x"} if i else {})
        down = {"domain": [max(0, top - high / inner), top], "type": "category", "autorange": "reversed"}
        layout[f"xaxis{n}"] = axis("t" if i == 2 else None, anchor=f"y{n}", showgrid=False, title_standoff=4, **across)
        layout[f"yaxis{n}"] = axis(anchor=f"x{n}", showgrid=False, automargin=True, **down)
        layout["annotations"].append(note(name, 0, top, yanchor="bottom", yshift=3))
    traces[2].texttemplate = "%{text}"
    here = {"xaxis": "x4", "yaxis": "y4", "hoverinfo": "skip"}
    looks = {"marker_color": [LIGHT["ink"], LIGHT["gamma"]], "orientation": "h", "width": 0.32}
    traces.append(go.Bar(y=[0, 1], **looks, **here))
    traces.append(go.Scatter(x=[0, 0], y=[-0.42, 0.58], mode="text", textposition="middle right", **here))
    return traces, layout


def _hundredths(levels):
    """Return numbers from 0 to 1 as whole hundredths, a byte each."""
    return np.round(np.round(levels * 100, 6)).astype("i1")


def _signs(strength):
    """Return the sign of each cell that is well seen, a text for each row: plotly takes one character for one cell."""
    return ["".join(row) for row in np.where(strength >= SEEN, "+", np.where(strength <= -SEEN, "−", " "))]
