"""The mathematics of the CTC loss and of its gradient, in NumPy.

For use: `ctc_loss`, `ctc_loss_and_grad`, `why_infinite`. For reading: the modules, in the order of
the derivation: `labels`, `paths`, `softmax`, `forward_backward`, `rules`, `gradient`, `descent`; then the program:
`steps` towards the fast `kernel`, `batch`, which checks its input, and `loss`; then `decoding`, and the oracle
`differences`. `checks` is where every function asks whether its input makes sense. Everything public is documented.
"""

from .decoding import best_path, prefix_search
from .loss import ctc_loss, ctc_loss_and_grad, why_infinite

__all__ = ["best_path", "ctc_loss", "ctc_loss_and_grad", "prefix_search", "why_infinite"]
