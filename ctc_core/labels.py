"""Labels: the collapse map B, the extended labelling l', and the rules for moving through it.

A *labelling* is what we want to read ("CAT"), a *path* is what the network says frame by frame
("C-AAT-"). This module is the bridge between them. Nothing here knows about probabilities.

Mathematics counts from 1, code from 0: state s of the book is index s - 1 here.
"""

from itertools import groupby

import numpy as np

from .checks import index, integers, whole


def as_labelling(labelling, blank=0, n_symbols=None):
    """Return `labelling` as an integer array, or say what is wrong with it.

    Parameters
    ----------
    labelling : sequence of int, length U (may be empty)
    blank : int
        Index of the blank, which a labelling must not contain.
    n_symbols : int, optional
        K, the number of outputs including the blank. Every label must lie in `0..K-1`.

    Returns
    -------
    ndarray of int64, shape (U,)

    Raises
    ------
    TypeError
        Labels or blank are not integers, or the labels are masked.
    ValueError
        The labelling is not one-dimensional, holds the blank, or a label or the blank is out of range.

    Examples
    --------
    >>> as_labelling((2, 1, 3), n_symbols=4)
    array([2, 1, 3])
    """
    array = integers("labelling", labelling)
    blank = whole("blank", blank, 0) if n_symbols is None else index("blank", blank, n_symbols)
    if (array == blank).any():
        raise ValueError(f"labelling: position {np.argmax(array == blank)} holds the blank ({blank})")
    outside = (array < 0) if n_symbols is None else (array < 0) | (array >= n_symbols)
    if outside.any():
        i = int(np.argmax(outside))
        raise ValueError(f"labelling: position {i} is {array[i]}, expected {_a_label(blank, n_symbols)}")
    return array.astype(np.int64)


def _a_label(blank, n_symbols):
    if n_symbols is None:
        return "a label, 0 or more"
    return f"a label in 0..{n_symbols - 1}" if n_symbols > 1 else "none: the only symbol is the blank"


def collapse(path, blank=0):
    """Collapse a path to its labelling: merge runs of equal symbols, **then** drop the blanks.

    Implements eq-collapse. The order matters: dropping first would merge the two a's of "a-a".

    Parameters
    ----------
    path : sequence of int (or of any hashable symbols), length T
    blank : int (or symbol)

    Returns
    -------
    tuple
        The labelling B(path), of length at most T.

    Notes
    -----
    Source: the map B of Graves et al. 2006, section 3.1.

    Examples
    --------
    >>> "".join(collapse("a-ab-", blank="-")), "".join(collapse("-aa--abb", blank="-"))
    ('aab', 'aab')
    """
    return tuple(symbol for symbol, _ in groupby(path) if symbol != blank)


def extend(labelling, blank=0):
    """Put a blank before, between and after the labels: l' of length S = 2U + 1.

    Implements eq-extended.

    Parameters
    ----------
    labelling : sequence of int, length U
    blank : int

    Returns
    -------
    ndarray of int64, shape (S,)

    Raises
    ------
    TypeError, ValueError
        As `as_labelling`.

    Notes
    -----
    Source: Graves et al. 2006, section 4.1.

    Examples
    --------
    >>> extend((2, 1, 3))
    array([0, 2, 0, 1, 0, 3, 0])
    >>> extend(())
    array([0])
    """
    labelling = as_labelling(labelling, blank)
    extended = np.full(2 * len(labelling) + 1, int(blank))  # in int64, whatever type the blank has
    extended[1::2] = labelling
    return extended


def can_skip(extended, blank=0):
    """Say which states may be entered from two states before, jumping over one blank.

    A label may follow the previous *different* label directly. Between two equal labels the
    blank is needed: without it they would merge. A blank is never jumped to.

    Parameters
    ----------
    extended : ndarray of int, shape (S,)
    blank : int

    Returns
    -------
    ndarray of bool, shape (S,)

    Notes
    -----
    Source: the "otherwise" of eq. 6, Graves et al. 2006.

    Examples
    --------
    >>> can_skip(extend((1, 2, 2))).astype(int)      # - B - E - E -
    array([0, 0, 0, 1, 0, 0, 0])
    """
    extended, blank = integers("extended", extended), whole("blank", blank)
    skip = np.zeros(len(extended), dtype=bool)
    skip[2:] = (extended[2:] != blank) & (extended[2:] != extended[:-2])
    return skip


def predecessors(extended, s, blank=0):
    """List the states from which state `s` can be reached in one frame.

    Implements eq-transitions.

    Parameters
    ----------
    extended : ndarray of int, shape (S,)
    s : int
        State, counted from 0.
    blank : int

    Returns
    -------
    list of int

    Notes
    -----
    Source: eq. 6, Graves et al. 2006.

    Examples
    --------
    >>> predecessors(extend((2, 1, 3)), 3)           # A may follow A, the blank, or C
    [3, 2, 1]
    >>> predecessors(extend((1, 2, 2)), 5)           # the second E may not follow the first directly
    [5, 4]
    """
    extended = integers("extended", extended)
    s = index("s", s, len(extended))
    states = [s, s - 1] if s > 0 else [s]
    return [*states, s - 2] if can_skip(extended, blank)[s] else states


def repeats(labelling):
    """Count the adjacent equal pairs of a labelling: r.

    Examples
    --------
    >>> repeats((1, 2, 2)), repeats((1, 1, 1)), repeats(())
    (1, 2, 0)
    """
    labelling = integers("labelling", labelling)
    return int((labelling[1:] == labelling[:-1]).sum())


def min_length(labelling):
    """Return the least number of frames in which a labelling can be written: U + r.

    Implements eq-min-length. Each label needs a frame, each adjacent equal pair a blank between.

    Examples
    --------
    >>> min_length((1, 2, 2))                        # B E - E
    4
    """
    labelling = integers("labelling", labelling)
    return len(labelling) + repeats(labelling)


def positions(extended, k):
    """Return lab(l, k), the states whose symbol is `k`; empty if the labelling has no `k`.

    Implements eq-lab.

    Parameters
    ----------
    extended : ndarray of int, shape (S,)
    k : int

    Returns
    -------
    ndarray of int

    Notes
    -----
    Source: lab(l, k) of Graves et al. 2006, before eq. 15.

    Examples
    --------
    >>> positions(extend((1, 2, 2)), 2)
    array([3, 5])
    """
    return np.flatnonzero(integers("extended", extended) == whole("k", k))
