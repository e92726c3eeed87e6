"""Numbers and indices as text. All digits of a figure pass through here.

The last bits of `exp` differ between processors; a number is first rounded to 9 digits, so that the
digits shown never depend on them.
"""

import math

_SUB = str.maketrans("0123456789-", "₀₁₂₃₄₅₆₇₈₉₋")
_SUP = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def sub(index):
    """Write an index as a subscript.

    >>> "α" + sub(12)
    'α₁₂'
    """
    return str(index).translate(_SUB)


def sup(index):
    """Write an index as a superscript.

    >>> "y" + sup(3)
    'y³'
    """
    return str(index).translate(_SUP)


def number(x, digits=4):
    """Write a number with so many significant digits, never as "-0", powers of ten in Unicode.

    >>> number(0.0168), number(-0.0), number(1 / 3), number(0.00001234), number(1e-6), number(float("-inf"))
    ('0.0168', '0', '0.3333', '1.234·10⁻⁵', '10⁻⁶', '−∞')
    """
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    x = float(f"{x:.9g}") or 0.0
    text = f"{x:.{digits}g}"
    if 0 < abs(x) < 1e-3 or "e" in text:
        mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        text = f"{mantissa}·10{sup(int(exponent))}"
        if abs(float(mantissa)) == 1:
            text = text.replace("1·", "", 1)
    return text.replace("-", "−", 1)


def fixed(value, digits=2):
    """Write a number with so many decimals, no sign before a zero; of an array each number, as nested lists.

    >>> fixed(-0.001), fixed(-2.5, 1)
    ('0.00', '−2.5')
    """
    if getattr(value, "ndim", 0):
        return [fixed(one, digits) for one in value]
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")


def largest(values):
    """Return where the largest value is; of values equal to 9 digits the first, on every processor.

    >>> largest([0.1, 0.3, 0.1 + 0.2])
    1
    """
    rounded = [float(f"{v:.9g}") for v in values]
    return rounded.index(max(rounded))


def percent(x):
    """Return a share in 0..1 as the whole number 0..100 that a figure stores.

    >>> percent(0.1 + 0.2), percent(0)
    (30, 0)
    """
    return round(round(min(max(float(x), 0.0), 1.0) * 100, 6))


def shown(symbol):
    """Return a symbol as it is drawn: the hyphen that stands for blank becomes a dash, a space a mark.

    >>> shown("-"), shown(" "), shown("a")
    ('–', '␣', 'a')
    """
    return {"-": "–", " ": "␣"}.get(symbol, symbol)
