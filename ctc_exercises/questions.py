"""Questions with an instant check: a recall question, a number by hand, a formula derived.

Each is an object that a notebook shows as HTML that reads well without a script; the script of `start` adds the
fields, and checks the answer with or without a kernel. Right answers are computed by the notebook with
`ctc_core`, never typed. Text may hold `<var> <sub> <sup> <em> <strong> <code>`; any other "<" is shown as is.
"""

import inspect
import json
import re
from dataclasses import dataclass
from html import escape, unescape
from math import isclose, isfinite

import numpy as np

from .assets import unless_started


def markup(text):
    """Escape everything in an author's text but a few harmless tags and character references."""
    text = re.sub(r"&(?!#?\w+;)", "&amp;", str(text))
    return re.sub(r"<(?!/?(?:var|sub|sup|em|strong|code)>)", "&lt;", text)


def plain(text):
    """Write an author's text without tags, for a terminal: y<sup>t</sup> becomes y^t."""
    text = re.sub(r"</?(?!su[bp])\w+>", "", markup(text))
    for tag, sign in (("sub", "_"), ("sup", "^")):
        text = (
            re.sub(f"<{tag}>(.)</{tag}>", rf"{sign}\1", text).replace(f"<{tag}>", sign + "{").replace(f"</{tag}>", "}")
        )
    return unescape(text)


@dataclass(repr=False)
class Question:
    """A question as a notebook shows it.

    Parameters
    ----------
    text : str
        The question itself.
    task : dict
        What the script needs to judge an answer: its `kind`, the right `answer`, diagnoses.
    below : str
        HTML below the question: its options, or what a formula may hold.
    note : str
        The same where there is no HTML.
    """

    text: str
    task: dict
    below: str = ""
    note: str = ""

    def html(self):
        """Return the question as HTML, without style and script."""
        task = escape(json.dumps(self.task, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
        question = f"<p><strong>{markup(self.text)}</strong></p>{self.below}"
        return f'<ctc-exercise data-task="{task}">{question}</ctc-exercise>'

    def _repr_html_(self):
        return unless_started() + self.html()

    def __repr__(self):
        """Write it for a terminal."""
        return plain(self.text) + self.note


def _number(value):
    """Round so that the last bits, which change with the processor, are not stored; JSON has no infinity."""
    value = float(f"{float(value):.10g}")
    if np.isnan(value):
        raise ValueError("an answer is NaN: expected a number")
    return value + 0.0 if isfinite(value) else str(value).replace("inf", "Infinity")


def choose(question, options, answer):
    """Ask to choose one of several options.

    Parameters
    ----------
    question : str
    options : dict
        From each option to its feedback: why it is right, or the misconception behind it.
    answer : hashable
        The right option, one of the keys.

    Returns
    -------
    Question

    Raises
    ------
    ValueError
        The answer is not among the options, there are fewer than two, or one has no feedback.

    Examples
    --------
    >>> choose("How many states has the extended labelling of CAT?",
    ...        {6: "The blank at one end is missing.", 7: "Three labels, four blanks."}, answer=7)
    How many states has the extended labelling of CAT?
      ( ) 6
      ( ) 7
    """
    if answer not in options:
        raise ValueError(f"answer: {answer!r} is not among the options {list(options)}")
    if len(options) < 2 or not all(options.values()):
        raise ValueError("options: expected two or more, each with a sentence of feedback")
    keys = list(options)
    below = f"<ul>{''.join(f'<li>{markup(option)}</li>' for option in keys)}</ul>"
    feedback = [markup(sentence) for sentence in options.values()]
    task = {"kind": "choose", "answer": str(keys.index(answer)), "feedback": feedback}
    return Question(question, task, below, "".join(f"\n  ( ) {plain(option)}" for option in keys))


def number(question, answer, *, unit=None, tolerance=None, hints=None):
    """Ask for a number. Readers may type 0.25, .25, 0,25, 1/4, 25 %, or a formula such as -ln(0.3).

    Parameters
    ----------
    question : str
    answer : int or float
        Computed with `ctc_core`. May be infinite (readers type "inf" or the sign).
    unit : str, optional
        Shown behind the field.
    tolerance : float, optional
        Relative. Default 0 for an integer, .005 for a float: three significant digits are enough.
    hints : dict, optional
        From typical wrong values to what went wrong.

    Returns
    -------
    Question

    Raises
    ------
    ValueError
        The answer is NaN, or a hint is for a value that counts as right.

    Examples
    --------
    >>> number("How many paths of three frames spell ab?", 5, hints={2: "Only those without a blank."})
    How many paths of three frames spell ab?
    """
    if tolerance is None:
        tolerance = 0 if isinstance(answer, (int, np.integer)) else 0.005
    right = _number(answer)
    wrong = [(_number(value), markup(sentence)) for value, sentence in (hints or {}).items()]
    for value, _ in wrong:
        if isclose(float(value), float(right), rel_tol=tolerance):
            raise ValueError(f"hints: {value} counts as right, the answer is {right}")
    task = {"kind": "number", "answer": right, "tolerance": tolerance, "hints": wrong}
    if unit:
        task["unit"] = markup(unit)
    return Question(question, task, note=f" ({plain(unit)})" if unit else "")


def expression(question, answer, variables=None, *, hints=None):
    """Ask for a formula. It is compared with the right one at several sample points.

    Readers type numbers, the variables, `+ - * / ^ ( )`, `ln`, `exp`, `sqrt`, in any equivalent form.

    Parameters
    ----------
    question : str
    answer : callable
        The right formula; the names of its parameters are the reader's variables.
    variables : dict, optional
        From a variable to its values at the sample points. By default numbers between 0 and 1.
    hints : dict, optional
        From wrong formulas (callables with the same parameters) to what went wrong.

    Returns
    -------
    Question

    Raises
    ------
    ValueError
        `variables` does not fit the parameters, or a hint cannot be told from the right answer.

    Examples
    --------
    >>> expression("A label's alpha when no skip is allowed?", lambda a, b, y: (a + b) * y,
    ...            hints={lambda a, b, y: a + b * y: "The output multiplies the whole sum."})
    A label's alpha when no skip is allowed? (in a, b, y)
    """
    names = list(inspect.signature(answer).parameters)
    if variables is None:  # well spread and not related, with two digits so that they can be read out
        variables = {
            n: [round(0.1 + (0.618 * i + 0.755 * j + 0.4) % 0.9, 2) for j in range(5)] for i, n in enumerate(names)
        }
    if set(variables) != set(names) or len({len(values) for values in variables.values()}) != 1:
        raise ValueError(f"variables: expected values for {names}, the same number of each")
    points = [dict(zip(names, point, strict=True)) for point in zip(*(variables[n] for n in names), strict=True)]

    def values(formula):
        return [_number(formula(**point)) for point in points]

    right = values(answer)
    wrong = [(values(formula), markup(sentence)) for formula, sentence in (hints or {}).items()]
    for value, sentence in wrong:
        if np.allclose(np.array(value, float), np.array(right, float), rtol=1e-6):
            raise ValueError(f"hints: at every sample point this is the right answer: {sentence}")
    points = [{name: _number(x) for name, x in point.items()} for point in points]
    task = {"kind": "expression", "answer": right, "points": points, "hints": wrong}
    allowed = f"<p><small>In <var>{'</var>, <var>'.join(names)}</var>, with + - * / ^ ( ) ln exp</small></p>"
    return Question(question, task, allowed, f" (in {', '.join(names)})")
