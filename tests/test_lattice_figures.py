"""What moves on the lattice, against every path, one by one."""

import re
from itertools import pairwise

import numpy as np
import pytest
from figures import EXAMPLES, FIGURES, having, looks, options, pairs, replay, value, variables, worked
from helpers import CASES, close, each_case, path_products, paths_to, state_of, states_to

from helpers import through_states, through_symbols  # isort: skip

import ctc_figures as draw
from ctc_core.examples import BEE, CAT
from ctc_core.forward_backward import entering, forward
from ctc_core.gradient import adjoint, spread
from ctc_core.labels import can_skip, extend
from ctc_figures.page.notation import number, percent


def parts(q):
    """The states and arrows of one path, as the drawing names them."""
    return {*enumerate(q), *((t, q[t - 1], q[t]) for t in range(1, len(q)))}


def walks(y, labelling, blank=0):
    """All paths of a labelling, as state sequences."""
    return [tuple(q) for q in states_to(labelling, *y.shape, blank).tolist()]


def live(y, labelling, blank=0):
    """The states and arrows on whole paths."""
    return set().union(*map(parts, walks(y, labelling, blank)))


def beginnings(y, labelling, blank=0):
    """Alpha of the states on whole paths, by its definition: the sum over all beginnings that end there."""
    found = np.zeros((len(y), 2 * len(labelling) + 1))
    for t in range(len(y)):
        for beginning in {path[: t + 1] for path in map(tuple, paths_to(labelling, *y.shape, blank).tolist())}:
            found[t, state_of(beginning, blank)] += np.prod(y[range(t + 1), beginning])
    return found


def endings(y, labelling, blank=0):
    """Beta, as the alpha of the reversed problem."""
    return beginnings(y[::-1], labelling[::-1], blank)[::-1, ::-1]


def occupancies(y, labelling, blank=0):
    """Gamma, from the probabilities of all paths."""
    through = through_states(y, labelling, blank)
    return through / through.sum(axis=1, keepdims=True)


SWEEPS = {"forward": (beginnings, 1), "backward": (endings, -1), "occupancy": (occupancies, 1)}
each_sweep = pytest.mark.parametrize("kind", SWEEPS)


def sweep(kind, y, labelling, blank=0):
    alpha, beta, gamma = variables(y, labelling, blank)
    given = {"forward": [alpha], "backward": [beta], "occupancy": [alpha, beta, gamma]}[kind]
    return getattr(draw, f"{kind}_sweep")(y, labelling, *given, "abcd"[: y.shape[1]], blank=blank)


# The lattice


@each_case
def test_lattice_has_all_states_exactly_the_legal_arrows_and_marks_the_live_ones(y, labelling, blank):
    figure, T, S = draw.lattice_structure(labelling, len(y), "abcd", blank=blank), len(y), 2 * len(labelling) + 1
    jumps = {2 * i + 1 for i, (a, b) in enumerate(pairwise(labelling)) if a != b}  # from label to next label
    legal = {(t, r, s) for t in range(1, T) for r in range(S) for s in range(r, min(r + 2, S))}
    legal |= {(t, r, r + 2) for t in range(1, T) for r in jumps}
    assert set(figure.drawing.numbers) == legal | set(np.ndindex(T, S))
    drawn = [*having(figure, "ctc-state"), *having(figure, "ctc-arrow")]
    assert sum("dead" not in e.get("class").split() for e in drawn) == len(live(y, labelling, blank))
    assert len(having(figure, "label")) == T * len(labelling)


def test_touching_a_state_of_the_lattice_says_its_ways_in_and_out():
    figure = draw.lattice_structure(BEE.labelling, BEE.T, BEE.symbols)
    told, lit = options(figure)[3 * 7 + 5]  # frame 4, the second E
    assert told == (
        "State 6 (E) at t = 4: entered from 5 and 6. No jump from 4: it has the same label; without a blank between,"
        " the two would merge. Leads to 6 and 7."
    )
    names = [(2, 4), (2, 5), (3, 4, 5), (3, 5, 5), (4, 5), (4, 6), (4, 5, 5), (4, 5, 6)]
    assert lit == {figure.drawing.numbers[n] for n in names}


# Sweeps


@each_sweep
@each_case
def test_a_sweep_fills_column_after_column_with_shares(kind, y, labelling, blank):
    values_of, step = SWEEPS[kind]
    values, figure, used = values_of(y, labelling, blank), sweep(kind, y, labelling, blank), live(y, labelling, blank)
    (T, S), sums = values.shape, values.sum(axis=1)
    ends = {"forward": range(max(S - 2, 0), S), "backward": range(min(S, 2)), "occupancy": ()}[kind]
    for f, t in enumerate(range(T)[::step]):
        shown = looks(figure, f)
        for u, s in np.ndindex(T, S):
            filled, last = step * (t - u) >= 0, " result" if f == T - 1 and s in ends else ""
            assert shown["sum", u][2] == (number(sums[u], 3 if sums[u] >= 0.01 else 2) if filled else "")
            assert shown[u, s][1] == (percent(np.sqrt(values[u, s] / sums[u])) if filled else 0)
            assert shown[u, s][0] == ("now" + last if u == t else "" if filled else "future")
        carrying = {n for n, look in shown.items() if len(n) == 3 and look[0] == "now"}
        assert carrying == {n for n in used if len(n) == 3 and n[0] == (t if step > 0 else t + 1)}


@pytest.mark.parametrize("case", ["different labels", "a repeat"])
def test_arrows_are_as_strong_as_what_they_bring(case):
    y, labelling, _ = CASES[case]
    walked, weights = walks(y, labelling), path_products(y, paths_to(labelling, *y.shape))
    alpha, beta, arrows = (
        beginnings(y, labelling),
        endings(y, labelling),
        [n for n in live(y, labelling) if len(n) == 3],
    )
    for kind in SWEEPS:
        figure = sweep(kind, y, labelling)
        for t, r, s in arrows:
            into = alpha[t - 1, r] / sum(alpha[t - 1, q] for u, q, end in arrows if (u, end) == (t, s))
            onward = beta[t, s] / sum(beta[t, q] for u, start, q in arrows if (u, start) == (t, r))
            share = sum(w for q, w in zip(walked, weights, strict=True) if q[t - 1 : t + 1] == (r, s)) / weights.sum()
            expected = {"forward": into, "backward": onward, "occupancy": np.sqrt(share)}[kind]
            frame = len(y) - t if kind == "backward" else t
            assert looks(figure, frame)[t, r, s][1] == percent(expected)


@EXAMPLES
def test_leaving_out_what_is_on_no_whole_path_changes_nothing_that_is(example):
    """Also where Graves' bound keeps more: it counts steps, and a repeat takes one more."""
    used = {n for n in live(example.y, example.labelling) if len(n) == 2}
    alpha, skip = forward(example.y, example.labelling), can_skip(extend(example.labelling))
    masked = np.array([[a if (t, s) in used else 0 for s, a in enumerate(row)] for t, row in enumerate(alpha)])
    for t, s in used:
        if t > 0:
            close(entering(masked[t - 1], skip)[s], entering(alpha[t - 1], skip)[s])
    kept = set(map(tuple, np.argwhere(forward(example.y, example.labelling, prune=True) > 0).tolist()))
    assert kept - used == ({(2, 0), (3, 1), (3, 2), (4, 3)} if example is BEE else set())


def test_touching_what_is_on_no_whole_path_says_so():
    assert forward(BEE.y, BEE.labelling)[2, 0] > 0
    told = options(sweep("forward", BEE.y, BEE.labelling))[2 * 7][0]
    assert told == "α₃(1) is taken as 0: no whole path uses this state"


@pytest.mark.parametrize("kind", ["forward", "backward"])
@EXAMPLES
def test_touching_a_state_works_its_value_out_and_the_last_caption_is_p(kind, example):
    figure, values = sweep(kind, example.y, example.labelling), SWEEPS[kind][0](example.y, example.labelling)
    arrows = [n for n in live(example.y, example.labelling) if len(n) == 3]
    for ((t, s), v), (text, lit) in zip(np.ndenumerate(values), options(figure), strict=True):
        used = [n for n in arrows if (n[::2] == (t, s) if kind == "forward" else n[:2] == (t + 1, s))]
        assert {figure.drawing.numbers[n] for n in used} <= lit and (v == 0 or text.endswith(f" = {number(v)}"))
    p = path_products(example.y, paths_to(example.labelling, *example.y.shape)).sum()
    assert figure.captions[-1].endswith(f" = {number(p)}.")


# Paths


def test_many_paths_leave_a_trace():
    paths = walks(CAT.y, CAT.labelling)
    figure = draw.lattice_paths(CAT.labelling, CAT.symbols, paths)
    for f in range(0, 84, 12):
        shown, seen = looks(figure, f), set().union(*map(parts, paths[:f])) - parts(paths[f])
        assert {n for n, look in shown.items() if look[0] == "path"} == parts(paths[f])
        assert {n for n, look in shown.items() if look[0] == "seen"} == seen
        said, spelt = ("".join(shown[row, t][2] for t in range(CAT.T)) for row in ("path", "spells"))
        assert spelt == "CAT" and re.sub(r"(.)\1+", r"\1", said).replace("–", "") == "CAT"
    for (t, s), (text, _) in zip(np.ndindex(6, 7), options(figure), strict=True):
        assert text.endswith(f": {sum(q[t] == s for q in paths)} of the 84 paths pass here.")


# Through one state


def cut(example, t, s, **changed):
    given = dict(zip(("alpha", "beta"), variables(example.y, example.labelling), strict=False)) | changed
    return draw.state_cut(example.y, example.labelling, given["alpha"], given["beta"], t, s, example.symbols)


@EXAMPLES
def test_cut_shows_beginnings_and_endings_and_touching_lights_all_walks_through_a_state(example):
    walked, figure = walks(example.y, example.labelling), cut(example, 1, 1)
    through = through_states(example.y, example.labelling)
    for (t, s), (text, lit) in zip(np.ndindex(through.shape), options(figure), strict=True):
        here = [q for q in walked if q[t] == s]
        assert lit == {figure.drawing.numbers[n] for q in here for n in parts(q)}
        if not here:
            assert text.endswith("no walk passes here.")
            continue
        counts = tuple(map(int, re.findall(r"(\d+) (?:beginning|ending|walk)", text)))
        assert counts == (len({q[: t + 1] for q in here}), len({q[t:] for q in here}), len(here))
        shares = number(through[t, s]), number(100 * through[t, s] / through[t].sum(), 3)
        assert re.search(r" = (\S+), (\S+) % of p\.$", text).groups() == shares
    passed = set().union(*(parts(q) for q in walked if q[1] == 1)) - {(1, 1)}
    left = {n for n in passed if n[0] <= 1}  # arrows carry the frame that they lead to
    for frame, halves in enumerate([(left, set()), (set(), passed - left), (left, passed - left)]):
        shown = looks(figure, frame)
        assert tuple({n for n, look in shown.items() if look[0] == role} for role in ("alpha", "beta")) == halves
        assert shown[1, 1][0] == "result"
    assert f"{len(walked)} in all" in figure.captions[2]


def pushed(example, t, s):
    y, l = example.y, example.labelling
    return draw.ripple(y, l, spread(y, l, t, s), adjoint(variables(y, l)[1], y, l), example.symbols)


@EXAMPLES
def test_a_push_arrives_with_the_adjoint(example):
    y, l = example.y, example.labelling
    derivative, used = adjoint(variables(y, l)[1], y, l), live(y, l)
    for t, s in (n for n in used if len(n) == 2):
        figure = pushed(example, t, s)
        assert len(figure.captions) == example.T - t
        assert figure.captions[-1].endswith(f"({s + 1}) = {number(derivative[t, s])}.")
        assert {n for n, look in looks(figure, -1).items() if len(n) == 2 and look[1]} <= used
    for d, (text, _) in zip(derivative.flat, options(figure), strict=True):
        assert f" = {number(d)}" in text


def test_a_push_spreads_as_the_recursion_says():
    shown, y = looks(pushed(CAT, 2, 3), 1), CAT.y[3]
    gains = {3: y[1], 4: y[0], 5: y[3]}  # A stays, blank, T
    assert {s: shown[3, s][1] for s in range(7)} == {s: percent(np.sqrt(gains.get(s, 0))) for s in range(7)}
    assert {n: look[1] for n, look in shown.items() if look[0] == "now"} == {(3, 3, s): 100 for s in gains}


# The slope in one output


@EXAMPLES
def test_every_output_lights_the_paths_that_hold_it_and_its_slope_is_the_sum_of_the_parts(example):
    y, walked = example.y, walks(example.y, example.labelling)
    figure = draw.slope_paths(y, example.labelling, *variables(y, example.labelling)[:2], example.symbols)
    entries, slopes = [(t, k) for k in range(example.K) for t in range(example.T)], np.zeros_like(y)
    for (t, k), caption, frame in zip(entries, figure.captions, replay(figure), strict=True):
        through = [q for q in walked if example.extended[q[t]] == k]
        passed = set().union(*map(parts, through))
        assert caption.startswith(f"{len(through)} of the {len(walked)} paths say" if through else "No path says")
        for name, i in figure.drawing.numbers.items():
            if name[0] == "slope":
                expected = "now" if name[1:] == (t, k) else ""
            elif len(name) == 2:
                expected = "future" if name not in passed else "now path" if name[0] == t else ""
            else:
                expected = "aside" if name not in passed else "now alpha" if name[0] <= t else "now beta"
            assert frame[i][0] == expected
    held = [len({q[t] for q in walked if example.extended[q[t]] == k}) for t, k in entries]
    assert held[figure.rest] == max(held)
    derivative = through_symbols(y, example.labelling) / y
    assert [e.text for e in having(figure, "small")] == [number(v, 3) for v in derivative.T.ravel()]
    for (t, s), (text, _) in zip(np.ndindex(example.T, len(example.extended)), options(figure), strict=False):
        if match := re.search(r" = (\S+), its part of the slope", text):
            slopes[t, example.extended[s]] += value(match[1])
    np.testing.assert_allclose(slopes, derivative, rtol=1e-3, atol=1e-6)


# Pairs


def paired(y, labelling, symbols):
    return draw.pair_sweep(y, labelling, *pairs(y, labelling), symbols)


@EXAMPLES
def test_arrows_of_pairs_are_the_moves_of_the_walks(example):
    """A pair is one source, and after the first frame each move of a walk belongs to exactly one arrow."""
    used = set()
    for q in walks(example.y, example.labelling):
        used.add((1, (0,), q[0]))
        for t, (r, s) in enumerate(pairwise(q), 2):
            pair = (r,) if r == 0 else (r, r + 1) if r % 2 else (r - 1, r)
            repeat = s % 2 and s > 1 and example.labelling[s // 2] == example.labelling[s // 2 - 1]
            used.add((t, (r,) if s % 2 and (r == s or repeat) else pair, s))
    figure = paired(example.y, example.labelling, example.symbols)
    assert {n for n in figure.drawing.numbers if len(n) == 3} == used


@EXAMPLES
def test_discs_arrows_and_words_of_pairs_are_alpha_then_gamma(example):
    alpha, gamma = beginnings(example.y, example.labelling), occupancies(example.y, example.labelling)
    figure, T = paired(example.y, example.labelling, example.symbols), example.T
    ahead, back = looks(figure, T), looks(figure, -1)
    for (t, s), g in np.ndenumerate(gamma):
        assert ahead[t + 1, s][1] == percent(np.sqrt(alpha[t, s] / alpha[t].sum()))
        assert back[t + 1, s][1] == percent(np.sqrt(g))
        text, _ = options(figure)[(t + 1) * len(gamma[0]) + s]
        pair = alpha[t, max(s - 1 + s % 2, 0) : s + 1 + s % 2].sum()
        name = f"Label {(s + 1) // 2} ({example.symbols[example.extended[s]]})" if s % 2 else f"Blank {s // 2}"
        assert text.startswith(f"{name} at t = {t + 1}: {'α = ' if g else 'no whole path uses it.'}")
        if g:
            share = f"Its share of pair {(s + 1) // 2}: {number(alpha[t, s] / pair, 3)}. Occupancy γ = {number(g)}."
            assert text.endswith(f" = {number(alpha[t, s])}. {share}")
    stays = looks(figure, 2)[2, (1,), 1][1]  # the first label: what it kept, beside what entered from blank 0
    assert stays == percent(alpha[0, 1] / (alpha[0, 1] + alpha[0, 0]))
    assert f"p = {number(alpha[-1, -1])} (blank" in figure.captions[T]


# All


@pytest.mark.parametrize("name", ["forward", "backward", "occupancy", "cut", "ripple", "slopes", "pairs"])
def test_worked_sums_are_right(name):
    texts = [text for text, _ in options(FIGURES[name])] + FIGURES[name].captions
    sums = [pair for text in texts for pair in worked(text)]
    assert len(sums) > 15
    for left, right in sums:
        assert left == pytest.approx(right, rel=6e-3)


Y, L, NONE, ONE = CAT.y, CAT.labelling, np.zeros((6, 7)), np.ones((6, 7))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: draw.lattice_structure((1, 2), 0, "-ab"), "at least one frame"),
        (lambda: draw.lattice_structure((1, 3), 4, "-ab"), "no symbol for label 3"),
        (lambda: draw.forward_sweep(Y, L, NONE[:, :5], "-ACT"), "alpha: expected shape"),
        (lambda: draw.forward_sweep(Y[:, :3], L, NONE, "-ACT"), "y: expected shape"),
        (lambda: draw.forward_sweep(Y[:2], L, NONE[:2], "-ACT"), "no path of 2 frames spells CAT"),
        (lambda: draw.backward_sweep(Y, L, -ONE, "-ACT"), "none below 0"),
        (lambda: draw.backward_sweep(Y, L, ONE * np.nan, "-ACT"), "finite"),
        (lambda: draw.lattice_paths(L, "-ACT", [(0, 2, 4, 5, 6, 6)]), "not a path"),
        (lambda: draw.lattice_paths(L, "-ACT", []), "at least one"),
        (lambda: cut(CAT, 0, 2), "no walk is in state 2 at frame 0"),
        (lambda: draw.ripple(Y, L, NONE, ONE, "-ACT"), "single 1"),
        (lambda: pushed(CAT, 0, 4), "no whole path is in state 4 at frame 0"),
        (lambda: draw.slope_paths(Y * 0, L, ONE, ONE, "-ACT"), "outputs above 0"),
        (lambda: draw.pair_sweep(Y[:3], L, *pairs(Y, L), "-ACT"), "expected shape"),
        (lambda: draw.pair_sweep(Y, (1, 2), *pairs(Y, L), "-ACT"), "blanks: expected shape"),
        (lambda: draw.pair_sweep(Y[:2], L, *pairs(Y[:2], L), "-ACT"), "no path fits"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
