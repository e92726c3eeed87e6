"""The look of all that matplotlib draws, made of the palette, and what the functions `draw_...` have in common.

Each draws on `ax` and returns it, or on `figure` where it needs several axes; a new one is made if none is given.
`.figure` of both is the picture: `draw_lattice((1, 2), 6, "-ab").figure.savefig("ab.pdf")`. Themes: light, dark.
"""

import struct
from functools import wraps
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib import rc_context, rcParams
from matplotlib.figure import Figure as MplFigure

from ..page.palette import COLOURS

MATH = "STIXGeneral"  # the font of variables; matplotlib brings it
SAVING = {  # text stays text; the same drawing has the same bytes, and no point of a path hangs on the last bits
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "ctc",
    "path.simplify": False,
    "savefig.bbox": None,
    "savefig.dpi": 200,
}


def colours(theme="light"):
    """Return the palette of one theme, as a dict of meaning to colour."""
    if theme not in ("light", "dark"):
        raise ValueError(f"theme: expected 'light' or 'dark', got {theme!r}")
    return {name: pair[theme == "dark"] for name, pair in COLOURS.items()}


def style(theme="light"):
    """Return matplotlib's settings for pictures that look like those of the book.

    Examples
    --------
    >>> style("dark")["figure.facecolor"], style()["pdf.fonttype"]
    ('#121212', 42)
    """
    c = colours(theme)
    look = dict.fromkeys(("figure.facecolor", "axes.facecolor"), c["paper"])
    look |= dict.fromkeys(("axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), c["muted"])
    look |= dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False)
    look |= {"text.color": c["ink"], "font.size": 12.5, "lines.linewidth": 1.8}
    look |= {"axes.titlelocation": "left", "axes.titlesize": "medium"}
    # matplotlib's own font, then the reader's, for symbols that it lacks
    look["font.family"] = list(dict.fromkeys(["DejaVu Sans", *rcParams["font.family"]]))
    return look | SAVING


class Sheet(MplFigure):
    """A figure that pyplot does not know: nothing must be closed, nothing shows twice. Its size is in points."""

    def __init__(self, width, height):
        """Make an empty sheet."""
        super().__init__((width / 72, height / 72))

    def savefig(self, fname, **keywords):
        """Save as matplotlib does, but also what stands beyond the sheet, text as text, and no date."""
        date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        kind = keywords.get("format", Path(str(fname)).suffix[1:])
        keywords["metadata"] = date.get(kind, {}) | keywords.get("metadata", {})
        with rc_context(SAVING):
            super().savefig(fname, **{"bbox_inches": "tight"} | keywords)

    def _repr_png_(self):
        file = BytesIO()
        self.savefig(file, format="png", dpi=144)
        width, height = struct.unpack(">2I", file.getvalue()[16:24])
        return file.getvalue(), {"width": width // 2, "height": height // 2}


def new_axes(width, height):
    """Return the axes of a new sheet, as large as it; ticks and titles stand beyond."""
    return Sheet(width, height).add_axes([0, 0, 1, 1])


def styled(draw):
    """Let a function draw in the style of its keyword `theme`; matplotlib's settings are then as before."""

    @wraps(draw)
    def drawn(*arguments, theme="light", **keywords):
        with rc_context(style(theme)):
            return draw(*arguments, theme=theme, **keywords)

    return drawn


def points(ax):
    """Return width and height of an axes in points, as an array."""
    box = ax.get_window_extent()
    return np.array([box.width, box.height]) * 72 / ax.figure.dpi


def frame_ticks(T):
    """Return the frames to be numbered: all, or 1 and round ones."""
    return range(1, T + 1) if T <= 12 else [1, *range(10, T + 1, 10 * (1 + T // 150))]


def bare(ax):
    """Leave of an axes only what is written."""
    ax.tick_params(left=False, bottom=False)
    ax.spines[:].set_visible(False)
