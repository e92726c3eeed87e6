"""Pictures to take away, and figures that do not move: matplotlib."""
