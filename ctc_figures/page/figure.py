"""The shell of every figure: a picture, its words, and frames to step through.

What Jupyter stores is plain HTML that reads well where no script runs: a picture, a title, a caption. Where the script
of `assets` runs, it adds the rest: Play, a slider, what can be touched, and a menu that saves the picture.
"""

import json
import re
from html import escape

from IPython.display import display

from .assets import unless_started


def keep_together(text):
    """Forbid line breaks that would tear a path such as a–b, or a number from its equals sign."""
    text = re.sub(r"(?<=\S)–|–(?=\S)", "\u2060–\u2060", text)
    return re.sub(r"\bt = (?=\d)", "t\u00a0=\u00a0", text).replace(" = ", "\u00a0= ")


def _data_uri(svg):
    """Return an SVG file as a `data:` address for an HTML attribute in double quotes."""
    for sign in '%"#<>&':
        svg = svg.replace(sign, f"%{ord(sign):02X}")
    return f"data:image/svg+xml,{svg}"


class Figure:
    """What all figures have in common; `Drawn`, `Plot` and `Still` add the picture: `svg`, `width`, `height`.

    Parameters
    ----------
    title : str
        A few words, shown under the figure.
    description : str
        The figure in words, for readers who do not see it.
    captions : list of str, optional
        What to say under each frame; for a still picture a list of one.
    labels : list of str, optional
        The slider's position in words, one for each frame, such as "t = 3 of 6". None: a still picture.
    slider : str
        What the slider moves through, its accessible name.
    rest : int
        The frame shown until the reader presses Play: 0 under a question that the last would answer.
    seconds : float
        Time a frame stays while playing.
    hint : str
        Shown where the detail of a touched part will appear; "" where nothing can be touched.
    """

    def __init__(
        self, title, description, *, captions=None, labels=None, slider="Time step", rest=-1, seconds=1.4, hint=""
    ):
        """Check that there is a word for everything."""
        if not title or not description:
            raise ValueError("title, description: a figure needs both, in words")
        self.title, self.description = title, description
        self.labels = list(labels or [])
        n = max(self.n_frames, 1)
        self.captions = list(captions or [""] * n)
        if len(self.captions) != n:
            raise ValueError(f"captions: expected {n}, one for each frame, got {len(self.captions)}")
        self.slider, self.seconds, self.hint = slider, seconds, hint
        self.rest = range(n)[rest]
        self.note = ""

    @property
    def n_frames(self):
        """Number of frames; 0 for a still picture."""
        return len(self.labels)

    def picture(self):
        """Return the image that shows everywhere, in its resting frame; the script replaces it by the SVG it holds."""
        alt = escape(f"{self.title}. {self.description}")
        size = f'width="{self.width:.0f}" height="{self.height:.0f}"'
        return f'<div class="ctc-stage"><img alt="{alt}" {size} src="{_data_uri(self.svg(live=True))}"></div>'

    def details(self):
        """Return HTML that is folded away under the caption."""
        return ""

    @property
    def data(self):
        """What the script reads, as a dict."""
        data = {"hint": self.hint} if self.hint else {}
        if self.labels:
            data |= {
                "captions": [keep_together(caption) for caption in self.captions],
                "labels": self.labels,
                "slider": self.slider,
                "rest": self.rest,
                "ms": round(self.seconds * 1000),
            }
        return data

    def html(self):
        """Return the figure as HTML, without the style and the script that `start` brings once for all."""
        data = json.dumps(self.data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
        return (
            f'<ctc-figure><figure aria-label="{escape(self.title)}">{self.picture()}'
            f"<figcaption><p><b>{escape(keep_together(self.title))}.</b> "
            f"<span>{escape(keep_together(self.captions[self.rest]))}</span></p>"
            f"{self.note and f'<p>{escape(self.note)}</p>'}</figcaption>{self.details()}</figure>"
            f'<script type="application/json">{data}</script></ctc-figure>'
        )

    def bundles(self):
        """Return what Jupyter stores: a dict of MIME types for each output."""
        return [{"text/html": unless_started() + self.html(), "text/plain": repr(self)}]

    def _ipython_display_(self):
        for bundle in self.bundles():
            display(bundle, raw=True)

    def __repr__(self):
        """Say in words what the figure shows; where no HTML is displayed this is all there is."""
        return f"<Figure: {self.title}. {self.description}>"
