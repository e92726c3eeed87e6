"""Figures of the book: arrays in, figure out. Nothing here computes what a test would want to compute.

The mechanism: `palette` and `notation`, colours and digits; `drawing`, the canvas; `figure` with `player.js`, what
Jupyter and the page show; `png`. General figures: `lattice` with `walks`, `sweeps` and `through`; `heatmap`; `chart`;
`bars`; `matrix`; `sequence`; `network`. The others are of one chapter each, and named for what they show. `listing`
shows code, `verdicts` words in a table.
"""

from .alignment import alignment
from .bars import ratio_bars
from .board import logit_board
from .calculus import growing_rectangle, secants
from .chart import Line, line_chart
from .figure import Figure
from .flow import descent_maps, error_signal
from .heatmap import Map, heat_map, heat_maps
from .lattice import lattice_structure, state_names
from .listing import source
from .matrix import signed_matrix
from .network import network, one_frame, transitions
from .pairs import pair_sweep
from .sequence import collapse_steps, path_groups
from .slopes import slope_paths, vary_output
from .substitution import substitution_steps
from .sweeps import backward_sweep, forward_sweep, occupancy_sweep
from .through import ripple, state_cut
from .underflow import underflow_map
from .verdicts import verdict_table
from .walks import lattice_path, lattice_paths

__all__ = [
    "Figure",
    "Line",
    "Map",
    "alignment",
    "backward_sweep",
    "collapse_steps",
    "descent_maps",
    "error_signal",
    "forward_sweep",
    "growing_rectangle",
    "heat_map",
    "heat_maps",
    "lattice_path",
    "lattice_paths",
    "lattice_structure",
    "line_chart",
    "logit_board",
    "network",
    "occupancy_sweep",
    "one_frame",
    "pair_sweep",
    "path_groups",
    "ratio_bars",
    "ripple",
    "secants",
    "signed_matrix",
    "slope_paths",
    "source",
    "state_cut",
    "state_names",
    "substitution_steps",
    "transitions",
    "underflow_map",
    "vary_output",
    "verdict_table",
]
