"""Maps and lines: what `charts.maps` and `charts.lines` show, on paper. See `style`."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, LogLocator

from ..charts.lines import Line, Scale, border_note, check_lines
from ..charts.maps import MANY, Map
from ..page.notation import number, shown
from .style import bare, colours, frame_ticks, new_axes, points, styled

MARKERS = "os^DosvD"  # every second one hollow
DASHES = (4, 2), (1, 1.5), (5, 1.5, 1, 1.5), (8, 2), (2, 1), (4, 1, 1, 1), (8, 1, 2, 1)  # after a full line
BORDER = {"over": "^", "under": "v", "nan": "x"}


@styled
def draw_map(values, row_names, *, role="alpha", log=False, name=None, ax=None, theme="light"):
    """Draw a heat map: a column for each frame, a row for each name, the first on top.

    `values`, `role`, `log` and `name` as `Map`; `ax`, `theme`, result and errors as `draw_lattice`.

    Examples
    --------
    >>> draw_map([[0.5, 0.5], [0.25, 0.75]], "-a", role="ink").get_title(loc="left")
    'y'
    """
    scale = Map(values, role, log, name)
    (T, rows), names, c = scale.values.shape, [shown(symbol) for symbol in row_names], colours(theme)
    if len(names) != rows:
        raise ValueError(f"row_names: expected {rows}, one for each row, got {len(names)}")
    signed, small = role == "gradient", T * rows <= MANY
    ax = ax or new_axes(min(30 * max(T, 4), 560), rows * (22 if small else max(3, min(15, 330 / rows))))
    ends = [c["negative"], c["paper"], c["positive"]] if signed else [c["paper"], c[role]]
    levels = np.round(scale.levels().T, 3)
    mesh = ax.pcolormesh(
        np.arange(T + 1) + 0.5,
        np.arange(rows + 1) - 0.5,
        levels,
        cmap=LinearSegmentedColormap.from_list(role, ends),
        vmin=-1 if signed else 0,
        vmax=1,
        **({"edgecolors": c["paper"], "linewidth": 0.6} if small else {"rasterized": True}),
    )
    for row, t in np.argwhere(np.abs(levels) >= 0.005) if signed and small else ():  # never by colour alone
        ink = c["paper" if abs(levels[row, t]) > 0.5 else "ink"]
        ax.text(t + 1, row, "+" if levels[row, t] > 0 else "−", color=ink, ha="center", va="center_baseline")
    ax.set(xlim=(0.5, T + 0.5), ylim=(rows - 0.5, -0.5), xticks=frame_ticks(T), xlabel="frame t", title=scale.name)
    every = int(np.ceil(15 * rows / points(ax)[1]))
    ax.set_yticks(range(0, rows, every), names[::every])
    bare(ax)
    ticks, texts = scale.ticks()
    bar = ax.figure.colorbar(mesh, cax=ax.inset_axes([1.02, 0, 0.025, 1]))
    bar.set_ticks(ticks, labels=texts)
    bar.outline.set_visible(False)
    return ax


@styled
def draw_lines(
    x, series, *, x_name, y_name, log_x=False, log_y=False, x_range=None, y_range=None, marks=(), ax=None, theme="light"
):
    """Draw lines over x. Parameters as `line_chart`; `ax`, `theme`, result and errors as `draw_lattice`.

    Examples
    --------
    >>> draw_lines([1, 2], {"loss": [4, 3], "bound": [2, 1]}, x_name="step", y_name="nats").get_ylabel()
    'nats'
    """
    x, lines = list(x), {name: line if isinstance(line, Line) else Line(line) for name, line in series.items()}
    check_lines(x, lines, marks)
    known = [v for line in lines.values() for v in line.values if v is not None]
    scales = {
        "x": Scale([*x, *(v for which, v, _ in marks if which == "x")], x_range, log_x, "x_range"),
        "y": Scale([*known, *(v for which, v, _ in marks if which == "y")], y_range, log_y, "y_range"),
    }
    ax, c, seen = ax or new_axes(380, 230), colours(theme), set()
    for which, scale in scales.items():
        ends = scale.end(False), scale.end(True)
        ax.set(**{f"{which}scale": "log" if scale.log else "linear", f"{which}lim": ends})
        axis = getattr(ax, f"{which}axis")
        if scale.log:
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if scale.high - scale.low <= 2 else (1,)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
    for i, (name, line) in enumerate(lines.items()):
        colour, dashes = c[line.role], (0, DASHES[i - 1]) if i else "solid"
        look = {"linestyle": dashes, "marker": MARKERS[i], "markevery": max(1, len(x) // 24)}
        look |= {"both": {}, "line": {"marker": ""}, "points": {"linestyle": "", "markevery": 1}}[line.draw]
        pairs = zip(x, line.values, strict=True)
        sides = [None if v is None or scales["x"].side(a) else scales["y"].side(v) for a, v in pairs]
        inside = [v if side == "" else np.nan for v, side in zip(line.values, sides, strict=True)]
        ax.plot(x, inside, color=colour, mfc=c["paper"] if i % 2 else colour, label=name, **look)
        for side in (side for side in BORDER if side in sides):
            at = [a for a, there in zip(x, sides, strict=True) if there == side]
            ax.plot(at, [scales["y"].border(side)] * len(at), BORDER[side], color=colour)
            seen.add(side)
    for which, value, text in marks:
        rule, place = (ax.axvline, (value, 0.98)) if which == "x" else (ax.axhline, (0.01, value))
        rule(value, color=c["ink"], linewidth=1.1, linestyle=(0, (1, 3)))
        words = {"xycoords": getattr(ax, f"get_{which}axis_transform")(), "va": "top" if which == "x" else "bottom"}
        ax.annotate(text, place, xytext=(3, 2), textcoords="offset points", **words)
    ax.set(xlabel="\n".join([x_name, *border_note(seen, scales["y"])]), ylabel=y_name)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, handlelength=3)
    return ax
