"""A figure drawn on our canvas: the lattice and whatever else no library draws."""

import re
from functools import cache

from ..page.assets import read
from ..page.figure import Figure
from ..page.palette import image_css


@cache
def _rules():
    """Return the rules for an image, each with the classes without which it has nothing to style."""
    sheet = read("drawings/drawing.css") + read("drawings/board.css")
    rules = re.findall(r"([^{}]+)(\{[^{}]*\})", sheet.replace("\n", ""))
    rules = [
        (s, re.sub(r"transition:[^;}]*;?", "", body)) for s, body in rules if not re.search(r"\[|:hover|:focus", s)
    ]
    return [(s + body, set(re.findall(r"\.([\w-]+)", re.sub(r":not\([^)]*\)", "", s)))) for s, body in rules]


class Drawn(Figure):
    """A figure whose picture is a `Drawing`; parameters as `Figure`."""

    def __init__(self, drawing, title, description, *, labels=None, hint=None, **words):
        """Check that words and frames fit the drawing."""
        n = drawing.n_frames
        labels = [f"{i + 1} of {n}" for i in range(n)] if labels is None else list(labels)
        if len(labels) != n:
            raise ValueError(f"labels: expected {n}, one for each frame, got {len(labels)}")
        if hint is None:
            hint = "Touch a state, or move with the arrow keys." if drawing.touchable else ""
        super().__init__(title, description, labels=labels, hint=hint, **words)
        self.drawing, self.width, self.height = drawing, drawing.width, drawing.height

    @property
    def data(self):
        """What the script reads, as a dict."""
        return super().data | (self.drawing.frames() if self.n_frames else {})

    def svg(self, frame=None, *, live=False):
        """Return the text of an SVG file that follows the reader's theme; of the resting frame if none is named."""
        frame = self.rest if frame is None else range(max(self.n_frames, 1))[frame]
        plain = self.drawing.svg(frame, live=live)
        classes = set(" ".join(re.findall(r"class='([^']*)'", plain)).split())
        rules = "".join(rule for rule, needs in _rules() if needs <= classes)
        label = "" if live else f"{self.title}. {self.description}"
        return self.drawing.svg(frame, live=live, css=image_css(plain + rules) + rules, label=label)
