"""A figure that plotly draws, in the shell of all figures: what every chart of the book has in common."""

from base64 import b64encode
from html import escape
from pathlib import Path

import plotly.graph_objects as go

from ..page.assets import unless_started
from ..page.figure import Figure
from ..page.palette import COLOURS

MIME = "application/vnd.plotly.v1+json"
LIGHT = {
    name: light for name, (light, _) in COLOURS.items()
}  # the script puts the dark ones in place; two more digits make one pale
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
# Only these buttons: plotly would add one that uploads the chart.
CONFIG = {"displaylogo": False, "responsive": True, "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d"]]}

AGAIN = "again"  # the `meta` of a trace that repeats values: the pointer finds them, the keyboard passes them by


def axis(title=None, **more):
    """Return the look of an axis; `more` as plotly's axes."""
    look = {
        "gridcolor": LIGHT["faint"],
        "linecolor": LIGHT["muted"],
        "tickfont": {"color": LIGHT["muted"], "size": 11.5},
        "zeroline": False,
        "exponentformat": "power",
    }
    return look | ({"title": {"text": title, "font": {"color": LIGHT["muted"], "size": 12.5}}} if title else {}) | more


def note(text, x, y, *, xref="paper", yref="paper", xanchor="left", **more):
    """Return words in a chart: an annotation without an arrow."""
    return {"text": text, "x": x, "y": y, "xref": xref, "yref": yref, "xanchor": xanchor, "showarrow": False} | more


COLORBAR = {"thickness": 10, "outlinewidth": 0, "xpad": 6, "tickfont": {"size": 11.5, "color": LIGHT["muted"]}}


def over_time(T, times=None):
    """Return what a `Plot` needs to move along T frames, or along some of them: labels, and where its cursor stands."""
    times = range(T) if times is None else times
    half = T / len(times) / 2
    return {
        "cursor": [(t + 1 - half, t + 1 + half) for t in times],
        "end": T + 0.5,
        "labels": [f"t = {t + 1} of {T}" for t in times],
    }


def rule(which, value):
    """Return a dotted line to compare with, across a chart, at a value of the axis "x" or "y"."""
    line = {"color": LIGHT["ink"], "width": 1.1, "dash": "1px,3px"}
    along = {"x": {"yref": "y domain", "y0": 0, "y1": 1}, "y": {"xref": "x domain", "x0": 0, "x1": 1}}[which]
    return {"type": "line", "line": line, f"{which}0": value, f"{which}1": value} | along


def shades(*names):
    """Return a colour scale through colours of the palette."""
    return [[i / (len(names) - 1), LIGHT[name]] for i, name in enumerate(names)]


def under_bars(xref, yref):
    """Return paper for bars, where a faint background gives the cells of maps their borders."""
    place = {"xref": f"{xref} domain", "yref": f"{yref} domain", "x0": -0.01, "x1": 1.01, "y0": -0.01, "y1": 1.01}
    return place | {"layer": "below", "fillcolor": LIGHT["paper"], "line_width": 0}


def strip_image(png, frames, high):
    """Return a PNG, its bytes or its path, over the whole time axis; as high as this share of the chart, at its top."""
    png = png if isinstance(png, bytes) else Path(png).read_bytes()
    place = {"xref": "x", "yref": "paper", "x": 0.5, "y": 1, "sizex": frames, "sizey": high, "sizing": "stretch"}
    return {"source": "data:image/png;base64," + b64encode(png).decode(), "layer": "above"} | place


class Plot(Figure):
    """A figure whose picture is a plotly chart; `plotly` is plotly's own object, to go on with.

    Parameters
    ----------
    traces : list
        Of plotly's trace objects. A `hovertemplate` is also what is said when the keyboard comes to a value.
    layout : dict
        With "height". Colours are those of `LIGHT`.
    title, description : str
    frames : list of dict of int to dict, optional
        For each frame which traces change, and what in them. Arrays of NumPy are stored as plotly's base64: a large map
        takes an eighth of the bytes that its numbers take in a notebook, where each stands on a line of its own.
    cursor : list of (float, float), optional
        For each frame where on the x axes the cursor stands; what is ahead of it is veiled, up to `end`.
    end : float
    veil : float
        1 hides what is ahead, 0 shows it.
    rows : list of sequence, optional
        The numbers as a table, its head first.
    least : int, optional
        Pixels below which the chart does not shrink: on a phone it scrolls, and follows its cursor.
    **words
        As `Figure`.
    """

    def __init__(
        self,
        traces,
        layout,
        title,
        description,
        *,
        frames=(),
        cursor=None,
        end=None,
        veil=0.88,
        rows=None,
        least=None,
        **words,
    ):
        """Put traces and layout together."""
        words.setdefault("hint", "Point at a value, or move with the arrow keys.")
        super().__init__(title, description, **words)
        self.cursor, self.rows, self.least = cursor, rows, least
        look = {
            "font": {"family": FONT, "size": 12.5, "color": LIGHT["ink"]},
            "paper_bgcolor": LIGHT["paper"],
            "plot_bgcolor": LIGHT["paper"],
            "hoverlabel": {"font": {"family": FONT, "size": 13}},
            "hovermode": "closest",
            "dragmode": False,  # on a phone a finger scrolls the page
            "showlegend": False,
        } | layout
        self.plotly = go.Figure(traces, look)
        self.plotly.layout.template = None
        if cursor:
            for xref, yref in sorted({(trace.xaxis or "x", trace.yaxis or "y") for trace in self.plotly.data}):
                self._add_cursor(xref, yref, end, veil)
            for image in self.plotly.layout.images:  # a picture of what the frames see
                self._add_shape("cursor", "x", "paper", 1 - image.sizey, *cursor[self.rest])
        for i, changes in enumerate(frames):
            for trace, change in changes.items() if i == self.rest else ():
                self.plotly.data[trace].update(change)
            data = [{"type": self.plotly.data[trace].type} | change for trace, change in changes.items()]
            if self.labels:
                self.plotly.frames += (go.Frame(name=str(i), traces=list(changes), data=data),)

    def _add_cursor(self, xref, yref, end, veil):
        x0, x1 = self.cursor[self.rest]
        paper = {"fillcolor": LIGHT["paper"], "line_width": 0, "opacity": veil}
        self._add_shape("ahead", xref, f"{yref} domain", 0, x1, end, **paper)
        self._add_shape("cursor", xref, f"{yref} domain", 0, x0, x1)

    def _add_shape(self, name, xref, yref, y0, x0, x1, **look):
        look = look or {"line": {"color": LIGHT["ink"], "width": 1.3}}
        self.plotly.add_shape(name=name, xref=xref, yref=yref, x0=x0, x1=x1, y0=y0, y1=1, **look)

    @property
    def data(self):
        """What the script reads, as a dict."""
        own = {"cursor": self.cursor, "least": self.least}
        return super().data | {key: value for key, value in own.items() if value}

    @property
    def spec(self):
        """The chart as plotly's JSON: traces, layout, frames and settings."""
        spec = {key: value for key, value in self.plotly.to_plotly_json().items() if value}
        return spec | {"config": CONFIG}

    def picture(self):
        """Return nothing: plotly's own output stands before this one."""
        return ""

    def details(self):
        """Return description and numbers, for those who do not see the picture."""
        head, *rows = self.rows or [()]
        table = f"<thead><tr>{_cells('th scope=col', head)}</tr></thead><tbody>"
        table += "".join(f"<tr>{_cells('th scope=row', row[:1])}{_cells('td', row[1:])}</tr>" for row in rows)
        # A box that may scroll must be reachable by keyboard.
        box = (
            f'<div tabindex="0" role="group" aria-label="Numbers"><table>{table}</tbody></table></div>' if rows else ""
        )
        summary = "In words and numbers" if rows else "In words"
        return (
            f'<details class="ctc-words"><summary>{summary}</summary><p>{escape(self.description)}</p>{box}</details>'
        )

    def bundles(self):
        """Return two outputs: the chart, which JupyterLab draws even in an untrusted notebook, and the shell.

        In one output the shell would never be seen: JupyterLab takes plotly's form of two.
        """
        shell = {"text/html": unless_started() + self.html(), "text/plain": self.captions[self.rest]}
        return [{MIME: self.spec, "text/plain": repr(self)}, shell]


def _cells(tag, values):
    return "".join(f"<{tag}>{escape(str(value))}</{tag.split()[0]}>" for value in values)
