"""What holds for the repository as a whole: imports, and what Binder builds."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def loaded_by(statement):
    """Names of the top-level modules, standard library aside, that a fresh interpreter has after a statement."""
    program = f"import sys; {statement}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in run.stdout.split()} - sys.stdlib_module_names


def test_core_needs_numpy_only():
    assert loaded_by("import ctc_core") - loaded_by("import numpy") == {"ctc_core"}


def test_packages_import_one_way():
    """chapters -> ctc_figures, ctc_exercises -> ctc_core."""
    assert "ctc_exercises" not in loaded_by("import ctc_figures")
    assert "ctc_figures" not in loaded_by("import ctc_exercises")


def test_binder_builds_this():
    """What repo2docker would build: the Python we ask for (else it takes its own default), and our requirements."""
    run = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
    )
    python = (ROOT / "runtime.txt").read_text().strip().replace("-", "=")
    assert f"Building conda environment for {python}" in run.stderr
    assert 'pip install --no-cache-dir -r "requirements.txt"' in run.stdout
    copied, installed = run.stdout.index("COPY --chown=0:0 src/ "), run.stdout.index('-r "requirements.txt"')
    assert copied < installed, "`-e .` needs the whole repository before pip runs"
