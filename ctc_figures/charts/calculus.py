"""Two pictures of differentiation: a secant that becomes the tangent, a product that grows by two strips."""

import plotly.graph_objects as go

from ..page.notation import number
from .lines import Scale, short
from .plot import LIGHT, Plot

POINTS = 81  # of the curve


def secants(f, at, steps, slope, *, between, x_name="v", y_name="f(v)", title=None):
    """Show the secant through (at, f(at)) turn into the tangent, step by step.

    Parameters
    ----------
    f : callable
        From a float to a float; evaluated for drawing.
    at : float
    steps : sequence of float
        How far the second point of the secant is away, one for each frame; the tangent is the last frame.
    slope : float
        The derivative at `at`.
    between : tuple of float
        From where to where the curve is drawn; no point of a secant lies outside.
    x_name, y_name : str
        What the axes show.
    title : str, optional
        Replaces the one written from the arguments.

    Examples
    --------
    >>> secants(lambda v: v * v, 1.0, [1.0, 0.5], 2.0, between=(0.0, 2.0)).captions[0]
    'From v = 1 to 2, f(v) changes by 3: slope 3 / 1 = 3.'
    """
    low, high = between
    if not len(steps) or 0 in steps or not all(low <= at + step <= high for step in (0, *steps)):
        raise ValueError(f"at, steps: expected points between {low} and {high}, and steps other than 0")

    def points(*xy):
        """Return places, with their numbers in words."""
        x, y = [short(x) for x, _ in xy], [round(float(y), 5) for _, y in xy]
        return {"x": x, "y": y, "text": [number(v) for v in x], "customdata": [number(v) for v in y]}

    def through(slope):
        """Return the line through (at, f(at)); plotly cuts it off at the border."""
        x, y, *_ = points(*((x, f(at) + slope * (x - at)) for x in between)).values()
        return {"x": x, "y": y}

    curve = points(*((x, f(x)) for x in (low + (high - low) * i / (POINTS - 1) for i in range(POINTS))))
    across, upright = Scale(curve["x"], between, False, "between"), Scale(curve["y"], None, False, "y")
    secant, legs, end, tangent = 1, 2, 3, 4  # the traces that move
    frames, captions, slopes = [], [], []
    for step in steps:
        rise = f(at + step) - f(at)
        slopes.append(rise / step)
        corner = points((at, f(at)), (at + step, f(at)), (at + step, f(at + step)))
        moved = {secant: through(slopes[-1]), legs: {axis: corner[axis] for axis in "xy"}}
        moved[end] = points((at + step, f(at + step)))
        shown = {i: look | {"visible": True} for i, look in moved.items()}
        frames.append(shown | {tangent: {"line": {"dash": "7px,5px"}}})
        captions.append(
            f"From {x_name} = {number(at)} to {number(at + step)}, {y_name} changes by {number(rise)}:"
            f" slope {number(rise)} / {number(step)} = {number(slopes[-1])}."
        )
    captions.append(f"The tangent at {x_name} = {number(at)}. Its slope is {number(slope)}.")
    frames.append({i: {"visible": False} for i in (secant, legs, end)} | {tangent: {"line": {"dash": "solid"}}})
    said = {"hovertemplate": f"{y_name} = %{{customdata}} at {x_name} = %{{text}}<extra></extra>"}
    still = {"mode": "lines", "hoverinfo": "skip"}
    dot = {"size": 10, "line": {"width": 1.5, "color": LIGHT["paper"]}}
    sign = LIGHT["positive" if slope > 0 else "negative"]
    traces = [
        go.Scatter(mode="lines", line={"color": LIGHT["ink"], "width": 2}, **curve, **said),
        go.Scatter(line={"color": LIGHT["blank"], "width": 2}, **still),
        go.Scatter(line={"color": LIGHT["muted"], "width": 1.4, "dash": "2px,3px"}, **still),
        go.Scatter(mode="markers", marker={"color": LIGHT["blank"], **dot}, **said),
        go.Scatter(line={"color": sign, "width": 2}, **through(slope), **still),
        go.Scatter(mode="markers", marker={"color": LIGHT["ink"], **dot}, **points((at, f(at))), **said),
    ]
    layout = {
        "height": 330,
        "margin": {"t": 14, "b": 48, "l": 8, "r": 14},
        "xaxis": across.axis(x_name, title_standoff=6, showgrid=False),
        "yaxis": upright.axis(y_name, automargin=True, title_standoff=8),
    }
    return Plot(
        traces,
        layout,
        title or f"From secant to tangent: {y_name} at {x_name} = {number(at)}",
        f"The curve of {y_name} for {x_name} from {number(low)} to {number(high)}, its tangent at"
        f" {number(at)}, and secants through that point and a second one, which comes closer from frame to"
        f" frame. Slopes of the secants: {', '.join(number(s, 3) for s in slopes)}; of the tangent:"
        f" {number(slope, 3)}.",
        frames=frames,
        captions=captions,
        labels=[*(f"ε = {number(step)}" for step in steps), "ε → 0"],
        slider="Step ε",
        rest=0,
        seconds=1.6,
    )


def growing_rectangle(f, g, df, dg, steps, *, title=None):
    """Show a product as a rectangle whose sides grow: by two strips, and a corner that hardly counts.

    Parameters
    ----------
    f, g : float
        The factors, above 0.
    df, dg : float
        Their slopes, above 0.
    steps : sequence of float
        One for each frame, the largest first.
    title : str, optional
        Replaces the one written from the arguments.

    Examples
    --------
    >>> growing_rectangle(3, 2, 1, 1, [1, 0.5]).captions[1]
    'ε = 0.5: the product grows by 1 + 1.5 from the strips and 0.25 from the corner, a share of 9.1 %.'
    """
    if min(f, g, df, dg, *steps) <= 0:
        raise ValueError("f, g, df, dg, steps: expected numbers above 0")
    f, g, df, dg = map(short, (f, g, df, dg))
    names = ["f g", "strip f′ε · g", "strip f · g′ε", "corner f′ε · g′ε"]
    frames, captions = [], []
    for step in steps:
        x, y = short(f + df * step), short(g + dg * step)
        boxes = [(0, 0, f, g), (f, 0, x, g), (0, g, f, y), (f, g, x, y)]
        areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes]
        middles = {"x": [(x0 + x1) / 2 for x0, _, x1, _ in boxes], "y": [(y0 + y1) / 2 for _, y0, _, y1 in boxes]}
        said = [f"{name} = {number(area)}" for name, area in zip(names, areas, strict=True)]
        frame = {i: {"x": [x0, x1, x1, x0], "y": [y0, y0, y1, y1]} for i, (x0, y0, x1, y1) in enumerate(boxes)}
        frames.append(frame | {4: middles | {"customdata": said}, 5: {"x": [(f + x) / 2]}, 6: {"y": [(g + y) / 2]}})
        _, right, below, corner = areas
        share = number(100 * corner / (right + below + corner), 2)
        captions.append(
            f"ε = {number(step)}: the product grows by {number(right)} + {number(below)} from the strips"
            f" and {number(corner)} from the corner, a share of {share} %."
        )
    area = {"mode": "lines", "fill": "toself", "line": {"width": 0}, "hoverinfo": "skip"}
    text = {"mode": "text", "textfont_size": 15, "hoverinfo": "skip", "cliponaxis": False}
    above, beside = {"y": [0], "textposition": "top center"}, {"x": [0], "textposition": "middle left"}
    traces = [
        *(go.Scatter(fillcolor=LIGHT["ink"] + pale, **area) for pale in ("26", "80", "80", "")),
        go.Scatter(mode="markers", marker_opacity=0, hovertemplate="%{customdata}<extra></extra>"),
        go.Scatter(text=["<i>f</i>\u2009′ε"], **above, **text),
        go.Scatter(text=["<i>g</i>′ε\u2002"], **beside, **text),
        go.Scatter(x=[f / 2], text=["<i>f</i>"], **above, **text),
        go.Scatter(y=[g / 2], text=["<i>g</i>\u2002"], **beside, **text),
        go.Scatter(x=[f / 2], y=[g / 2], text=["<i>f g</i>"], **text),
    ]
    x, y = f + df * max(steps), g + dg * max(steps)
    layout = {
        "height": 340,
        "margin": {"t": 30, "b": 8, "l": 44, "r": 8},
        "xaxis": {"range": [0, x], "visible": False, "constrain": "domain"},
        "yaxis": {"range": [y, 0], "visible": False, "constrain": "domain", "scaleanchor": "x"},
    }
    return Plot(
        traces,
        layout,
        title or "A product grows by two strips",
        f"A rectangle with the sides f = {number(f)} and g = {number(g)}. On the right a strip of width"
        " f′ε and height g, below a strip of width f and height g′ε, a small corner where they meet. As ε is"
        " halved, the strips are halved, and the corner shrinks to a quarter.",
        frames=frames,
        captions=captions,
        labels=[f"ε = {number(step)}" for step in steps],
        slider="Step ε",
        rest=0,
        seconds=1.6,
    )
