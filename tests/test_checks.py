"""Side doors: what practice found users to pass, by the functions that take it."""

import numpy as np
import pytest

from ctc_core import best_path, ctc_loss, ctc_loss_and_grad, prefix_search
from ctc_core.forward_backward import forward, log_forward, probability_at, state_occupancy, symbol_sum
from ctc_core.labels import can_skip, extend, min_length
from ctc_core.paths import label_probability, path_probability
from ctc_core.softmax import log_softmax, softmax, softmax_jacobian

Y = np.array([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])


class Tensor:
    """As a tensor that requires a gradient answers NumPy."""

    shape = (2, 3)

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")


TAKE_OUTPUTS = {
    "best_path": best_path,
    "prefix_search": prefix_search,
    "forward": lambda y: forward(y, (1,)),
    "log_forward": lambda y: log_forward(y, (1,)),
    "label_probability": lambda y: label_probability(y, (1,)),
    "path_probability": lambda y: path_probability(y, (0, 1)),
    "softmax": softmax,
    "log_softmax": log_softmax,
    "ctc_loss": lambda y: ctc_loss(y, [1]),
    "ctc_loss_and_grad": lambda y: ctc_loss_and_grad(y, [1]),
}


@pytest.mark.parametrize("function", TAKE_OUTPUTS.values(), ids=TAKE_OUTPUTS)
@pytest.mark.parametrize(
    "given, message",
    [
        (
            np.ma.masked_equal(Y, 0.5),
            r"^\w+: expected a plain array, got a masked one; say with lengths what is padding",
        ),
        (Y.astype(complex), r"^\w+: expected .*got complex128"),
        (Tensor(), r"^\w+: expected an array, got Tensor: .*detach"),
        ("text", r"^\w+: expected "),
        (Y > 0.3, r"^\w+: expected .*got bool"),
    ],
    ids=["masked", "complex", "requires grad", "text", "bool"],
)
def test_arrays_that_would_be_misread_are_refused(function, given, message):
    with pytest.raises(TypeError, match=message):
        function(given)


TAKE_A_BLANK = {
    "forward": lambda y, blank: forward(y, (2,), blank),
    "best_path": best_path,
    "prefix_search": lambda y, blank: prefix_search(np.log(y), blank),
    "symbol_sum": lambda y, blank: symbol_sum(y, (2,), 3, blank),
    "label_probability": lambda y, blank: label_probability(y, (2,), blank),
}


@pytest.mark.parametrize("function", TAKE_A_BLANK.values(), ids=TAKE_A_BLANK)
@pytest.mark.parametrize(
    "blank, error, message",
    [
        (True, TypeError, "blank: expected an integer, got True"),
        (1.5, TypeError, "blank: expected an integer, got 1.5"),
        (None, TypeError, "blank: expected an integer, got None"),
        (3, ValueError, r"blank: expected an index in 0\.\.2, got 3"),
        (-1, ValueError, r"blank: expected an index in 0\.\.2, got -1"),
    ],
)
def test_a_blank_is_checked_where_it_enters(function, blank, error, message):
    with pytest.raises(error, match=message):
        function(Y, blank)


def test_the_type_of_the_blank_does_not_wrap_labels():
    assert extend((300,), np.uint8(0)).tolist() == [0, 300, 0]
    assert forward(np.full((2, 301), 1 / 301), (300,), np.uint8(0)).shape == (2, 3)
    assert can_skip(extend((300, 301)), np.uint8(0)).tolist() == [False, False, False, True, False]


@pytest.mark.parametrize("t", [-1, 2, 1.0, None])
def test_a_frame_that_is_not_there(t):
    alpha = np.zeros((2, 3))
    with pytest.raises((TypeError, ValueError), match="t: expected an in"):
        probability_at(alpha, alpha, Y, (1,), t)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: symbol_sum(np.zeros((2, 4)), (1,), 3), "values: expected 3 columns, one for each state, got shape"),
        (lambda: state_occupancy(np.ones((2, 4)), np.ones((2, 4)), Y, (1,)), r"alpha: expected shape \(2, 3\)"),
        (lambda: softmax(np.zeros((2, 0))), "u: expected shape"),
        (lambda: softmax([[np.nan, 1.0]]), "u: expected a finite logit in each row"),
        (lambda: softmax_jacobian(Y), r"y: expected shape \(K,\)"),
        (lambda: min_length([[1]]), "labelling: expected one sequence of labels"),
    ],
)
def test_shapes_that_do_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_users_pass_and_get():
    whole = np.array([[0, 1, 2], [2, 1, 0]])
    loss, gradient = ctc_loss_and_grad(whole, [1])
    same, slope = ctc_loss_and_grad(whole.astype(float), [1])
    assert loss == same and gradient.dtype == np.float64 and (gradient == slope).all()
    assert np.ndim(loss) == 0 and isinstance(float(loss), float)
