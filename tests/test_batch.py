"""batch.py: whatever form the input has, one form comes out; what it refuses is in test_loss.py."""

import numpy as np
import pytest

from ctc_core.batch import as_batch, refuse_bad_frame

LOGITS = np.zeros((2, 4, 5))


@pytest.mark.parametrize(
    "targets, target_lengths",
    [
        ([[1, 2, 1], [3]], None),
        ([np.array([1, 2, 1], np.uint8), range(3, 4)], None),
        ([[1, 2, 1], [3, 99, -7]], [3, 1]),
        (np.array([[1, 2, 1], [3, 99, -7]]), np.array([3, 1], np.uint8)),
        (np.array([[1, 2, 1, 7], [3, 99, -7, 8]], np.int16), (3, 1)),
    ],
)
def test_targets_come_out_padded_with_the_blank(targets, target_lengths):
    batch, like = as_batch(LOGITS, targets, None, target_lengths, blank=4)
    assert batch.targets.tolist() == [[1, 2, 1], [3, 4, 4]] and batch.targets.dtype == np.int64
    assert batch.target_lengths.tolist() == [3, 1] and batch.input_lengths.tolist() == [4, 4]
    assert batch.blank == 4 and like is LOGITS


@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4", ">f8"])
def test_logits_come_out_native_contiguous_and_three_dimensional(dtype):
    for given in (LOGITS.astype(dtype), np.asfortranarray(LOGITS.astype(dtype)), LOGITS.astype(dtype)[0]):
        targets = [[1], [2]][: 1 if given.ndim == 2 else 2]
        batch, like = as_batch(given, targets, None, None, blank=0)
        assert batch.logits.shape == (len(targets), 4, 5) and batch.logits.flags.c_contiguous
        assert batch.logits.dtype == np.dtype(dtype[-2:]) and batch.logits.dtype.isnative
        assert like.dtype == np.dtype(dtype) and like.shape == given.shape
    batch, _ = as_batch(LOGITS, [[], []], None, None, blank=0)
    assert batch.logits is LOGITS or np.shares_memory(batch.logits, LOGITS)  # nothing is copied without need


def test_the_first_bad_frame_is_named_and_padding_is_not_looked_at():
    u = LOGITS.copy()
    u[0, 3], u[1, 2, 1], u[1, 1] = np.nan, np.inf, -np.inf
    with pytest.raises(ValueError, match="logits, sample 0, frame 3: logit of symbol 0 is nan"):
        refuse_bad_frame(as_batch(u, [[1], [1]], None, None, blank=0)[0])
    with pytest.raises(ValueError, match="logits, sample 1, frame 1: every logit is -inf"):
        refuse_bad_frame(as_batch(u, [[1], [1]], [3, 4], None, blank=0)[0])
    refuse_bad_frame(as_batch(u, [[1], [1]], [3, 1], None, blank=0)[0])
