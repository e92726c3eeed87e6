"""Draw the SVG files of this folder: `python img/draw.py`. A test compares them with what this draws."""

from pathlib import Path

from ctc_core.examples import CAT
from ctc_figures import lattice_structure, network, one_frame, transitions

HERE = Path(__file__).parent


def drawings():
    """Return the files as a dict of name to figure."""
    return {
        "network.svg": network(),
        "one_frame.svg": one_frame(),
        "transition_skip.svg": transitions(["skip"], title="Three ways into a new label"),
        "transition_no_skip.svg": transitions(["blank", "repeat"], title="Two ways into a blank or a repeat"),
        "lattice_cat.svg": lattice_structure(CAT.labelling, CAT.T, CAT.symbols),
    }


if __name__ == "__main__":
    for name, figure in drawings().items():
        (HERE / name).write_text(figure.svg(), encoding="utf-8")
        print(name)
