"""A table of words: what several programs say in several cases."""

from html import escape

from IPython.display import HTML

from .assets import unless_started


def verdict_table(groups, columns, *, label, quiet=(), loud=()):
    """Show words in a table that scrolls inside its own box; the names of the rows stay in sight.

    Each group begins with the names of the columns. Nothing is said by the look alone: it repeats the word.

    Parameters
    ----------
    groups : dict of str to dict of str to sequence of str
        Heading of a group, name of a row, and its words, one for each column.
    columns : sequence of str
        Names of the columns.
    label : str
        What the table is, for readers who do not see it.
    quiet, loud : collection of str
        Words that step back, and words that stand out.

    Returns
    -------
    IPython.display.HTML

    Raises
    ------
    ValueError
        A row has not one word for each column, or a word is quiet and loud.

    Examples
    --------
    >>> table = verdict_table({"Legal": {"empty": ["right"]}}, ["ours"], label="Answers")
    >>> "<td><span>right</span></td>" in table.data
    True
    """
    if both := set(quiet) & set(loud):
        raise ValueError(f"quiet, loud: {sorted(both)} are in both")
    looks = dict.fromkeys(quiet, ' class="ctc-quiet"') | dict.fromkeys(loud, ' class="ctc-loud"')
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = ""
    for group, rows in groups.items():
        # A header further down replaces the one above it: no column is announced twice.
        body += f'<tbody><tr><th scope="rowgroup">{escape(group)}</th>{head}</tr>'
        for name, words in rows.items():
            if len(words) != len(columns):
                raise ValueError(f"groups, {group!r}, {name!r}: expected {len(columns)} words, got {len(words)}")
            cells = "".join(f"<td{looks.get(word, '')}><span>{escape(word)}</span></td>" for word in words)
            body += f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'
        body += "</tbody>"
    return HTML(
        f"{unless_started()}<ctc-verdicts>"
        # A box that may scroll must be reachable by keyboard.
        f'<div class="ctc-box" tabindex="0" role="group" aria-label="{escape(label)}, may scroll sideways">'
        f'<table class="ctc-words">{body}</table></div></ctc-verdicts>'
    )
