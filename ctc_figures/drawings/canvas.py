"""A small canvas: SVG elements in order, some of which change from frame to frame."""

from contextlib import contextmanager
from html import escape
from itertools import pairwise
from typing import NamedTuple


class Look(NamedTuple):
    """What one part of a drawing looks like in one frame. What is None stays as it was."""

    classes: str = ""  # CSS classes beside its own
    value: float | None = None  # from 0 to 100; the style sheet reads it as var(--v), from 0 to 1
    text: str | None = None  # of a text element
    x: float | None = None  # shift from where it was drawn
    y: float | None = None


def rounded(x, decimals=2):
    """Round a number; halves go the same way on every processor, since their last bits are cut off first.

    >>> rounded(1 / 3), rounded(-0.001), rounded(0.125 - 1e-12), rounded(3.0)
    (0.33, 0, 0.12, 3)
    """
    x = round(round(float(x), 6), decimals)
    return int(x) if x == int(x) else x


def arrow_path(points, head=7, half=3):
    """Return the outline of an arrow through points given as (x, y): an open shaft and a filled head.

    >>> arrow_path([(0, 0), (27, 0)])
    'M0 0L20 0M27 0L20 3L20 -3Z'
    """
    (x0, y0), (x1, y1) = points[-2:]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    bx, by = x1 - head * ux, y1 - head * uy
    corners = [(x1, y1), (bx - half * uy, by + half * ux), (bx + half * uy, by - half * ux)]
    shaft = [*points[:-1], (bx, by)]
    return "M" + "M".join("L".join(f"{rounded(x)} {rounded(y)}" for x, y in p) for p in (shaft, corners)) + "Z"


def appear(frame, frames):
    """Return the looks of a part that is not there before a frame, and stays."""
    return [Look("" if f >= frame else "off") for f in range(frames)]


def _tidy(look):
    numbers = {name: getattr(look, name) for name in ("value", "x", "y")}
    return look._replace(**{name: rounded(v) for name, v in numbers.items() if v is not None})


def _attributes(attributes):
    parts = []
    for name, value in attributes.items():
        text = rounded(value) if isinstance(value, (int, float)) else escape(str(value))
        parts.append(f" {name.rstrip('_').replace('_', '-')}='{text}'")
    return "".join(parts)


def _style(look):
    style = "" if look.value is None else f"--v:{rounded(look.value / 100, 4)};"
    if look.x is not None or look.y is not None:
        style += f"transform:translate({look.x or 0}px,{look.y or 0}px)"
    return {"style": style} if style else {}


class Drawing:
    """Collects SVG elements.

    An element with `looks`, one for each frame, changes. One with a `name` is lit up when the reader touches what
    lists it. Both are *parts*, numbered in drawing order.

    Parameters
    ----------
    width, height : float
        Size in user units; 1 unit is about 1 CSS pixel.
    role : str
        Name of the palette colour that this figure's quantity has, ``var(--role)`` in the style sheet.
    """

    def __init__(self, width, height, role="ink"):
        """Start empty."""
        self.width, self.height, self.role = width, height, role
        self.touchable = False
        self.numbers = {}  # of the parts that have a name
        self._items = []
        self._parts = []  # the looks of each part, or None

    def add(self, tag, text=None, *, looks=None, name=None, close=True, **attributes):
        """Add an element; attributes as keywords (``class_``, ``stroke_width``)."""
        part = looks is not None or name is not None
        if name is not None:
            if name in self.numbers:
                raise ValueError(f"name: {name!r} is already used in this drawing")
            self.numbers[name] = len(self._parts)
        self._items.append((tag, attributes, text, len(self._parts) if part else None, close))
        if part:
            self._parts.append(None if looks is None else [_tidy(look) for look in looks])

    @contextmanager
    def nest(self, tag="g", **attributes):
        """Open an element that holds what is added inside the `with` block."""
        self.add(tag, close=False, **attributes)
        yield
        self._items.append(tag)

    def touch(self, detail, lights=(), **attributes):
        """Open a group that can be touched: it shows `detail` and lights the parts named in `lights`."""
        self.touchable = True
        if lights:
            attributes["data_lights"] = tuple(lights)
        return self.nest("g", role="option", aria_label=detail, tabindex=-1, **attributes)

    def cells(self, label):
        """Open a group of touchable parts: arrow keys move among all of a drawing, which is one tab stop."""
        return self.nest("g", role="listbox", aria_label=label)

    def label(self, x, y, text, class_="", **keywords):
        """Add a text that is decoration for a screen reader: the description says the same."""
        self.add("text", text, x=x, y=y, class_=f"ctc-text {class_}".strip(), aria_hidden="true", **keywords)

    @property
    def n_frames(self):
        """Number of frames, the same for all parts that change; 0 for a still drawing."""
        lengths = {len(looks) for looks in self._parts if looks is not None}
        if len(lengths) > 1:
            raise ValueError(f"looks: all parts need the same number of frames, got {sorted(lengths)}")
        return lengths.pop() if lengths else 0

    def svg(self, frame=-1, *, css="", live=True, label=""):
        """Return the drawing as the text of an SVG file, as it looks in a frame.

        `css` is its style sheet; the script removes it, and the paper, where it puts the drawing into a page. `live`
        keeps what the script needs to change and to touch its parts. `label` says what a file shows.
        """
        first_touchable = True
        out = []
        for item in self._items:
            if isinstance(item, str):
                out.append(f"</{item}>")
                continue
            tag, attributes, text, part, close = item
            attributes = dict(attributes)
            if not live:
                for key in ("role", "aria_label", "aria_hidden", "tabindex", "data_lights"):
                    attributes.pop(key, None)
            if "data_lights" in attributes:
                attributes["data_lights"] = " ".join(str(self.numbers[n]) for n in attributes["data_lights"])
            if attributes.get("role") == "option" and first_touchable:
                attributes["tabindex"], first_touchable = 0, False
            if part is not None:
                base = attributes.pop("class_", "")
                look = Look() if self._parts[part] is None else self._parts[part][frame]
                classes = {"class_": f"{base} {look.classes}".strip()} | ({"data_i": base} if live else {})
                attributes = classes | attributes | _style(look)
                text = look.text if look.text is not None else text
            body = "" if text is None else escape(text, quote=False)
            end = f">{body}</{tag}>" if body else "/>"
            out.append(f"<{tag}{_attributes(attributes)}{end if close else '>'}")
        width, height = rounded(self.width), rounded(self.height)
        # Text is drawn 12.5 units high: at .9 it is still 11 px. Below that the figure scrolls.
        least, most = f"min-width:{self.width * 0.9:.0f}px", f"max-width:{self.width * 1.25:.0f}px"
        start = {"viewBox": f"0 0 {width} {height}", "width": width, "height": height}
        start |= {"role": "img", "aria_label": label} if label else {}
        start["style"] = f"--role:var(--ctc-{self.role})" + (f";{least};{most}" if live else "")
        # A file cannot know the colour of the page around it: it brings its own paper.
        paper = {"class_": "ctc-paper", "width": "100%", "height": "100%", "rx": 8, "fill": "var(--ctc-paper)"}
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg'{_attributes(start)}><style>{css}</style>"
            f"<rect{_attributes(paper)}/>{''.join(out)}</svg>"
        )

    def frames(self):
        """Return the frames in the compact form the script reads: a table of looks, and who has which."""
        table, rows = {}, []
        for f in range(self.n_frames):
            rows.append([-1 if p is None else table.setdefault(p[f], len(table)) for p in self._parts])
        steps = []
        for before, after in pairwise(rows):
            pairs = enumerate(zip(before, after, strict=True))
            steps.append([n for i, (a, b) in pairs if a != b for n in (i, b)])
        looks = [list(look) for look in table]
        for look in looks:
            while look[-1] is None:
                look.pop()
        return {"looks": looks, "first": rows[0], "steps": steps}
