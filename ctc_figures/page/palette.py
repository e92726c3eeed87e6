"""The one palette: every colour has a fixed meaning, in light and in dark, in every figure of the book.

The colours were searched numerically: under normal sight and simulated deuteranopia, protanopia and
tritanopia the hues that meet in one figure stay apart, and each has enough contrast with the paper
(tests/test_page.py measures both). No figure relies on colour alone: shape, sign or position says
the same.
"""

import re

#: Meaning -> (light, dark). In CSS: ``--ctc-alpha`` and so on.
COLOURS = {
    "paper": ("#ffffff", "#121212"),  # what the figure is drawn on: the page of the book
    "ink": ("#1f2430", "#e6e9ee"),  # text
    "muted": ("#5b6470", "#a3adba"),  # secondary text, axes
    "faint": ("#c3c9d2", "#414955"),  # guide lines, arrows at rest
    "pruned": ("#a3abb6", "#59626f"),  # states no path can use
    "blank": ("#6b7480", "#98a2b0"),  # blank states: hollow
    "label": ("#1f2430", "#e6e9ee"),  # label states: filled
    "alpha": ("#2f6bd3", "#4d8dff"),  # forward variables
    "beta": ("#c45500", "#fd9802"),  # backward variables
    "gamma": ("#00665c", "#64cca3"),  # occupancies, and probabilities given the labelling
    "positive": ("#b3003a", "#e06a96"),  # gradient > 0: descent lowers this logit
    "negative": ("#6a22a0", "#b4a1fe"),  # gradient < 0: descent raises this logit
    "path": ("#a88a3c", "#f0d86c"),  # one path, highlighted
}

# Who decides between light and dark? The page, if it says so; the reader's system otherwise.
_DARK = ("html[data-theme=dark]", "html[theme=dark]", "body[data-jp-theme-light=false]", "body.vscode-dark")
_SILENT = "html:not([data-theme],[data-content_root],[theme]) body:not([data-jp-theme-light],.vscode-light)"


def variables(theme, names=COLOURS):
    """Return colours of one theme as CSS declarations; all of them, or those named.

    >>> variables("light")[:20]
    '--ctc-paper:#ffffff;'
    """
    column = ("light", "dark").index(theme)
    return "".join(f"--ctc-{name}:{pair[column]};" for name, pair in COLOURS.items() if name in names)


def page_css():
    """Return the rules that give every figure and table on a page its colours, following the page's theme."""
    parts, dark = ":is(ctc-figure,ctc-verdicts)", variables("dark")
    pages = ",".join(f"{page} {parts}" for page in _DARK)
    return (
        f"{parts}{{{variables('light')}}}"
        f"@media(prefers-color-scheme:dark){{{_SILENT} {parts}{{{dark}}}}}"
        f"{pages}{{{dark}}}"
    )


def image_css(text):
    """Return the rules for an SVG file that stands alone and uses the colours named in `text`.

    It can only follow the reader's system.
    """
    light, dark = (variables(theme, re.findall(r"--ctc-(\w+)", text)) for theme in ("light", "dark"))
    return f"svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}"
