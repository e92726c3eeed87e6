"""Ratios in groups: one row for each thing compared, its marks on an axis of powers of ten, its numbers at the end."""

import math

import plotly.graph_objects as go

from ..page.notation import number
from ..page.palette import COLOURS
from .lines import Scale, short
from .plot import AGAIN, LIGHT, Plot, axis, note, rule

ROW = 19  # pixels
SHAPES = "circle square triangle-up diamond triangle-down hourglass star hexagon".split()
BEYOND = {"under": "triangle-left", "over": "triangle-right"}


def ratio_bars(groups, variants, *, x_name, one, x_range=None, roles=None, notes=None, title=None, caption=None):
    """Draw ratios as marks, a row for each name within each group; 1 is what all are compared with.

    Parameters
    ----------
    groups : dict of str to dict of str to sequence
        Group, name of the row, and one value for each variant: a ratio above 0; words that say why there
        is none, shown as a cross; or None, shown as nothing. At most eight names; each has one shape throughout.
    variants : sequence of str
        Two at most, such as ("float64", "float32"): the first has filled marks, the second hollow ones.
    x_name, one : str
        What the axis shows, and what has the ratio 1.
    x_range : tuple of (float or None), optional
        Ends of the axis; None is "as the ratios and 1 need it". What is beyond is an arrow at the border.
    roles : dict of str to str, optional
        Name -> palette colour. "ink" stands out, its name is bold; "muted" for all that are not here.
    notes : dict of str to str, optional
        A few words beside the name of a group.
    title, caption : str, optional
        Replace the words written from the arguments.

    Examples
    --------
    >>> groups = {"small": {"ours": [0.5], "other": ["raised"]}}
    >>> ratio_bars(groups, ["float64"], x_name="time", one="the old way").rows
    [['time', 'float64'], ['small, ours', '0.5'], ['small, other', 'raised']]
    """
    roles, notes = roles or {}, notes or {}
    groups = {group: {name: _values(group, name, vs) for name, vs in rows.items()} for group, rows in groups.items()}
    names = list(dict.fromkeys(name for rows in groups.values() for name in rows))
    _check(groups, names, variants, roles)
    if x_range and not (x_range[0] or 0) <= 1 <= (x_range[1] or 1):
        raise ValueError(f"x_range: expected 1 within, got {x_range}")
    ratios = [v for rows in groups.values() for vs in rows.values() for v in vs if isinstance(v, float)]
    across = Scale([*ratios, 1.0], x_range, True, "x_range")

    left, y, heads, rows = 28 + 7 * max(map(len, names)), 0, [], []
    for group, values in groups.items():
        style = {"yref": "y", "yanchor": "middle"}
        heads.append(note(f"<b>{group}</b>", 0, y, xshift=2 - left, **style))
        if group in notes:  # on paper: the grid must not run through the words
            look = {"font": {"color": LIGHT["muted"], "size": 11.5}, "bgcolor": LIGHT["paper"]}
            heads.append(note(notes[group], 1, y, xanchor="right", **look, **style))
        for name, vs in values.items():
            y += 1
            rows.append((y, group, name, vs))
        y += 1.8
    looks = [roles.get(name, "muted") for *_, name, _ in rows]
    colours, shapes = [LIGHT[look] for look in looks], [SHAPES[names.index(name)] for *_, name, _ in rows]
    traces, columns = [], {"xaxis": "x2", "yaxis": "y2"}
    for i in reversed(range(len(variants))):  # the first on top
        values = [vs[i] for *_, vs in rows]
        sides = [across.side(v) if isinstance(v, float) else None for v in values]
        symbols = [BEYOND.get(side, shape) + "-open" * i for side, shape in zip(sides, shapes, strict=True)]
        at = [across.border(side) if side else v if side == "" else None for v, side in zip(values, sides, strict=True)]
        told = [f"{group}, {name}, {variants[i]}: {_said(vs[i])}" for _, group, name, vs in rows]
        same = {"y": [row[0] for row in rows], "customdata": told, "hovertemplate": "%{customdata}<extra></extra>"}
        marker = {"symbol": symbols, "color": colours, "size": 9, "line": {"width": 1.6, "color": colours}}
        font = {"color": colours, "size": [17 if isinstance(v, str) else 12 for v in values]}
        text = {"text": [_brief(v) for v in values], "textfont": font, "x": [i + 0.5] * len(rows)}
        traces.append(go.Scatter(x=at, mode="markers", marker=marker, cliponaxis=False, meta=AGAIN, **same))
        traces.append(go.Scatter(mode="text", **text, **same, **columns))
    # plotly draws an axis only if something stands on it
    traces.append(go.Scatter(x=[1], y=[0], mode="none", xaxis="x3", hoverinfo="skip"))

    powers = [10.0**e for e in range(math.ceil(across.low), math.floor(across.high) + 1)]
    ticks = {"tickvals": powers, "ticktext": [number(v) for v in powers]} if len(powers) > 2 else {}
    below = {"domain": [0, 0.56], "side": "bottom", "overlaying": "x", "matches": "x", "showgrid": False}
    signs = ["●<br>", "○<br>"] if len(variants) == 2 else [""]
    marked = {
        "tickvals": [i + 0.5 for i in range(len(signs))],
        "ticktext": [*map("".join, zip(signs, variants, strict=True))],
    }
    texts = [f"<b>{name}</b>" if look == "ink" else name for (*_, name, _), look in zip(rows, looks, strict=True)]
    upright = {
        "tickvals": [row[0] for row in rows],
        "ticktext": texts,
        "tickfont": {"size": 12},
        "ticklabelstandoff": 8,
    }
    ends = {"range": [y - 0.8, -0.8]}
    layout = {
        "height": round(ROW * y + 112),
        "margin": {"t": 82, "b": 30, "l": left, "r": 8},
        "xaxis": across.axis(x_name, domain=[0, 0.56], side="top", title_standoff=26, **ticks),
        "xaxis2": axis(domain=[0.6, 1], range=[0, len(signs)], side="top", anchor="y2", showgrid=False, **marked),
        "xaxis3": across.axis(**below, **ticks),
        "yaxis": axis(**upright, **ends),
        "yaxis2": {"visible": False, "matches": "y", **ends},
        "shapes": [rule("x", 1)],
        "annotations": [*heads, note(one, 0, 1, xref="x", xanchor="center", yanchor="bottom", yshift=18)],
    }
    table = [[f"{group}, {name}", *map(_said, vs)] for _, group, name, vs in rows]
    return Plot(
        traces,
        layout,
        title or f"{x_name[0].upper()}{x_name[1:]}",
        f"Ratios in {len(groups)} groups, {', '.join(groups)}, on an axis of powers of ten; {one} = 1. The smallest:"
        f" {number(min(ratios, default=1.0), 3)}, the largest: {number(max(ratios, default=1.0), 3)}.",
        rows=[[x_name, *variants], *table],
        captions=[caption or f"The dotted line is {one}; left of it is less."],
    )


def _values(group, name, values):
    """Round to nine digits; words and None stay."""
    values = [v if v is None or isinstance(v, str) else short(v) for v in values]
    for v in values:
        if isinstance(v, float) and not (math.isfinite(v) and v > 0):
            raise ValueError(f"groups, {group!r}, {name!r}: expected ratios above 0, got {v}")
    return values


def _check(groups, names, variants, roles):
    if not 1 <= len(variants) <= 2:
        raise ValueError(f"variants: expected 1 or 2, got {len(variants)}")
    if not 1 <= len(names) <= len(SHAPES):
        raise ValueError(f"groups: expected 1 to {len(SHAPES)} names of rows, got {len(names)}")
    for group, rows in groups.items():
        for name, values in rows.items():
            if len(values) != len(variants):
                raise ValueError(f"groups, {group!r}, {name!r}: expected {len(variants)} values, got {len(values)}")
    for name, role in roles.items():
        if role not in COLOURS:
            raise ValueError(f"roles, {name!r}: {role!r} is not in the palette")


def _brief(v):
    """Write a ratio as short as a column is wide."""
    if not isinstance(v, float):
        return "×" if v else ""
    return number(v, 1 if v < 1e-2 else 2 if v < 100 else 3)


def _said(value):
    return number(value, 3) if isinstance(value, float) else value or "not measured"
