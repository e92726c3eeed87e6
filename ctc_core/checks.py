"""What users pass, checked in one place: an error names the argument, the place and what was expected.

Every public function of `ctc_core` passes its arrays, its indices and its blank through here, but for the building
blocks, which take what is already checked. Masked arrays are refused: many functions of NumPy drop the mask on the way.
"""

from numbers import Integral

import numpy as np


def array_of(name, values):
    """Return `values` as an array, or say why that is impossible.

    Raises
    ------
    TypeError
        A masked array, or what NumPy cannot read, such as a tensor that requires a gradient.
    ValueError
        Rows of unequal length.

    Examples
    --------
    >>> array_of("y", [[0.5, 0.5]]).shape
    (1, 2)
    """
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name}: expected a plain array, got a masked one; say with lengths what is padding")
    try:
        return np.asarray(values)
    except ValueError:  # NumPy's own message about ragged lists names no argument
        raise ValueError(f"{name}: expected a full array, got rows of unequal length") from None
    except (RuntimeError, TypeError) as error:  # frameworks name the way out: detach(), a dtype
        raise TypeError(f"{name}: expected an array, got {type(values).__name__}: {error}") from None


def floats(name, values, axes=None, shape=None):
    """Return `values` as float64; whole numbers are numbers.

    Parameters
    ----------
    name : str
    values : array_like
    axes : str, optional
        A letter for each axis, such as "TK"; none of them may have length 0.
    shape : tuple of int, optional
        The whole shape.

    Raises
    ------
    TypeError
        Complex numbers, bools, words; or as `array_of`.
    ValueError
        Another shape.
    """
    array = array_of(name, values)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name}: expected real numbers, got {array.dtype}")
    if axes is not None and (array.ndim != len(axes) or 0 in array.shape):
        expected = f"({', '.join(axes)}{',' * (len(axes) == 1)})"
        raise ValueError(f"{name}: expected shape {expected} with no axis of length 0, got {array.shape}")
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
    return array.astype(np.float64, copy=False)


def nonnegative(name, values, shape):
    """Return `values` as float64 of a given shape, finite and none below 0.

    Examples
    --------
    >>> nonnegative("alpha", [[-1.0]], (1, 1))
    Traceback (most recent call last):
        ...
    ValueError: alpha: expected finite numbers, none below 0
    """
    array = floats(name, values, shape=shape)
    if not np.isfinite(array).all() or (array < 0).any():
        raise ValueError(f"{name}: expected finite numbers, none below 0")
    return array


def integers(name, values):
    """Return one sequence of integers as an array.

    Examples
    --------
    >>> integers("path", (0, 2, 2))
    array([0, 2, 2])
    """
    array = array_of(name, values)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one sequence of labels, got an array of shape {array.shape}")
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integers, got {array.dtype}")
    return array


def whole(name, value, least=None):
    """Return `value` as an int, if it is a whole number and not below `least`.

    Examples
    --------
    >>> whole("T", np.uint8(3), 1)
    3
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
        raise TypeError(f"{name}: expected an integer, got {value!r}")
    if least is not None and value < least:
        raise ValueError(f"{name}: expected {least} or more, got {value}")
    return int(value)


def index(name, value, size):
    """Return `value` as an int in 0..size-1.

    Examples
    --------
    >>> index("t", 6, 6)
    Traceback (most recent call last):
        ...
    ValueError: t: expected an index in 0..5, got 6
    """
    value = whole(name, value)
    if not 0 <= value < size:
        raise ValueError(f"{name}: expected an index in 0..{size - 1}, got {value}")
    return value


def counted(n, noun):
    """Write a number with its noun, for messages.

    Examples
    --------
    >>> counted(1, "frame"), counted(0, "frame")
    ('1 frame', '0 frames')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
