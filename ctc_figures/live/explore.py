"""The explorer: any figure of the book for the reader's own word, in a running notebook."""

from html import escape

import ipywidgets as widgets
from IPython.display import display

from ctc_core.examples import Example

LONGEST = 8  # letters; beyond, a drawing is wider than the page
MOST = 20  # frames


class Explorer:
    """A figure under fields for a word, frames, and the outputs of an imagined network.

    Parameters
    ----------
    draw : callable
        Takes an `Example` and returns a figure; a ValueError that it raises is shown in place of a new figure.
    word : str
        As `frames`, `sharpness` and `seed`: where to begin, as for `Example.of_word`.
    """

    def __init__(self, draw, word, frames, sharpness, seed):
        """Lay out the fields, and draw."""
        wide = {"style": {"description_width": "initial"}}
        field = {"layout": widgets.Layout(width="9.5rem")} | wide
        self.draw = draw
        self.word = widgets.Text(word, description="Word", **field)
        self.frames = widgets.BoundedIntText(frames, min=1, max=MOST, description="Frames", **field)
        self.sharpness = widgets.FloatSlider(sharpness, min=0, max=6, step=0.5, description="Sharpness", **wide)
        self.seed = widgets.BoundedIntText(seed, min=0, max=999, description="Seed", **field)
        self.message = widgets.HTML()
        self.picture = widgets.Output()
        fields = [self.word, self.frames, self.sharpness, self.seed]
        row = widgets.HBox(fields, layout=widgets.Layout(flex_flow="row wrap"))
        self.box = widgets.VBox([row, self.message, self.picture])
        self.figure = draw(self.example())
        for part in fields:
            part.observe(lambda change: self.update(), "value")
        self._show()

    def example(self):
        """Return the example that the fields ask for, or raise a ValueError that says why there is none."""
        word = self.word.value.strip()
        if len(word) > LONGEST:
            raise ValueError(f"{word}: {len(word)} letters, at most {LONGEST} can be drawn")
        return Example.of_word(word, self.frames.value, sharpness=self.sharpness.value, seed=self.seed.value)

    def update(self):
        """Draw again; a word that cannot be drawn says why, and the last figure stays."""
        try:
            self.figure = self.draw(self.example())
        except ValueError as error:
            self.message.value = f"<strong>{escape(str(error))}</strong>"
            return
        self.message.value = ""
        self._show()

    def _show(self):
        outputs = [{"output_type": "display_data", "data": data, "metadata": {}} for data in self.figure.bundles()]
        self.picture.outputs = tuple(outputs)

    def _ipython_display_(self):
        """Show the fields where a kernel runs; the figure as it is now, with a note, where none does."""
        view = self.box._repr_mimebundle_()
        self.figure.note = (
            f"This is {self.word.value} in {self.frames.value} frames. For a word of your own, open this page as a "
            "notebook and run this cell: a static page cannot ask the program."
        )
        first, *rest = self.figure.bundles()
        self.figure.note = ""
        display(view | first, raw=True)
        for bundle in rest:
            display(bundle, raw=True)


def explore(draw, word="CAT", frames=6, *, sharpness=2.0, seed=0):
    """Let the reader choose word, frames and outputs, and draw the same figure for them.

    Parameters
    ----------
    draw : callable
        Takes a `ctc_core.examples.Example` and returns a figure of this package.
    word : str
        At most eight letters.
    frames : int
        At most twenty.
    sharpness : float
        How far the network of the example favours the right letters; 0 is noise.
    seed : int
        Of the noise.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        The word does not fit into the frames: "BEE in 3 frames: needs 4".
    """
    return Explorer(draw, word, frames, sharpness, seed)
