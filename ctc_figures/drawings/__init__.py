"""Our own canvas, and what is drawn on it beside the lattice."""
