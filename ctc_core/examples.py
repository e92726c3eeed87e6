"""The small problems that all chapters share, and the same for any word."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from .checks import counted
from .labels import extend, min_length, repeats
from .softmax import softmax


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

    @classmethod
    def of_word(cls, word, frames, *, sharpness=2.0, seed=0):
        """Make an example of any word: one path of it is planted in noise.

        The logits are noise between -1 and 1; on the planted path, which spreads the letters evenly over the
        frames with blanks between, they are higher by `sharpness`. They are rounded to 2 decimals, and so the
        same on every processor. `y` is their softmax.

        Parameters
        ----------
        word : str
            One label for each character, upper and lower case apart. The symbols are "-" and the different
            characters in order of appearance; for the empty word "-A".
        frames : int
            T.
        sharpness : float
            0 to 100. Above 2 the planted path is the best path.
        seed : int

        Returns
        -------
        Example

        Raises
        ------
        ValueError
            The word does not fit into the frames, or holds "-"; a number is out of range.

        Examples
        --------
        >>> dog = Example.of_word("DOG", frames=8)
        >>> dog.symbols, dog.labelling, dog.y.shape
        ('-DOG', (1, 2, 3), (8, 4))
        >>> dog.text(dog.y.argmax(axis=1))
        '-D--O-G-'
        """
        for name, number, least in (("frames", frames, 1), ("seed", seed, 0)):
            if not isinstance(number, Integral) or number < least:
                raise ValueError(f"{name}: expected a whole number from {least} on, got {number!r}")
        if not 0 <= sharpness <= 100:
            raise ValueError(f"sharpness: expected a number from 0 to 100, got {sharpness}")
        if "-" in word:
            raise ValueError(f'word: "{word}" holds "-", which stands for the blank; write another sign, such as "_"')
        symbols = "-" + "".join(dict.fromkeys(word or "A"))
        labelling = tuple(symbols.index(letter) for letter in word)
        least, between = min_length(labelling), repeats(labelling)
        if frames < least:
            why = counted(len(word), "letter")
            why += f" and {counted(between, 'blank')} between equal neighbours" if between else ""
            raise ValueError(f"{word} in {counted(frames, 'frame')}: needs {least} ({why})")

        needed = []  # the letters, and the blanks without which two of them would merge
        for k in labelling:
            needed += [0, k] if needed and needed[-1] == k else [k]
        planted = np.zeros(frames, dtype=int)
        planted[[(2 * i + 1) * frames // (2 * least) for i in range(len(needed))]] = needed
        logits = np.random.default_rng(seed).uniform(-1, 1, (frames, len(symbols)))
        logits[range(frames), planted] += sharpness
        return cls(word, symbols, labelling, softmax(logits.round(2)))

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
