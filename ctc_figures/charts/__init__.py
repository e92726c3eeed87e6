"""Data over axes, drawn by plotly."""
