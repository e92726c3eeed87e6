"""The lattice, and all that moves on it. Read `lattice` first, then `sweeps`."""
