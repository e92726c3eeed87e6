"""Exercises that check themselves: three at the end of every chapter.

`choose` (recall), `number` and `expression` (derive) are judged by the page they are shown on, with
or without a kernel. `check` (program) compares the reader's function with `ctc_core` and names the
mistake where it is one of the known bugs. Shown as HTML, and as text where there is none.
"""

from . import gallery  # noqa: F401  (fills EXERCISES)
from .assets import start
from .programs import EXERCISES, Verdict, check
from .questions import Question, choose, expression, number

__all__ = ["EXERCISES", "Question", "Verdict", "check", "choose", "expression", "number", "start"]
