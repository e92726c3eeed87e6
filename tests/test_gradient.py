"""gradient.py: hand-worked numbers, agreement of the ways to the gradient, and what is refused.

What each equation says is tested in test_equations.py.
"""

import math

import numpy as np
import pytest
from helpers import CASES, close, each_case, plain_softmax, probability, random_y, slope, spelled, through_symbols

from ctc_core.forward_backward import backward, backward_rescaled, forward, forward_rescaled
from ctc_core.gradient import (
    adjoint,
    d_objective_dy,
    dlnp_dy,
    dp_dy,
    grad_log_outputs,
    grad_logits,
    grad_logits_by_chain,
    grad_logits_rescaled,
    implied_objective,
    objective,
    occupancies,
    path_entropy,
    spread,
    substitution_lines,
    substitution_terms,
    sum_over_vocabulary,
    symbol_products,
    uniform_blank_occupancy,
)

Y = np.array([[0.5, 0.5], [0.25, 0.75]])  # p(a) = y1- y2a + y1a y2- + y1a y2a = 7/8


def test_by_hand():
    assert dp_dy(Y, (1,)).tolist() == [[3 / 4, 1], [1 / 2, 1]]
    close(dlnp_dy(Y, (1,)), [[6 / 7, 8 / 7], [4 / 7, 8 / 7]])
    close(occupancies(Y, (1,)), [[3 / 7, 4 / 7], [1 / 7, 6 / 7]])
    close(grad_logits(Y, (1,)), [[1 / 14, -1 / 14], [3 / 28, -3 / 28]])
    close(grad_log_outputs(Y, (1,)), [[-3 / 7, -4 / 7], [-1 / 7, -6 / 7]])
    close(sum_over_vocabulary(Y, (1,)), [7 / 8, 7 / 8])
    close(objective([Y, Y], [(1,), ()]), -math.log(7 / 8) - math.log(1 / 8))
    close(path_entropy(Y, (1,)), -sum(q * math.log(q) for q in (3 / 7, 1 / 7, 3 / 7)))
    assert adjoint(backward(Y, (1,)), Y, (1,)).tolist() == [[3 / 4, 1, 1 / 4], [0, 1, 1]]


def test_the_empty_labelling_by_hand():
    # p(()) = y1- y2-
    assert dp_dy(Y, ()).tolist() == [[1 / 4, 0], [1 / 2, 0]]
    assert grad_logits(Y, ()).tolist() == [[-1 / 2, 1 / 2], [-3 / 4, 3 / 4]]
    assert path_entropy(Y, ()) == 0


@each_case
def test_all_ways_to_the_gradient_agree(y, labelling, blank):
    expected = slope(lambda u: -math.log(probability(plain_softmax(u), labelling, blank)), np.log(y))
    alpha_hat, _ = forward_rescaled(y, labelling, blank)
    beta_hat, _ = backward_rescaled(y, labelling, blank)
    ways = [
        grad_logits(y, labelling, blank),
        grad_logits_by_chain(y, labelling, blank),
        grad_logits_rescaled(y, alpha_hat, beta_hat, labelling, blank),
        y + grad_log_outputs(y, labelling, blank),
        *substitution_lines(y, labelling, blank),
    ]
    for way in ways:
        close(way, expected, atol=1e-9)


def test_substitution_terms_by_hand():
    # p = 7/8, the outputs of the frame are 1/2 and 1/2, A = (3/16, 1/4); the logit is that of the label
    halves, posterior = [3 / 14, 4 / 14], [0, 4 / 7]
    expected = [
        (-1, [-3 / 14, 4 / 14], []),
        (-1, [-3 / 14, 4 / 14], []),
        (1, [3 / 14, -4 / 14], []),
        (1, halves, posterior),
        (4 / 7, [3 / 8, 1 / 2], posterior),
        (4 / 7, [7 / 8], posterior),
        (1, [1 / 2], [4 / 7]),
    ]
    for line, (factor, first, second) in zip(substitution_terms(Y, (1,), t=0, k=1), expected, strict=True):
        close(line.factor, factor)
        close(line.first, first)
        close(line.second, second)


@each_case
def test_substitution_terms_add_up_to_the_gradient(y, labelling, blank):
    gradient = y - through_symbols(y, labelling, blank) / probability(y, labelling, blank)
    for t, k in np.ndindex(y.shape):
        lines = substitution_terms(y, labelling, t, k, blank)
        assert len(lines) == 7
        for factor, first, second in lines:
            close(factor * sum(first) - sum(second), gradient[t, k], atol=1e-14)
        assert {len(line.first) for line in lines[:5]} == {len(line.second) for line in lines[3:6]} == {y.shape[1]}


@pytest.mark.parametrize("t, k", [(2, 0), (-1, 0), (0, 2), (0, -1)])
def test_substitution_terms_refuses_a_logit_that_is_not_there(t, k):
    with pytest.raises(ValueError, match=r"[tk]: expected an index in 0\.\.1, got"):
        substitution_terms(Y, (1,), t, k)


@each_case
def test_symbol_products(y, labelling, blank):
    products, p = symbol_products(y, labelling, blank)
    close(products, y * through_symbols(y, labelling, blank))  # alpha beta holds the output of its frame twice
    close(p, probability(y, labelling, blank))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_the_derivative_of_the_objective_in_one_sample_forgets_the_others(n):
    ys, labellings = [random_y(4, 3, seed) for seed in range(3)], [(1,), (2, 2), (1, 2)]
    assert (d_objective_dy(ys, labellings)[n] == -dlnp_dy(ys[n], labellings[n])).all()


def test_objective_of_nothing_and_of_the_impossible():
    assert str(objective([], [])) == "0.0"
    assert d_objective_dy([], []) == []
    assert objective([Y, Y], [(1,), (1, 1)]) == np.inf
    with pytest.raises(ValueError):
        objective([Y], [(1,), ()])
    with pytest.raises(ValueError):
        d_objective_dy([Y, Y], [(1,)])


def test_occupancies_of_outputs_that_are_0():
    y = random_y(4, 3, seed=5)
    y[1, 1] = y[2, 0] = 0
    p = probability(y, (1, 2))
    close(occupancies(y, (1, 2)), through_symbols(y, (1, 2)) / p)
    close(grad_logits(y, (1, 2)), y - through_symbols(y, (1, 2)) / p, atol=1e-14)


def test_implied_objective_by_hand():
    close(implied_objective(np.log(Y), (1,)), -math.log(7 / 8) + 2)
    close(implied_objective(np.log(3 * Y), (1,)), -math.log(9 * 7 / 8) + 6)  # any numbers
    close(implied_objective(np.log(Y[:, ::-1]), (0,), blank=1), -math.log(7 / 8) + 2)


def terms(y, labelling):
    """All terms of one logit, in one array."""
    return np.concatenate([part for line in substitution_terms(y, labelling, 1, 0) for part in line[1:]])


DIVIDE = [terms, dp_dy, dlnp_dy, grad_logits_by_chain, substitution_lines, sum_over_vocabulary, path_entropy]


@pytest.mark.parametrize("function", [dp_dy, dlnp_dy, substitution_lines, terms])
def test_an_output_whose_square_underflows_is_refused_where_the_equation_divides_by_it(function):
    with pytest.raises(ValueError, match=r"y: expected outputs above 1.5e-154 .*got 1e-160 at \(1, 0\)"):
        function(np.array([[0.5, 0.5], [1e-160, 1.0]]), (1,))
    at_least = np.ravel(function(np.array([[0.5, 0.5], [1.5e-154, 1.0]]), (1,)))
    assert np.isfinite(at_least).all()


@pytest.mark.parametrize("function", DIVIDE)
def test_an_output_of_0_is_refused_where_the_equation_divides_by_it(function):
    for value in (0.0, -0.1, np.nan):
        with pytest.raises(ValueError, match=r"y: expected outputs above 0.*\(1, 0\)"):
            function(np.array([[0.5, 0.5], [value, 1.0]]), (1,))
    with pytest.raises(ValueError, match=r"y: expected outputs above 0.*\(0, 1\)"):
        adjoint(np.ones((1, 3)), np.array([[1.0, 0.0]]), (1,))
    with pytest.raises(ValueError, match=r"y: expected outputs above 0.*\(0, 1\)"):
        grad_logits_rescaled(np.array([[1.0, 0.0]]), np.ones((1, 3)), np.ones((1, 3)), (1,))


@pytest.mark.parametrize("function", [*DIVIDE, occupancies, grad_logits, grad_log_outputs])
def test_a_labelling_of_probability_0_has_no_gradient(function):
    with pytest.raises(ValueError, match="probability 0"):
        function(Y, (1, 1))


@pytest.mark.parametrize("function", [*DIVIDE, occupancies, grad_logits, grad_log_outputs])
def test_refusals_and_kinds_of_input(function):
    with pytest.raises(ValueError, match=r"y: expected shape \(T, K\)"):
        function(np.ones(3), (1,))
    with pytest.raises(ValueError, match="position 0 is 2, expected a label"):
        function(Y, (2,))
    y = Y.copy()
    y.flags.writeable = False
    assert np.array_equal(function(y, (1,)), function(Y, [1])) and (y == Y).all()
    assert np.array_equal(function(Y.tolist(), (1,)), function(Y, np.array([1])))


def test_rescaled_gradient_names_the_frame_with_nothing_in_it():
    alpha_hat, beta_hat = np.ones((2, 3)), np.ones((2, 3))
    beta_hat[1] = 0
    with pytest.raises(ValueError, match="frame 1: alpha_hat"):
        grad_logits_rescaled(Y, alpha_hat, beta_hat, (1,))


def test_entropy_is_the_logarithm_of_the_number_of_equal_paths():
    for (y, labelling, blank), count in [(CASES["a repeat"], 7), (CASES["different labels"], 28)]:
        uniform = np.full_like(y, 1 / y.shape[1])
        close(path_entropy(uniform, labelling, blank), math.log(count))


def test_adjoint_times_alpha_is_the_probability():
    y, labelling, blank = CASES["two apart"]
    p = probability(y, labelling, blank)
    alpha, beta = forward(y, labelling, blank), backward(y, labelling, blank)
    close((alpha * adjoint(beta, y, labelling, blank)).sum(axis=1), np.full(len(y), p))


@each_case
def test_spread(y, labelling, blank):
    """Central differences of a forward recursion that goes on from a pushed column, state by state, as in eq. 6."""
    lp = spelled(labelling, blank)
    T, S = len(y), len(lp)

    def columns(alpha, t):
        rows = [np.zeros(S)] * t + [alpha]
        for i in range(t + 1, T):
            into = [
                sum(rows[-1][max(s - 1, 0) : s + 1])
                + (rows[-1][s - 2] if s > 1 and lp[s] not in (blank, lp[s - 2]) else 0)
                for s in range(S)
            ]
            rows.append(np.array(into) * y[i, lp])
        return np.array(rows)

    alpha = forward(y, labelling, blank)
    for t, s in np.ndindex(T, S):
        push = 1e-3 * np.eye(S)[s]
        expected = (columns(alpha[t] + push, t) - columns(alpha[t] - push, t)) / 2e-3
        close(spread(y, labelling, t, s, blank), expected, rtol=1e-9, atol=1e-12)
        close(
            spread(y, labelling, t, s, blank)[-1, -2:].sum(),
            adjoint(backward(y, labelling, blank), y, labelling, blank)[t, s],
        )


def test_spread_takes_outputs_of_0_and_refuses_states_that_are_not_there():
    assert spread(np.array([[1.0, 0.0], [0.0, 1.0]]), (1,), 0, 0).tolist() == [[1, 0, 0], [0, 1, 0]]
    for t, s in ((2, 0), (-1, 0), (0, 3), (0, -1)):
        with pytest.raises(ValueError, match=r"[ts]: expected an index in 0\.\.[12], got"):
            spread(Y, (1,), t, s)


@pytest.mark.parametrize("T, U", [(0, 0), (3, 4), (3, -1), (-1, 0)])
def test_uniform_blank_occupancy_refuses(T, U):
    with pytest.raises(ValueError, match=r"[TU]: expected \d+ (frames )?or more"):
        uniform_blank_occupancy(T, U)


def test_uniform_blank_occupancy_by_hand():
    assert uniform_blank_occupancy(3, 2) == 1 / 5  # -ab a-b ab- aab abb: three blanks in fifteen frames
    assert uniform_blank_occupancy(5, 0) == 1 and uniform_blank_occupancy(4, 4) == 0


def test_implied_objective_is_infinite_where_no_path_fits():
    assert implied_objective(np.log(np.full((2, 2), 0.5)), (1, 1)) == np.inf
