"""Two pictures of differentiation: a secant that becomes the tangent, a product that grows by two strips."""

from .chart import HEIGHT, WIDTH, _axes, _Axis
from .drawing import Drawing, State
from .figure import Figure
from .notation import number

TOP = 34


def secants(f, at, steps, slope, *, between, x_name="v", y_name="f(v)", title=None, description=None):
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
        From where to where the curve is drawn.
    x_name, y_name : str
        What the axes show.
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        A point lies outside the curve that is drawn, or there is no step.

    Examples
    --------
    >>> secants(lambda v: v * v, 1.0, [1.0, 0.5], 2.0, between=(0.0, 2.0)).captions[0]
    'From v = 1 to 2, f(v) changes by 3: slope 3 / 1 = 3.'
    """
    low, high = between
    if not len(steps) or 0 in steps or not all(low <= at + step <= high for step in (0, *steps)):
        raise ValueError(f"at, steps: expected points between {low} and {high}, and steps other than 0")
    xs = [low + (high - low) * i / 120 for i in range(121)]
    vertical = _Axis([f(x) for x in xs], None, False, TOP + HEIGHT, TOP, "y", 5)
    left = 12 + 7 * max(len(text) for _, text in vertical.ticks)
    across = _Axis(xs, between, False, left, WIDTH - 14, "between", 6)
    F = len(steps) + 1
    drawing = Drawing(WIDTH, TOP + HEIGHT + 46, "positive" if slope > 0 else "negative")
    _axes(drawing, across, vertical, left, TOP, x_name, y_name)

    def point(x, y=None):
        return f"{across(x):.2f} {vertical(f(x) if y is None else y):.2f}"

    def line(through):
        """Return the line through (at, f(at)), cut off at the border of the field."""
        ends = [across.low, across.high]
        if through:
            hits = [at + (y - f(at)) / through for y in (vertical.low, vertical.high)]
            ends = [max(ends[0], min(hits)), min(ends[1], max(hits))]
        return "M" + "L".join(point(x, f(at) + through * (x - at)) for x in ends)

    def only(frame):
        return [State("" if f == frame else "off") for f in range(F)]

    drawing.add("path", d="M" + "L".join(map(point, xs)), class_="ctc-curve", style="--c:var(--ctc-ink)")
    drawing.add(
        "path",
        d=line(slope),
        class_="ctc-tangent",
        states=[State("now" if i == F - 1 else "") for i in range(F)],
    )
    captions, slopes = [], []
    for i, step in enumerate(steps):
        rise = f(at + step) - f(at)
        slopes.append(rise / step)
        drawing.add("path", d=line(slopes[i]), class_="ctc-secant", states=only(i))
        legs = f"M{point(at)}L{point(at + step, f(at))}L{point(at + step)}"
        drawing.add("path", d=legs, class_="ctc-leg", states=only(i))
        captions.append(
            f"From {x_name} = {number(at)} to {number(at + step)}, {y_name} changes by {number(rise)}:"
            f" slope {number(rise)} / {number(step)} = {number(slopes[i])}."
        )
    captions.append(f"The tangent at {x_name} = {number(at)}. Its slope is {number(slope)}.")
    x0, y0 = across(at), vertical(f(at))
    places = [State(x=across(at + step) - x0, y=vertical(f(at + step)) - y0) for step in steps]
    drawing.add("circle", cx=x0, cy=y0, r=4.5, class_="ctc-end", states=[*places, State(x=0, y=0)])
    drawing.add("circle", cx=x0, cy=y0, r=4.5, class_="ctc-start")
    return Figure(
        drawing,
        title or f"From secant to tangent: {y_name} at {x_name} = {number(at)}",
        description
        or f"The curve of {y_name} for {x_name} from {number(low)} to {number(high)}, its tangent at"
        f" {number(at)}, and secants through that point and a second one, which comes closer from frame to"
        f" frame. Slopes of the secants: {', '.join(number(s, 3) for s in slopes)}; of the tangent:"
        f" {number(slope, 3)}.",
        captions=captions,
        labels=[*(f"ε = {number(step)}" for step in steps), "ε → 0"],
        slider="Step ε",
        rest=0,
        seconds=1.6,
    )


def growing_rectangle(f, g, df, dg, steps, *, title=None, description=None):
    """Show a product as a rectangle whose sides grow: by two strips, and a corner that hardly counts.

    Parameters
    ----------
    f, g : float
        Sides of the rectangle (width, height), above 0.
    df, dg : float
        Their slopes, above 0.
    steps : sequence of float
        One for each frame, the largest first.
    title, description : str, optional
        Replace the words written from the arguments.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        A number is not above 0.

    Examples
    --------
    >>> growing_rectangle(3, 2, 1, 1, [1, 0.5]).captions[1]
    'ε = 0.5: the product grows by 1 + 1.5 from the strips and 0.25 from the corner, a share of 9.1 %.'
    """
    if min(f, g, df, dg, *steps) <= 0:
        raise ValueError("f, g, df, dg, steps: expected numbers above 0")
    most = max(steps)
    unit = min(300 / (f + df * most), 230 / (g + dg * most))
    w, h, dw, dh = f * unit, g * unit, df * most * unit, dg * most * unit
    x0, y0 = 36, 30
    drawing = Drawing(x0 + w + dw + 12, y0 + h + dh + 10)
    sizes = [State(value=100 * step / most) for step in steps]
    for x, y, width, height, class_ in (
        (x0, y0, w, h, "ctc-area"),
        (x0 + w, y0, dw, h, "ctc-strip grow-x"),
        (x0, y0 + h, w, dh, "ctc-strip grow-y"),
        (x0 + w, y0 + h, dw, dh, "ctc-corner grow-x grow-y"),
    ):
        states = sizes if "grow" in class_ else None
        drawing.add("rect", x=x, y=y, width=width, height=height, class_=class_, states=states)
    drawing.label(x0 + w / 2, y0 - 15, "f", "var")
    drawing.label(x0 - 20, y0 + h / 2, "g", "var")
    drawing.label(x0 + w / 2, y0 + h / 2, "f g", "var")
    drawing.label(x0 + w, y0 - 15, "f ′ε", "var", states=[State(x=dw * step / most / 2) for step in steps])
    drawing.label(x0 - 20, y0 + h, "g′ε", "var", states=[State(y=dh * step / most / 2) for step in steps])
    captions = []
    for step in steps:
        right, below, corner = df * g * step, f * dg * step, df * dg * step**2
        share = corner / (right + below + corner)
        captions.append(
            f"ε = {number(step)}: the product grows by {number(right)} + {number(below)} from the strips"
            f" and {number(corner)} from the corner, a share of {number(100 * share, 2)} %."
        )
    return Figure(
        drawing,
        title or "A product grows by two strips",
        description
        or f"A rectangle with the sides f = {number(f)} and g = {number(g)}. On the right a strip of width"
        " f′ε and height g, below a strip of width f and height g′ε, a small corner where they meet. As ε is"
        " halved, the strips are halved, and the corner shrinks to a quarter.",
        captions=captions,
        labels=[f"ε = {number(step)}" for step in steps],
        slider="Step ε",
        rest=0,
        seconds=1.6,
    )
