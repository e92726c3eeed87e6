"""Show a function as it stands in the package, so that no chapter has to retype it."""

import ast
import inspect
import textwrap

from IPython.display import Markdown


def source(*functions):
    """Show the source of functions, without their docstrings, as highlighted code.

    Parameters
    ----------
    functions : callable
        Functions or methods of `ctc_core`.

    Returns
    -------
    IPython.display.Markdown
    """
    listings = [f"# {_place(function)}\n{_without_docstring(function)}" for function in functions]
    return Markdown("\n\n".join(f"```python\n{listing}\n```" for listing in listings))


def _place(function):
    """Name the module, and the class of a method."""
    class_, _, _ = function.__qualname__.rpartition(".")
    return f"{function.__module__}, class {class_}" if class_ else function.__module__


def _without_docstring(function):
    """Cut the lines of the docstring; the rest, comments included, stays as written."""
    lines = textwrap.dedent(inspect.getsource(function)).rstrip().splitlines()
    first = ast.parse("\n".join(lines)).body[0].body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        del lines[first.lineno - 1 : first.end_lineno]
    return "\n".join(lines)
