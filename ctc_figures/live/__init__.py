"""The explorer: a figure of the reader's own word."""
