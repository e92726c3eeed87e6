"""Check a function that the reader wrote against `ctc_core`, and name the mistake where it is a known one.

An exercise is a function: its docstring is what to write, its body the right solution, its parameters
those of the reader's function. Known bugs are added to it, each with its diagnosis as docstring:

    @exercise(cases=[((1, 1, 0, 1),), ((),)])
    def collapse(path):
        '''Merge runs of equal symbols, then drop the blanks (0). Return a tuple.'''
        return labels.collapse(path)

    @collapse.bug
    def no_merging(path):
        '''You only drop the blanks.'''
        ...
"""

import difflib
import inspect
import re
import traceback
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from html import escape

import numpy as np

from .assets import unless_started

EXERCISES = {}


@dataclass
class Exercise:
    """A program to write: a right solution, inputs from small to large, known bugs by name."""

    solution: Callable
    cases: list
    bugs: dict = field(default_factory=dict)

    @property
    def name(self):
        """The name that the reader's function has, too."""
        return self.solution.__name__

    @property
    def statement(self):
        """What to write."""
        return _sentence(self.solution)

    @property
    def parameters(self):
        """Names of the parameters of the reader's function."""
        return list(inspect.signature(self.solution).parameters)

    def bug(self, function):
        """Add a known bug: a function that does it wrong, with the diagnosis as its docstring."""
        self.bugs[function.__name__] = function
        return function


def exercise(cases):
    """Register the decorated function as an exercise; `cases` are tuples of arguments, the smallest first."""

    def register(solution):
        EXERCISES[solution.__name__] = Exercise(solution, list(cases))
        return EXERCISES[solution.__name__]

    return register


@dataclass(repr=False)
class Verdict:
    """What `check` found, for a notebook to show.

    Attributes
    ----------
    title : str
        "Right", "Not yet" or "To do".
    text : str
        One sentence.
    diagnosis : str
        Which known mistake this is, or what else can be said; may be empty.
    rows : dict
        The smallest case that fails: input, expected, yours.
    """

    title: str
    text: str
    diagnosis: str = ""
    rows: dict = field(default_factory=dict)

    def __repr__(self):
        """Write it for a terminal."""
        rows = [f"  {name:<10}" + value.replace("\n", "\n" + 12 * " ") for name, value in self.rows.items()]
        return "\n".join(filter(None, [f"{self.title}: {self.text}", self.diagnosis, *rows]))

    def _repr_html_(self):
        state = {"Right": "right", "Not yet": "wrong"}.get(self.title, "")
        rows = "".join(f"<dt>{name}</dt><dd>{_block(value)}</dd>" for name, value in self.rows.items())
        parts = [f"<p><strong>{self.title}.</strong> {_code(self.text)}</p>"]
        parts += [f"<p>{_code(self.diagnosis)}</p>"] if self.diagnosis else []
        parts += [f"<dl>{rows}</dl>"] if rows else []
        return f'{unless_started()}<div class="ctc-verdict" data-state="{state}">{"".join(parts)}</div>'


def check(name, function=None):
    """Compare the reader's function with the right one on several inputs, and say what is wrong with it.

    Parameters
    ----------
    name : str
        An exercise, see `EXERCISES`.
    function : callable, optional
        The reader's solution. Without one the verdict holds the statement of the exercise.

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        There is no exercise of this name.
    TypeError
        `function` is not a function, most likely its result.

    Examples
    --------
    >>> check("min_length", lambda labelling: len(labelling))
    Not yet: 5 of 10 cases agree.
    You count the labels only. Between two equal labels a blank needs a frame of its own.
      input     labelling = (1, 1)
      expected  3
      yours     2
    """
    if name not in EXERCISES:
        close = difflib.get_close_matches(name, EXERCISES, n=1)
        meant = f", did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"no exercise {name!r}{meant} There are: {', '.join(EXERCISES)}")
    task = EXERCISES[name]
    if function is None:
        return Verdict("To do", f"Write `{name}({', '.join(task.parameters)})`. {task.statement}")
    if not callable(function):
        raise TypeError(
            f"pass the function itself, check({name!r}, {name}), not the {type(function).__name__} it returns"
        )
    expected = [_run(task.solution, case) for case in task.cases]
    yours = [_run(function, case) for case in task.cases]
    agree = [_same(*pair) for pair in zip(yours, expected, strict=True)]
    if all(agree):
        return Verdict("Right", f"{len(agree)} cases agree.")
    first = agree.index(False)
    case = zip([f"{name} = " for name in task.parameters], task.cases[first], strict=True)
    rows = {
        "input": "\n".join(name + _show(value).replace("\n", "\n" + " " * len(name)) for name, value in case),
        "expected": _show(expected[first]),
        "yours": _show(yours[first]),
    }
    if isinstance(yours[first], Exception):
        del rows["yours"]
    problem = [_known_bug(task, yours, agree), _describe(function, yours[first], expected[first])]
    return Verdict("Not yet", f"{sum(agree)} of {len(agree)} cases agree.", " ".join(filter(None, problem)), rows)


def _sentence(function):
    """The docstring on one line."""
    return " ".join(function.__doc__.split())


def _run(function, case):
    """Call a function on its own copy of the arguments; an exception is returned as the result."""
    try:
        with np.errstate(all="ignore"):
            return function(*deepcopy(case))
    except Exception as error:
        return error


def _array(value):
    """Return the value as an array of floats, None where it is not numbers."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    return array.astype(float) if array.dtype.kind in "biuf" else None


def _same(a, b):
    a, b = _array(a), _array(b)
    if a is None or b is None or a.shape != b.shape:
        return False
    return np.allclose(a, b, rtol=1e-8, atol=1e-12, equal_nan=True)


def _known_bug(task, yours, agree):
    """Return the diagnosis of the bug that gives the same, wherever the reader's function gives a result."""
    returned = [i for i, value in enumerate(yours) if not isinstance(value, Exception)]
    if all(agree[i] for i in returned):
        return None
    for bug in task.bugs.values():
        if all(_same(yours[i], _run(bug, task.cases[i])) for i in returned):
            return _sentence(bug)
    return None


def _describe(function, yours, expected):
    """Say what is wrong with one result, beyond its value."""
    if isinstance(yours, Exception):
        file = getattr(getattr(function, "__code__", None), "co_filename", None)
        lines = [frame for frame in traceback.extract_tb(yours.__traceback__) if frame.filename == file]
        where = f" in line {lines[-1].lineno}" if lines else ""
        where += f", `{lines[-1].line}`" if lines and lines[-1].line else ""
        return f"Your function raised {type(yours).__name__}{where}: {yours}."
    if yours is None or yours is Ellipsis:
        return "Your function returned nothing. Does it end with `return`?"
    a, b = _array(yours), _array(expected)
    if a is None:
        asked = "an array of numbers" if b.ndim else "a number"
        return f"Your function returned a {type(yours).__name__}, not {asked}."
    if a.ndim != b.ndim or (b.ndim == 2 and a.shape != b.shape):
        transposed = " It looks transposed." if a.shape == b.shape[::-1] and b.ndim == 2 else ""
        return f"The shape of your result is {a.shape}, expected {b.shape}.{transposed}"
    if b.ndim == 2:
        at = tuple(np.argwhere(~np.isclose(a, b, rtol=1e-8, atol=1e-12))[0].tolist())
        return f"The first difference is at {list(at)}: expected {_show(b[at])}, yours is {_show(a[at])}."
    return None


def _show(value):
    """Write a value briefly, and the same on every machine."""
    array = _array(value)
    if array is None:
        return repr(value)[:200]
    if array.ndim == 0:
        return f"{value:.6g}" if np.asarray(value).dtype.kind == "f" else str(value)
    if not array.size or (array.ndim == 1 and np.asarray(value).dtype.kind != "f"):
        return repr(tuple(np.asarray(value).tolist()))
    return np.array2string(array.round(4) + 0.0, precision=4, suppress_small=True)


def _block(text):
    """What is too wide for a phone is scrolled there, and so must be in reach of the keyboard."""
    wide = max(map(len, text.split("\n"))) > 34
    return f"<pre{' tabindex=0' if wide else ''}>{escape(text)}</pre>"


def _code(text):
    """Escape a text, with `this` in code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text, quote=False))
