"""What all figures share: the shell, colours, digits, style and script."""
