"""A figure that matplotlib draws and that does not move, in the shell of all figures."""

import re
from functools import cached_property
from hashlib import sha256
from html import escape
from io import StringIO
from xml.etree import ElementTree

from ..charts.plot import FONT
from ..drawings.canvas import rounded
from ..page.figure import Figure
from ..page.palette import image_css
from .style import MATH, colours

VARIABLES = {colour: f"var(--ctc-{name})" for name, colour in reversed(colours().items())}
MATH_FONT = "font-family:KaTeX_Math,'Latin Modern Math','STIX Two Text','Times New Roman',serif"


class Still(Figure):
    """A figure whose picture is a matplotlib figure, `sheet`, drawn in the light style; a point of it is a pixel.

    Parameters
    ----------
    sheet : Sheet
    title, description, caption : str
    """

    def __init__(self, sheet, title, description, caption=""):
        """Take picture and words."""
        super().__init__(title, description, captions=[caption])
        for part in (sheet, *sheet.axes):
            part.patch.set_visible(False)  # the page is the paper
        self.sheet = sheet
        self.width, self.height = (round(72 * inches) for inches in sheet.get_size_inches())

    @cached_property
    def body(self):
        """What is drawn, as SVG in the colours of the page."""
        file = StringIO()
        self.sheet.savefig(file, format="svg", bbox_inches=None)
        root = ElementTree.fromstring(file.getvalue())
        ids = dict.fromkeys(re.findall(r"(?:href=\"|url\()#(\w+)", file.getvalue()))
        names = {name: f"\ue000{i}" for i, name in enumerate(ids)}
        for element in root.iter():
            for child in list(element):
                if child.tag.endswith(("}metadata", "}style")):  # a style would reach the whole page
                    element.remove(child)
            element.tag = element.tag.split("}")[-1]
            element.text, element.tail = (element.text or "").strip(), None
            written = {key.split("}")[-1]: _short(key, value, names) for key, value in element.attrib.items()}
            element.attrib = {key: value for key, value in written.items() if value}
        text = "".join(ElementTree.tostring(child, encoding="unicode") for child in root)
        # Two pictures on a page must not share ids.
        return text.replace("\ue000", f"s{sha256(text.encode()).hexdigest()[:8]}-")

    def svg(self, *, live=False):
        """Return the text of an SVG file that follows the reader's theme; `live`: for the page, which may scale it."""
        limits = f";min-width:{0.9 * self.width:.0f}px;max-width:{1.25 * self.width:.0f}px" if live else ""
        look = escape(f"font-family:{FONT};stroke-linejoin:round{limits}")
        start = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {self.width} {self.height}'"
        paper = "<rect class='ctc-paper' width='100%' height='100%' rx='8' fill='var(--ctc-paper)'/>"
        css = image_css(paper + self.body)
        size = f"width='{self.width}' height='{self.height}' style='{look}'"
        if not live:  # in a page the shell says it
            size += f" role='img' aria-label='{escape(f'{self.title}. {self.description}')}'"
        return f"{start} {size}><style>{css}</style>{paper}{self.body}</svg>"


def _short(key, value, names):
    """Write an attribute with two decimals, and only if it says something; "" if not."""
    if value.startswith("data:"):
        return value
    if key == "id":
        return names.get(value, "")
    value = re.sub(r"#(\w+)", lambda m: VARIABLES.get(m[0]) or "#" + names.get(m[1], m[1]), value)
    value = re.sub(r"-?\d+\.\d+", lambda m: str(rounded(float(m[0]))), value)
    if key == "style":
        value = re.sub(r"font-family: [^;]*", lambda m: MATH_FONT if MATH in m[0] else "", value)
        return re.sub(r"(?<=[:;]) |; (?=;)|^; ", "", value.replace("stroke-dashoffset: 0;", ""))
    return "" if value.startswith("rotate(-0 ") else re.sub(r"\s*([A-Za-z])\s*", r"\1", value) if key == "d" else value
