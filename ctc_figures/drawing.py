"""A small canvas: SVG elements in order, some of which change from frame to frame."""

from contextlib import contextmanager
from html import escape
from itertools import pairwise
from typing import NamedTuple


class State(NamedTuple):
    """What one element looks like in one frame.

    Attributes
    ----------
    look : str
        Extra CSS classes.
    value : float, optional
        A number from 0 to 100, which the style sheet reads as ``var(--v)`` from 0 to 1.
    text : str, optional
        The text of a text element.
    x, y : float, optional
        A shift from where the element was drawn.
    """

    look: str = ""
    value: float | None = None
    text: str | None = None
    x: float | None = None
    y: float | None = None


def coordinate(x):
    """Write a coordinate with at most two decimals.

    >>> coordinate(3.0), coordinate(1 / 3), coordinate(-0.001)
    ('3', '0.33', '0')
    """
    return f"{round(x, 2) + 0.0:g}"


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
    return "M" + "M".join("L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in p) for p in (shaft, corners)) + "Z"


def _attributes(attributes):
    parts = []
    for name, value in attributes.items():
        text = coordinate(value) if isinstance(value, (int, float)) else escape(str(value))
        parts.append(f' {name.rstrip("_").replace("_", "-")}="{text}"')
    return "".join(parts)


def _style(state):
    style = "" if state.value is None else f"--v:{coordinate(state.value / 100)};"
    if state.x is not None or state.y is not None:
        style += f"transform:translate({coordinate(state.x or 0)}px,{coordinate(state.y or 0)}px)"
    return {"style": style} if style else {}


class Drawing:
    """Collects SVG elements.

    An element with `states` is *animated*: it has one `State` for each frame. An element with a `name`
    can be lit up when the reader touches another one. Both are *parts*, numbered in drawing order.

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
        self._items = []
        self._parts = []  # the states of each part, or None
        self._index = {}  # name -> number of the part

    def add(self, tag, text=None, *, states=None, name=None, close=True, **attributes):
        """Add an element; attributes as keywords (``class_``, ``stroke_width``)."""
        part = states is not None or name is not None
        if name is not None:
            if name in self._index:
                raise ValueError(f"name: {name!r} is already used in this drawing")
            self._index[name] = len(self._parts)
        self._items.append((tag, attributes, text, len(self._parts) if part else None, close))
        if part:
            self._parts.append(None if states is None else list(states))

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
        """Open the one group that holds everything touchable: one tab stop, arrow keys inside."""
        return self.nest("g", role="listbox", aria_label=label)

    def label(self, x, y, text, class_="", **keywords):
        """Add a text that is decoration for a screen reader: the description says the same."""
        self.add("text", text, x=x, y=y, class_=f"ctc-text {class_}".strip(), aria_hidden="true", **keywords)

    @property
    def n_frames(self):
        """Number of frames, the same for all animated parts; 0 for a still drawing."""
        lengths = {len(states) for states in self._parts if states is not None}
        if len(lengths) > 1:
            raise ValueError(f"states: all parts need the same number of frames, got {sorted(lengths)}")
        return lengths.pop() if lengths else 0

    def svg(self, label, rest=-1, *, css=None):
        """Return the drawing as it looks in frame `rest`; with `css` as a file that stands alone."""
        first_touchable = True
        out = []
        for item in self._items:
            if isinstance(item, str):
                out.append(f"</{item}>")
                continue
            tag, attributes, text, part, close = item
            attributes = dict(attributes)
            if css is not None:  # a file cannot be touched
                for key in ("role", "aria_label", "aria_hidden", "tabindex", "data_lights"):
                    attributes.pop(key, None)
            if "data_lights" in attributes:
                attributes["data_lights"] = " ".join(str(self._index[n]) for n in attributes["data_lights"])
            if attributes.get("role") == "option" and first_touchable:
                attributes["tabindex"], first_touchable = 0, False
            if part is not None:
                base = attributes.pop("class_", "")
                state = State() if self._parts[part] is None else self._parts[part][rest]
                look = {"class_": f"{base} {state.look}".strip()} | ({"data_i": base} if css is None else {})
                attributes = look | attributes | _style(state)
                text = state.text if state.text is not None else text
            body = "" if text is None else escape(text, quote=False)
            end = f">{body}</{tag}>" if body else "/>"
            out.append(f"<{tag}{_attributes(attributes)}{end if close else '>'}")
        size = f'viewBox="0 0 {coordinate(self.width)} {coordinate(self.height)}"'
        start = {"role": "group" if self.touchable and css is None else "img", "aria_label": label}
        start["style"] = f"--role:var(--ctc-{self.role})"
        if css is None:
            # Text is drawn 12.5 units high: at .9 it is still 11 px. Below that the figure scrolls.
            start["style"] += f";min-width:{self.width * 0.9:.0f}px;max-width:{self.width * 1.25:.0f}px"
            head, style = f"<svg {size}", ""
        else:
            head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}'
            start |= {"width": self.width, "height": self.height}
            # A file cannot know the colour of the page around it: it brings its own paper.
            style = f'<style>{css}</style><rect width="100%" height="100%" rx="8" fill="var(--ctc-paper)"/>'
        return f"{head}{_attributes(start)}>{style}{''.join(out)}</svg>"

    def frames(self):
        """Return the frames in the compact form the player reads: a table of states, and who has which."""
        table, rows = {}, []
        for f in range(self.n_frames):
            rows.append([-1 if p is None else table.setdefault(p[f], len(table)) for p in self._parts])
        steps = []
        for before, after in pairwise(rows):
            pairs = enumerate(zip(before, after, strict=True))
            steps.append([n for i, (a, b) in pairs if a != b for n in (i, b)])
        states = []
        for state in table:
            short = [None if v is None else v if isinstance(v, str) else float(coordinate(v)) for v in state]
            short = [int(v) if isinstance(v, float) and v == int(v) else v for v in short]
            while short[-1] is None:
                short.pop()
            states.append(short)
        return {"states": states, "first": rows[0], "steps": steps}
