"""How the site shows plotly's charts: MyST-NB finds this renderer by its entry point in `pyproject.toml`."""

import json

from docutils import nodes
from myst_nb.core.render import MimeRenderPlugin

from ..charts.plot import MIME


class PlotRenderer(MimeRenderPlugin):
    """Put a chart's JSON where the script of all figures draws it, once a reader comes near."""

    mime_priority_overrides = (("*", MIME, 0),)

    @staticmethod
    def handle_mime(renderer, data, inline):
        """Return the chart's place, as high as the chart: nothing moves when it is drawn."""
        if inline or data.mime_type != MIME:
            return None
        spec = json.dumps(data.content, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
        height = data.content["layout"]["height"]
        place = f'<div class="ctc-plot" style="height:{height}px"><script type="application/json">{spec}</script></div>'
        return [nodes.raw("", place, format="html")]
