"""Run chapters again in place: `python chapters/execute.py [--tidy] [NOTEBOOK ...]`.

Committed notebooks hold their outputs: they are what nbval compares and what the website publishes. Nothing that
differs from run to run or from machine to machine is written (times, the version of Python, an editor's marks, views of
widgets), so running again changes a file only where its content changes. `--tidy` does that cleaning alone, without
running.
"""

import argparse
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


# Tags fold cells on the site; Jupyter has marks of its own, and MyST-NB a text for the fold. Both follow from the tag.
FOLDED = {"jupyter": {"source_hidden": True}}
BY_TAG = {
    "remove-input": FOLDED,  # questions: the code would give the answer away
    "hide-input": FOLDED
    | {"mystnb": {"code_prompt_show": "Code", "code_prompt_hide": "Code"}},
    "hide-cell": FOLDED
    | {
        "mystnb": {
            "code_prompt_show": "Solution",
            "code_prompt_hide": "Solution",
        }
    },
}


# The view of a widget is a reference to a kernel that is gone. Where Jupyter trusts a notebook it prefers the view to
# the HTML beside it, and shows "Loading widget..." for ever.
VIEW = "application/vnd.jupyter.widget-view+json"


def tidy(notebook):
    """Keep what has a meaning for the book: of the metadata the kernel and what folds a cell, of outputs no view."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(VIEW, None)
        tags = cell.metadata.get("tags", [])
        metadata = {"tags": tags} if tags else {}
        for tag in tags:
            metadata |= BY_TAG.get(tag, {})
        cell.metadata = nbformat.from_dict(metadata)
    return notebook


def run(notebook):
    """Run a notebook where its reader would, and return it tidied."""
    resources = {"metadata": {"path": str(HERE)}}
    NotebookClient(
        notebook,
        record_timing=False,
        coalesce_streams=True,
        resources=resources,
    ).execute()
    return tidy(notebook)


def main():
    """Run, or only tidy, the notebooks named on the command line; all chapters without a name."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--tidy",
        action="store_true",
        help="clean the metadata only, run nothing",
    )
    parser.add_argument(
        "notebooks", nargs="*", type=Path, default=sorted(HERE.glob("*.ipynb"))
    )
    arguments = parser.parse_args()
    for path in arguments.notebooks:
        notebook = nbformat.read(path, as_version=4)
        if not arguments.tidy:
            print(f"Running {path.name}", flush=True)
        nbformat.write(
            tidy(notebook) if arguments.tidy else run(notebook), path
        )


if __name__ == "__main__":
    main()
