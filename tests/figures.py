"""What the tests of drawn figures share: one of each, what the script makes of it, and a page to show it on."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import ctc_figures as draw
from ctc_core.examples import AB, BEE, CAT
from ctc_core.forward_backward import backward, forward, state_occupancy
from ctc_core.gradient import adjoint, spread
from ctc_core.paths import all_paths, path_probability, state_sequences
from ctc_core.steps import flow_back, forward_pairs, pair_outputs
from ctc_figures.page.assets import in_notebook

EXAMPLES = pytest.mark.parametrize("example", [AB, BEE, CAT], ids=lambda e: e.name)


def variables(y, labelling, blank=0):
    """Alpha, beta and gamma of all states."""
    alpha, beta = forward(y, labelling, blank), backward(y, labelling, blank)
    return alpha, beta, state_occupancy(alpha, beta, y, labelling, blank)


def pairs(y, labelling):
    """What `pair_sweep` takes, for one sample."""
    *given, repeat = pair_outputs(np.log(y)[None], np.array([labelling], dtype=int))[1:]
    computed = forward_pairs(*given, repeat)
    return computed, flow_back(computed, repeat)


def moving(y=CAT.y, **options):
    """Every drawn figure that moves."""
    l, symbols, (alpha, beta, gamma) = CAT.labelling, CAT.symbols, variables(y, CAT.labelling)
    walks, paths = state_sequences(l, len(y)), list(all_paths(AB.T, AB.K))
    probabilities = [path_probability(AB.y, path) for path in paths]
    return {
        "forward": draw.forward_sweep(y, l, alpha, symbols, **options),
        "backward": draw.backward_sweep(y, l, beta, symbols, **options),
        "occupancy": draw.occupancy_sweep(y, l, alpha, beta, gamma, symbols, **options),
        "paths": draw.lattice_paths(l, symbols, walks, **options),
        "cut": draw.state_cut(y, l, alpha, beta, 2, 3, symbols, **options),
        "ripple": draw.ripple(y, l, spread(y, l, 1, 1), adjoint(beta, y, l), symbols, **options),
        "slopes": draw.slope_paths(y, l, alpha, beta, symbols, **options),
        "pairs": draw.pair_sweep(y, l, *pairs(y, l), symbols, **options),
        "substitution": draw.substitution_steps(y, l, 1, 2, symbols, **options),
        "collapse": draw.collapse_steps((1, 0, 1, 1, 2, 0, 0), "-ab", **options),
        "groups": draw.path_groups(AB.y, paths, probabilities, AB.symbols, **options),
        "network": draw.network(**options),
        "one frame": draw.one_frame(**options),
    }


FIGURES = moving() | {
    "structure": draw.lattice_structure(CAT.labelling, CAT.T, CAT.symbols),
    "forward, repeat": draw.forward_sweep(BEE.y, BEE.labelling, forward(BEE.y, BEE.labelling), BEE.symbols),
}
each_figure = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES.keys())


def tree(figure, frame=None):
    """The drawing as XML; parsing fails if it is not well formed."""
    return ElementTree.fromstring(re.sub(" xmlns='[^']*'", "", figure.svg(frame, live=True), count=1))


def having(figure, class_, frame=None):
    """The elements of a class."""
    return [e for e in tree(figure, frame).iter() if class_ in (e.get("class") or "").split()]


def parts(figure, frame=None):
    """The elements that change or light up, in the order of their numbers."""
    return [e for e in tree(figure, frame).iter() if e.get("data-i") is not None]


def options(figure):
    """What can be touched, in order: what it says, and the numbers of the parts that it lights."""
    touched = [e for e in tree(figure).iter() if e.get("role") == "option"]
    return [(e.get("aria-label"), {int(n) for n in e.get("data-lights", "").split()}) for e in touched]


def replay(figure):
    """The look of each part in each frame, found as the script finds it: classes, value, text, x, y."""
    data = figure.data
    rows = [list(data["first"])]
    for step in data["steps"]:
        rows.append(list(rows[-1]))
        for i, look in zip(step[::2], step[1::2], strict=True):
            rows[-1][i] = look
    return [[(*data["looks"][k], *[None] * 5)[:5] if k >= 0 else None for k in row] for row in rows]


def looks(figure, frame):
    """The look of each part that has a name, in a frame."""
    row = replay(figure)[frame]
    return {name: row[i] for name, i in figure.drawing.numbers.items() if row[i]}


def value(text):
    """Read a number as figures write it."""
    text = text.replace("−", "-").translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))
    return float(re.sub(r"^(?:(.+)·)?10(-\d+)$", lambda match: f"{match[1] or 1}e{match[2]}", text))


UNITS = re.compile(r"\u00a0?ε| (beginning|ending|walk)s?| % of p|, of \d+ in all")
NUMBER = r"(?:\d+(?:\.\d+)?(?:·10⁻[⁰¹²³⁴-⁹]+)?|10⁻[⁰¹²³⁴-⁹]+)"


def worked(text):
    """Compute the sides of all equations in a text that hold numbers alone; return those that are said to be equal."""
    found = []
    for sentence in re.split(r"[.:,;] |\.$", UNITS.sub("", text)):
        sides = []
        for side in sentence.split(" = "):
            plain = re.sub(NUMBER, lambda match: repr(value(match[0])), side.removeprefix("p gains "))
            plain = plain.replace("×", "*").replace("· ", "* ").replace("−", "-")
            sides.append(eval(plain) if re.fullmatch(r"[-+*/(). \de]+", plain) else None)
        found += [pair for pair in zip(sides, sides[1:], strict=False) if None not in pair]
    return found


PAGE = (
    '<!doctype html><html lang="en" data-theme="{theme}"><head><title>Figures</title><style>body {{ margin: 16px }}'
    " [data-theme=dark] body {{ background: #121212; color: #ddd }}</style></head>"
    "<body><main><h1>Figures</h1>{body}</main></body></html>"
)


def page_of(*figures, theme="light"):
    """A page with figures, the script below them as on the site."""
    return PAGE.format(theme=theme, body="".join(figure.html() for figure in figures) + in_notebook())
