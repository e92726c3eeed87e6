"""Figures of the book: arrays in, figure out. Nothing here computes what a test would want to compute.

Rooms: `page`, what all figures share: shell, colours, digits, script; `drawings` and `lattice`, drawn on our own
canvas; `charts`, data over axes, drawn by plotly; `still`, pictures to take away, drawn by matplotlib; `live`, the
explorer.
"""

from .charts.alignment import alignment
from .charts.bars import ratio_bars
from .charts.calculus import growing_rectangle, secants
from .charts.descent import descent_maps
from .charts.lines import Line, line_chart
from .charts.maps import Map, heat_maps
from .charts.matrix import signed_matrix
from .charts.outputs import vary_output
from .charts.underflow import underflow_map
from .drawings.board import logit_board
from .drawings.collapse import collapse_steps, path_groups
from .drawings.network import network, one_frame
from .drawings.substitution import substitution_steps
from .lattice.cut import state_cut
from .lattice.lattice import lattice_structure, state_names
from .lattice.pairs import pair_sweep
from .lattice.paths import lattice_paths
from .lattice.ripple import ripple
from .lattice.slopes import slope_paths
from .lattice.sweeps import backward_sweep, forward_sweep, occupancy_sweep
from .live.explore import explore
from .page.assets import start
from .page.figure import Figure
from .page.listing import source
from .page.verdicts import verdict_table
from .still.draw_charts import draw_lines, draw_map
from .still.draw_error_signal import draw_error_signal, error_signal
from .still.draw_lattice import draw_lattice, draw_sweep
from .still.draw_transitions import draw_transitions, transitions
from .still.still import Still
from .still.style import style
