"""What holds for the repository as a whole: imports, requirements, what Binder builds, versions."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.sign import NotebookNotary
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = {"lab": ".binder/requirements.txt", "book": "requirements.txt", "test": "tests/requirements.txt"}


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


def installed_with(extra):
    """Names of all distributions that `pip install .[extra]` brings, as those that are installed here declare them."""
    found, ahead = set(), [(PROJECT["name"], frozenset({extra}))]
    while ahead:
        name, extras = ahead.pop()
        if (name, extras) in found:
            continue
        found.add((name, extras))
        for line in requires(name) or ():
            needed = Requirement(line)
            if any(not needed.marker or needed.marker.evaluate({"extra": e}) for e in extras | {""}):
                ahead.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    return {name for name, _ in found}


@pytest.mark.parametrize("package, extra", [("ctc_core", ""), ("ctc_exercises", ""), ("ctc_figures", "figures")])
def test_every_module_imports_where_only_the_declared_is_installed(package, extra):
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in (ROOT / package).rglob("*.py")]
    # The renderer of the site is loaded by MyST-NB, which only the book asks for.
    modules = [name.removesuffix(".__init__") for name in modules if name != "ctc_figures.page.site"]
    there = installed_with(extra)
    missing = [
        module
        for module, owners in packages_distributions().items()
        if there.isdisjoint(map(canonicalize_name, owners)) and module.isidentifier()
    ]
    # A module that is None in sys.modules cannot be imported.
    program = f"import sys; sys.modules.update(dict.fromkeys({missing})); import {', '.join(modules)}"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def pins(extra):
    """Versions by name in the lock of an extra."""
    lines = (ROOT / LOCKS[extra]).read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if not line.startswith(("#", "-e"))]
    assert len({pin.name for pin in found}) == len(found), "a name stands twice: one version for every Python"
    return {pin.name: str(pin.specifier) for pin in found}


@pytest.mark.parametrize("extra", LOCKS)
def test_lock_holds_what_pyproject_asks_for(extra):
    """`make lock` was run after the last change of pyproject.toml."""
    pinned = pins(extra)
    for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"][extra]:
        asked = Requirement(line)
        if asked.name != PROJECT["name"]:
            assert asked.specifier.contains(pinned[canonicalize_name(asked.name)].removeprefix("==")), line


def test_locks_agree():
    lab, book, test = map(pins, LOCKS)
    assert lab.items() <= book.items()
    assert {name: version for name, version in test.items() if name in book}.items() <= book.items()


def test_notebooks_need_neither_sphinx_nor_node():
    assert [name for name in pins("lab") if re.match("sphinx|myst|jupyter-book|nodejs", name)] == []


def test_binder_builds_this():
    """What repo2docker would do: the Python we ask for, else it takes its own; then requirements; then postBuild."""
    run = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
    )
    python = (ROOT / ".binder" / "runtime.txt").read_text().strip().replace("-", "=")
    assert f"Building conda environment for {python}" in run.stderr
    # `-e .` needs the whole repository, and a working directory that is its root.
    steps = [
        "WORKDIR ${REPO_DIR}\n",
        "COPY --chown=0:0 src/ ${REPO_DIR}/\n",
        'pip install --no-cache-dir -r ".binder/requirements.txt"\n',
        "RUN ./.binder/postBuild\n",
    ]
    places = [run.stdout.rindex(step) for step in steps]
    assert places == sorted(places)
    assert run.stdout.count("WORKDIR ") == 1 and run.stdout.count("pip install ") == 1


def test_binder_trusts_the_notebooks(tmp_path):
    """After postBuild Jupyter knows the signature of every chapter."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"JUPYTER_DATA_DIR": str(tmp_path), "PATH": path}
    subprocess.run([ROOT / ".binder" / "postBuild"], cwd=ROOT, env=environment, capture_output=True, check=True)
    notary = NotebookNotary(data_dir=str(tmp_path))
    notebooks = {path.name: nbformat.read(path, as_version=4) for path in (ROOT / "chapters").glob("*.ipynb")}
    assert notebooks and [name for name, notebook in notebooks.items() if not notary.check_signature(notebook)] == []
    notary.store.close()


def test_the_release_has_one_version_and_one_date():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version, date = re.search(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", changelog, re.M).groups()
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert version == PROJECT["version"] == citation["version"]
    assert date == citation["date-released"]


def private_names(code):
    """Names with one leading underscore that a program takes from a module other than its own."""
    nodes = list(ast.walk(ast.parse(code)))
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    bound = {alias.asname or alias.name.split(".")[0] for node in imports for alias in node.names}
    taken = [alias.name for node in imports for alias in node.names]
    taken += [node.attr for node in nodes if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in bound]
    return [name for name in taken if re.match("_[a-z]", name)]


def test_private_names_are_found():
    assert private_names("from a import _b, c\nimport d.e as f\nf._g(c._h, self._i)") == ["_b", "_g", "_h"]


OURS = [path for name in ("ctc_core", "ctc_exercises", "ctc_figures", "benchmarks", "img", "web", "chapters")
        for path in (ROOT / name).rglob("*.py") if "node_modules" not in path.parts]  # fmt: skip


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_takes_a_private_name_from_another(path):
    assert private_names(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("*.ipynb")), ids=lambda path: path.stem)
def test_readers_see_no_private_name(path):
    """Neither in a cell nor in the code that `source` shows."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            shown = "".join(output.get("data", {}).get("text/markdown", "") for output in cell.outputs)
            assert re.findall(r"(?<![\w'\"])_[a-z]\w*(?=[(.,\[])", cell.source + shown) == []


def test_the_code_of_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    names = {}
    for block in blocks:
        exec(block, names)
    assert names["gradient"].shape == names["logits"].shape and (tmp_path / "dog.pdf").stat().st_size > 1000
