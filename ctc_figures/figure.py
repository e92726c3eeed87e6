"""The figure: a drawing, its description in words, its frames, and the player that shows them.

A figure is plain HTML that stands on its own: an inline SVG which is complete without any script, native
controls, the frames as compact JSON, and one small script. It works the same in Jupyter and on the
static site. It holds no ids, so the same figure may stand twice on a page.
"""

import json
import re
from functools import cache
from html import escape
from importlib.resources import files

from .palette import image_css, page_css

_ICONS = (
    '<svg viewBox="0 0 12 12" aria-hidden="true">'
    '<path class="ctc-icon-play" d="M2 0 12 6 2 12Z"/>'
    '<path class="ctc-icon-pause" d="M1 0h3v12h-3zM8 0h3v12h-3z"/>'
    "</svg>"
)


@cache
def _read(name):
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    lines = [line.strip() for line in text.splitlines()]
    return "".join(line + "\n" for line in lines if line and not line.startswith("//"))


def _keep(text):
    """Forbid line breaks that would tear a path such as a–b, or a number from its equals sign."""
    text = re.sub(r"(?<=\S)–|–(?=\S)", "\u2060–\u2060", text)
    return re.sub(r"\bt = (?=\d)", "t\u00a0=\u00a0", text).replace(" = ", "\u00a0= ")


@cache
def _rules():
    """Return the rules of drawing.css, each with the classes without which it has nothing to style."""
    rules = re.findall(r"([^{}]+)(\{[^{}]*\})", _read("drawing.css").replace("\n", ""))
    return [(s + body, set(re.findall(r"\.([\w-]+)", re.sub(r":not\([^)]*\)", "", s)))) for s, body in rules]


class Figure:
    """A figure that Jupyter displays.

    Parameters
    ----------
    drawing : Drawing
    title : str
        A few words, shown under the figure.
    description : str
        The figure in words, for readers who do not see it.
    captions : list of str, optional
        What to say under each frame; for a still drawing a list of one.
    labels : list of str, optional
        The slider's position in words, one for each frame, such as "t = 3 of 6".
    slider : str
        What the slider moves through, its accessible name.
    rest : int
        The frame shown until the reader presses Play: the most informative one.
    seconds : float
        Time a frame stays while playing.
    hint : str
        Shown where the detail of a touched part will appear.
    """

    def __init__(
        self,
        drawing,
        title,
        description,
        *,
        captions=None,
        labels=None,
        slider="Time step",
        rest=-1,
        seconds=1.4,
        hint="Touch a state, or move with the arrow keys.",
    ):
        """Check that words and frames fit the drawing."""
        if not title or not description:
            raise ValueError("title, description: a figure needs both, in words")
        n = drawing.n_frames
        self.drawing, self.title, self.description = drawing, title, description
        self.captions = list(captions or [""] * max(n, 1))
        self.labels = list(labels or [f"{i + 1} of {n}" for i in range(n)])
        if len(self.captions) != max(n, 1) or len(self.labels) != n:
            raise ValueError(f"captions, labels: expected {n} of each, one for each frame")
        self.slider, self.seconds, self.hint = slider, seconds, hint
        self.rest = range(n)[rest] if n else 0

    @property
    def data(self):
        """The JSON that the player reads, as a dict."""
        if not self.drawing.n_frames:
            return {}
        return self.drawing.frames() | {
            "captions": [_keep(caption) for caption in self.captions],
            "labels": self.labels,
            "rest": self.rest,
            "ms": round(self.seconds * 1000),
        }

    def svg(self):
        """Return the SVG alone, in its resting frame."""
        return self.drawing.svg(f"{self.title}. {self.description}", self.rest)

    def image(self):
        """Return the resting frame as the text of an SVG file, with the colours of both themes."""
        css = image_css() + self._drawing_css()
        return self.drawing.svg(f"{self.title}. {self.description}", self.rest, css=css) + "\n"

    def _drawing_css(self):
        """Return only the rules for what is drawn: a new kind of figure must not change the stored ones."""
        looks = [state[0] for state in self.data.get("states", ())]
        classes = set(" ".join(looks + re.findall(r'class="([^"]*)"', self.svg())).split())
        return "".join(rule for rule, needs in _rules() if needs <= classes)

    def _controls(self):
        if not self.drawing.n_frames:
            return ""
        last, label = self.drawing.n_frames - 1, escape(self.labels[self.rest])
        return (
            '<div class="ctc-controls">'
            f'<button type="button" class="ctc-play">{_ICONS}<span>Play</span></button>'
            f'<input type="range" min="0" max="{last}" value="{self.rest}" autocomplete="off"'
            f' aria-label="{escape(self.slider)}" aria-valuetext="{label}"/>'
            f'<span class="ctc-position" aria-hidden="true">{label}</span></div>'
        )

    def _repr_html_(self):
        touch = self.drawing.touchable
        # A box that may scroll must be reachable by keyboard; touchable parts inside it make it so already.
        stage = "" if touch else ' tabindex="0" role="group" aria-label="Figure, may scroll sideways"'
        hint = escape(self.hint)
        detail = f'<p class="ctc-detail" data-hint="{hint}">{hint}</p>' if touch else ""
        style = page_css() + _read("figure.css").replace("\n", "") + self._drawing_css()
        data = json.dumps(self.data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
        return (
            f"<ctc-figure><style>{style}</style>"
            f'<div class="ctc-frame" role="figure" data-lm-suppress-shortcuts="true" aria-label="{escape(self.title)}">'
            f'<div class="ctc-stage"{stage}>{self.svg()}</div>{self._controls()}'
            f'<p class="ctc-caption"><b>{escape(_keep(self.title))}.</b> '
            f'<span aria-live="polite">{escape(_keep(self.captions[self.rest]))}</span></p>{detail}</div>'
            f'<script type="application/json">{data}</script></ctc-figure>'
            "<script>" + _read("player.js") + "</script>"
        )

    def __repr__(self):
        """Say in words what the figure shows; where no HTML is displayed this is all there is."""
        return f"<Figure: {self.title}. {self.description}>"
