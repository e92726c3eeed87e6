"""The small problems that all chapters share."""

from dataclasses import dataclass

import numpy as np

from .labels import extend


@dataclass(frozen=True, eq=False)
class Example:
    """A labelling and the outputs of an imagined network, small enough for paper.

    Attributes
    ----------
    name : str
    symbols : str
        One character for each output; the blank is written "-" and has index 0.
    labelling : tuple of int, length U
    y : ndarray of float64, shape (T, K)
        Outputs (probabilities); rows sum to 1.
    blank : int
        Index of the blank.
    """

    name: str
    symbols: str
    labelling: tuple
    y: np.ndarray
    blank: int = 0

    def __post_init__(self):
        """Make the shared array read-only: a chapter that changed it would change all others."""
        self.y.flags.writeable = False

    @property
    def T(self):
        """Number of frames."""
        return self.y.shape[0]

    @property
    def K(self):
        """Number of outputs, the blank included."""
        return self.y.shape[1]

    @property
    def extended(self):
        """The extended labelling l', shape (S,)."""
        return extend(self.labelling, self.blank)

    @property
    def logits(self):
        """Logits whose softmax is y: simply ln y."""
        return np.log(self.y)

    def text(self, path):
        """Write a path or labelling in its symbols.

        >>> CAT.text((2, 0, 1, 1, 3, 0))
        'C-AAT-'
        """
        return "".join(self.symbols[k] for k in path)


CAT = Example(
    "CAT",
    "-ACT",
    (2, 1, 3),
    np.array(
        [  # -    A    C    T
            [0.3, 0.1, 0.5, 0.1],
            [0.4, 0.2, 0.3, 0.1],
            [0.2, 0.6, 0.1, 0.1],
            [0.3, 0.4, 0.1, 0.2],
            [0.3, 0.1, 0.1, 0.5],
            [0.5, 0.1, 0.1, 0.3],
        ]
    ),
)

BEE = Example(
    "BEE",
    "-BE",
    (1, 2, 2),
    np.array(
        [  # -    B    E
            [0.3, 0.6, 0.1],
            [0.2, 0.3, 0.5],
            [0.2, 0.1, 0.7],
            [0.6, 0.1, 0.3],
            [0.2, 0.1, 0.7],
            [0.5, 0.1, 0.4],
        ]
    ),
)

AB = Example(
    "ab",
    "-ab",
    (1, 2),
    np.array(
        [  # -    a    b
            [0.3, 0.5, 0.2],
            [0.2, 0.5, 0.3],
            [0.4, 0.1, 0.5],
        ]
    ),
)
