"""Break ctc_core on purpose, one small error at a time, and see which kind of test notices.

    python tests/mutations.py           # all; prints a table, exit status 1 if an error survives
    python tests/mutations.py prune     # only those whose sentence holds this word

Works on a copy in a temporary folder; the tree itself is not touched. Not part of `make test`: it takes
ten minutes and more.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# file, exact text (must be there once), what replaces it, what is wrong then
MUTATIONS = [
    (
        "labels.py",
        "skip[2:] = (extended[2:] != blank) & (extended[2:] != extended[:-2])",
        "skip[2:] = extended[2:] != blank",
        "equal neighbours may follow directly: the repeat rule is dropped",
    ),
    (
        "labels.py",
        "tuple(symbol for symbol, _ in groupby(path) if symbol != blank)",
        "tuple(symbol for symbol, _ in groupby(s for s in path if s != blank))",
        "collapse drops the blanks before it merges",
    ),
    (
        "labels.py",
        "extended = np.full(2 * len(labelling) + 1, int(blank))",
        "extended = np.full(2 * len(labelling) + 1, 0)",
        "the blank of the extended labelling is always 0",
    ),
    (
        "labels.py",
        "return len(labelling) + repeats(labelling)",
        "return len(labelling)",
        "the least length forgets the repeats",
    ),
    (
        "labels.py",
        'return np.flatnonzero(integers("extended", extended) == whole("k", k))',
        'return np.flatnonzero(integers("extended", extended) == whole("k", k))[:1]',
        "lab(l, k) holds the first state only",
    ),
    (
        "labels.py",
        "(array < 0) | (array >= n_symbols)",
        "(array < 0) | (array > n_symbols)",
        "a label K passes the check",
    ),
    (
        "paths.py",
        "return comb(T + U - r, 2 * U)",
        "return comb(T + U, 2 * U)",
        "the path count forgets the repeats",
    ),
    (
        "paths.py",
        "beginnings[0, :2] = endings[-1, -2:] = 1",
        "beginnings[0, :1] = endings[-1, -2:] = 1",
        "counted walks start in the blank only",
    ),
    (
        "paths.py",
        "return beginnings * endings > 0",
        "return beginnings + endings > 0",
        "a state is live if a walk comes or goes",
    ),
    (
        "paths.py",
        "np.where(skip[2:], into[:-1, :-2], -np.inf)",
        "into[:-1, :-2]",
        "shares flow along skips that the repeat rule forbids",
    ),
    (
        "paths.py",
        "outputs[t, ~counts] = 0",
        "outputs[t, counts] = 0",
        "the shares are those of the paths that should not count",
    ),
    (
        "paths.py",
        "if q[-1] >= S - 2:",
        "if q[-1] == S - 1:",
        "enumerated endings must end in a blank",
    ),
    (
        "paths.py",
        "c += float(prod(y[i, j] for i, j in enumerate(path) if i != t))",
        "c += float(prod(y[i, j] for i, j in enumerate(path)))",
        "the slope in an output keeps the factor itself",
    ),
    (
        "softmax.py",
        "return e / e.sum(axis=-1, keepdims=True)",
        "return e / e.sum(axis=0, keepdims=True)",
        "the softmax sums over frames",
    ),
    (
        "softmax.py",
        "np.log(np.exp(shifted).sum(axis=-1, keepdims=True))",
        "np.log(np.exp(shifted).sum(axis=0, keepdims=True))",
        "the log softmax sums over frames",
    ),
    (
        "softmax.py",
        'u = checked_logits(u)\n    with np.errstate(over="ignore"):\n        shifted',
        'u = np.asarray(u)\n    with np.errstate(over="ignore"):\n        shifted',
        "float32 logits are computed in float32",
    ),
    (
        "softmax.py",
        "return np.diag(y) - np.outer(y, y)",
        "return np.diag(y * (1 - y))",
        "a logit moves its own output only",
    ),
    (
        "forward_backward.py",
        "alpha[0, :2] = outputs[0, :2]",
        "alpha[0, :1] = outputs[0, :1]",
        "alpha starts in the blank only",
    ),
    (
        "forward_backward.py",
        "log_alpha[0, :2] = log_outputs[0, :2]",
        "log_alpha[0, :1] = log_outputs[0, :1]",
        "log alpha starts in the blank only",
    ),
    (
        "forward_backward.py",
        "np.where(skip[2:], previous[:-2], 0)",
        "np.where(skip[:-2], previous[:-2], 0)",
        "alpha takes the skip of the state left, not of the state entered",
    ),
    (
        "forward_backward.py",
        "np.where(skip[2:], following[2:], 0)",
        "np.where(skip[:-2], following[2:], 0)",
        "beta takes the skip of the state left, not of the state entered",
    ),
    (
        "forward_backward.py",
        "log_beta[-1, -2:] = log_outputs[-1, -2:]",
        "log_beta[-1, -3:] = log_outputs[-1, -3:]",
        "log beta may also end one state before",
    ),
    (
        "forward_backward.py",
        "np.logaddexp(total[1:], previous[:-1])",
        "np.maximum(total[1:], previous[:-1])",
        "log alpha takes the best predecessor for the sum",
    ),
    (
        "forward_backward.py",
        "return float(alpha[-1, -2:].sum())",
        "return float(alpha[-1, -1:].sum())",
        "p is read from the last state alone",
    ),
    (
        "forward_backward.py",
        "return s >= S - 2 * (T - t) - 1",
        "return s >= S - 2 * (T - t)",
        "alpha is pruned by one state too many",
    ),
    (
        "forward_backward.py",
        "return s <= 2 * t",
        "return s <= 2 * t + 1",
        "beta is pruned by one state too few",
    ),
    (
        "forward_backward.py",
        "np.divide(alpha * beta, outputs, out=np.zeros_like(outputs), where=outputs > 0)",
        "alpha * beta",
        "alpha beta is not divided by y: the output counts twice",
    ),
    (
        "forward_backward.py",
        "return paths_through_states(alpha, beta, y, labelling, blank) / p",
        "return paths_through_states(alpha, beta, y, labelling, blank)",
        "gamma is not divided by p",
    ),
    (
        "forward_backward.py",
        "rescale(entering(alpha_hat[t - 1], skip)",
        "rescale(entering(alpha_hat[t - 1] * scale[t - 1], skip)",
        "rescaling goes on from the row that was not rescaled",
    ),
    (
        "forward_backward.py",
        "np.log(scale).sum() + np.log(final)",
        "np.log(scale).sum()",
        "ln p is the sum of ln C_t even without pruning",
    ),
    (
        "gradient.py",
        "return products / squares(y)",
        "return products / y",
        "dp/dy divides by y once",
    ),
    (
        "gradient.py",
        "return y - occupancies(y, labelling, blank)",
        "return occupancies(y, labelling, blank) - y",
        "the sign of the gradient in the logits",
    ),
    (
        "gradient.py",
        "labelling, y.shape[1], blank) / (y * z)",
        "labelling, y.shape[1], blank) / z",
        "the rescaled gradient is not divided by y",
    ),
    (
        "gradient.py",
        "(y[k] / p, A / y, second),",
        "(y[k] / p, A, second),",
        "line 5 of the substitution loses 1 / y",
    ),
    (
        "gradient.py",
        "(1, y[k] / (p * y) * A, second),",
        "(1, y / (p * y) * A, second),",
        "line 4 of the substitution takes y_k' for y_k",
    ),
    (
        "gradient.py",
        "gain[i] = entering(gain[i - 1], skip) * outputs[i]",
        "gain[i] = entering(gain[i - 1] * outputs[i - 1], skip)",
        "a push is multiplied by the output of its own frame",
    ),
    (
        "gradient.py",
        "return float(np.log(p) - (products",
        "return float(-(products",
        "the entropy of the paths loses ln p",
    ),
    (
        "gradient.py",
        "(U + 1) * (T - U) / ((2 * U + 1) * T)",
        "(U + 1) * (T - U) / (2 * U * T + 1)",
        "the uniform blank occupancy has a wrong bracket",
    ),
    (
        "rules.py",
        "self.slope * other.value - self.value * other.slope",
        "self.slope * other.value + self.value * other.slope",
        "the quotient rule has a plus",
    ),
    (
        "rules.py",
        "lambda v: n * v ** (n - 1)",
        "lambda v: n * v ** (n + 1)",
        "the power rule raises the power",
    ),
    (
        "kernel.py",
        "pairs[repeats] = blank_only",
        "pass",
        "the fast forward pass drops the repeat rule",
    ),
    (
        "kernel.py",
        "blanks[f][repeats] += blank_only",
        "pass",
        "the fast backward pass drops what a repeat hands to its blank",
    ),
    (
        "kernel.py",
        "merge(labels[self.end], blanks[self.end], self.end_shares, log_p)",
        "self.end_shares, log_p = np.ones(N), blanks[self.end]",
        "the loss is read from the last blank alone",
    ),
    (
        "kernel.py",
        "np.subtract(v, w, out=share)",
        "np.subtract(w, v, out=share)",
        "the share of the other part is kept",
    ),
    (
        "kernel.py",
        "np.maximum(larger, share, out=larger)",
        "np.minimum(larger, share, out=larger)",
        "a merge takes the logarithm of the smaller share",
    ),
    (
        "kernel.py",
        "np.exp(share, out=share)",
        "np.exp(np.minimum(share, 30), out=share)",
        "something flows into what is impossible",
    ),
    (
        "kernel.py",
        "self.input_lengths + t + 1,",
        "self.input_lengths + t + 2,",
        "pairs are left out that can still finish",
    ),
    (
        "kernel.py",
        "np.minimum(t[:, 0] + 2,",
        "np.minimum(t[:, 0] + 1,",
        "pairs are left out that can be reached",
    ),
    (
        "kernel.py",
        "log_blank[late] = 0",
        "log_blank[late] = -1.0",
        "a frame beyond the input is no certain blank",
    ),
    (
        "kernel.py",
        "log_label.transpose(0, 2, 1)[late] = -np.inf",
        "pass",
        "labels are read beyond the input",
    ),
    (
        "kernel.py",
        "np.subtract.at(flat",
        "np.add.at(flat",
        "the sign of the labels in the gradient",
    ),
    (
        "kernel.py",
        "self.blank] -= sum_of_pairs",
        "self.blank] += sum_of_pairs",
        "the sign of the blank in the gradient",
    ),
    (
        "kernel.py",
        "gradient[np.isinf(losses)] = 0",
        "pass",
        "an impossible sample gets a gradient",
    ),
    (
        "kernel.py",
        "gradient[np.arange(T) >= input_lengths[:, None]] = 0",
        "pass",
        "padding gets a gradient",
    ),
    (
        "kernel.py",
        "losses[log_p < IMPOSSIBLE / 10] = np.inf",
        "pass",
        "an impossible sample gets a finite loss",
    ),
    (
        "kernel.py",
        "keepdims=True, dtype=np.float64)",
        "keepdims=True)",
        "the softmax of float32 logits is summed in float32",
    ),
    (
        "kernel.py",
        "np.subtract(log_label.reshape(stop - start, -1, N), top[:, None], dtype=np.float64)",
        "np.subtract(log_label.reshape(stop - start, -1, N), top[:, None]).astype(float)",
        "log outputs of float32 logits are rounded to float32",
    ),
    (
        "kernel.py",
        "np.maximum(log_blank, IMPOSSIBLE, out=log_blank)",
        "pass",
        "logits of -inf become -inf - -inf",
    ),
    (
        "kernel.py",
        "half = 1 << (size - 1).bit_length() - 1",
        "half = (size + 1) // 2",
        "the sum over pairs depends on what is beside them",
    ),
    (
        "kernel.py",
        "np.empty((rows, self.width)) for _ in range(2)",
        "np.empty((2 * rows, self.width)) for _ in range(2)",
        "twice the memory is taken",
    ),
    (
        "batch.py",
        "as_labelling(row[: lengths[n]], blank, K)",
        "as_labelling(row[: lengths[n]], blank)",
        "labels beyond K pass the check of a list",
    ),
    (
        "batch.py",
        "(labels < 0) | (labels >= K) | (labels == blank)",
        "(labels < 0) | (labels >= K)",
        "the blank passes the check of an array",
    ),
    (
        "batch.py",
        "bad = ~np.isfinite(tops)",
        "bad = np.isneginf(tops)",
        "NaN and +inf are not refused",
    ),
    (
        "batch.py",
        '_lengths("input_lengths", input_lengths,',
        '_lengths("input_lengths", None,',
        "input_lengths is ignored",
    ),
    (
        "batch.py",
        '_lengths("target_lengths", target_lengths,',
        '_lengths("target_lengths", None,',
        "target_lengths is ignored",
    ),
    (
        "batch.py",
        "wrong = (array < least) | (array > most)",
        "wrong = array > most",
        "a negative length passes the check",
    ),
    (
        "loss.py",
        "gradient.reshape(like.shape).astype(like.dtype, copy=False)",
        "gradient.reshape(like.shape)",
        "the gradient of logits in another byte order comes back in this machine's",
    ),
    (
        "loss.py",
        "if np.isnan(losses).any():",
        "if False:",
        "a frame without softmax gives a loss of NaN",
    ),
    (
        "decoding.py",
        "start[again, 1:] = log_y[1:, prefix[-1]] + in_blank[:-1]",
        "pass",
        "prefix search lets equal labels follow directly",
    ),
    (
        "decoding.py",
        "heap and -heap[0][0] > least",
        "heap and -heap[0][0] > least + 1",
        "prefix search stops before the proof",
    ),
    (
        "decoding.py",
        'collapse(np.argmax(y, axis=1).tolist(), index("blank", blank, y.shape[1]))',
        "collapse(np.argmax(y, axis=1).tolist())",
        "best path takes 0 for the blank",
    ),
    (
        "differences.py",
        "/ (2 * h)",
        "/ h",
        "central differences divide by one step",
    ),
    (
        "differences.py",
        "np.cbrt(3 * noise / abs(third))",
        "np.cbrt(noise / abs(third))",
        "the best step of a central difference loses its factor 3",
    ),
    (
        "gradient.py",
        "+ float(y.sum())",
        "+ float(y.sum()) / len(y)",
        "the implied objective takes a mean over frames",
    ),
    (
        "descent.py",
        "u - step_size * gradient",
        "u - step_size * gradients[0]",
        "descent follows the gradient of its start",
    ),
    (
        "examples.py",
        "self.y.flags.writeable = False",
        "pass",
        "a chapter can change a shared example",
    ),
    (
        "examples.py",
        "needed += [0, k] if needed and needed[-1] == k else [k]",
        "needed += [k]",
        "equal neighbours of a word are planted without a blank between",
    ),
    (
        "examples.py",
        "softmax(logits.round(2))",
        "softmax(logits)",
        "the logits of a word keep their last bits",
    ),
    (
        "softmax.py",
        "return hidden @ weights.T + bias",
        "return hidden @ weights.T",
        "the output layer forgets its bias",
    ),
    (
        "paths.py",
        "return float(prod(y[t, k] for t, k in enumerate(path)))",
        "return float(sum(y[t, k] for t, k in enumerate(path)))",
        "a path adds its outputs",
    ),
    (
        "rules.py",
        "return Dual(c, 0.0)",
        "return Dual(c, 1.0)",
        "a constant has slope 1",
    ),
    (
        "rules.py",
        "return Dual(x, 1.0)",
        "return Dual(x, 0.0)",
        "a variable has slope 0",
    ),
    (
        "rules.py",
        "return chain(math.exp, math.exp, x)",
        "return chain(math.exp, math.cos, x)",
        "exp has another derivative",
    ),
    (
        "rules.py",
        "return chain(math.log, lambda v: 1 / v, x)",
        "return chain(math.log, lambda v: v, x)",
        "ln x has derivative x",
    ),
]


def kinds(root):
    """The kinds of test, as arguments to pytest."""
    modules = sorted(path.stem for path in (root / "ctc_core").glob("[!_]*.py"))
    return {
        "unit": [f"tests/test_{module}.py" for module in modules],
        "properties": ["tests/test_properties.py"],
        "equations": ["tests/test_equations.py"],
        "doctests": ["--doctest-modules", "ctc_core"],
    }


def notices(root, arguments):
    """Whether these tests fail in the copy; too slow is noticed too."""
    # No bytecode: two mutations within a second could share it.
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *arguments]
    try:
        run = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=180)
    except subprocess.TimeoutExpired:
        return True
    if run.returncode not in (0, 1, 2):  # passed, failed, broken on import; anything else is no answer
        sys.exit(f"pytest {' '.join(arguments)} ended with {run.returncode}:\n{run.stdout}{run.stderr}")
    return run.returncode != 0


def main(word=""):
    """Run all mutations whose sentence holds the word; return how many survived."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for part in ("ctc_core", "tests"):
            shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", root)
        chosen = [mutation for mutation in MUTATIONS if word in mutation[3]]
        for file, old, _, _ in chosen:
            if (n := (root / "ctc_core" / file).read_text().count(old)) != 1:
                sys.exit(f"{file}: found {n} times, expected once: {old!r}")
        tests = kinds(root)
        for kind, arguments in tests.items():
            if notices(root, arguments):
                sys.exit(f"the {kind} tests fail before anything is broken")
        # An error that every kind must notice: it shows that the copy is what is tested.
        probe = root / "ctc_core" / "__init__.py"
        sound = probe.read_text()
        probe.write_text("raise ImportError\n")
        if not all(notices(root, arguments) for arguments in tests.values()):
            sys.exit("the tests do not import the copy")
        probe.write_text(sound)

        print("| File | What is wrong | " + " | ".join(tests) + " |")
        print("|---|---|" + "---|" * len(tests), flush=True)
        survivors = 0
        for file, old, new, sentence in chosen:
            path = root / "ctc_core" / file
            sound = path.read_text()
            path.write_text(sound.replace(old, new))
            caught = [notices(root, arguments) for arguments in tests.values()]
            path.write_text(sound)
            survivors += not any(caught)
            cells = " | ".join("caught" if c else "-" for c in caught)
            print(f"| {file} | {sentence} | {cells} |", flush=True)
        print(f"\n{len(chosen)} mutations, {survivors} survived")
    return survivors


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:2]) else 0)
