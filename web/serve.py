"""Serve `_build/html` on this machine only, compressed as hosts do, on port 8000 or, if taken, on any free one."""

import gzip
import io
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SITE = Path(__file__).parent.parent / "_build" / "html"
TEXT = {".html", ".css", ".js", ".svg", ".ipynb", ".md", ".txt"}


class Handler(SimpleHTTPRequestHandler):
    """Files, compressed where that helps and the browser can; no line in the terminal for every one."""

    protocol_version = "HTTP/1.1"

    def send_head(self):
        """Answer as the library does, but with a smaller body."""
        path = Path(self.translate_path(self.path))
        if path.suffix not in TEXT or not path.is_file() or "gzip" not in self.headers.get("Accept-Encoding", ""):
            return super().send_head()
        body = gzip.compress(path.read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", self.date_time_string(path.stat().st_mtime))
        self.send_header("Vary", "Accept-Encoding")
        self.end_headers()
        return io.BytesIO(body)

    def log_message(self, *args):
        """Say nothing."""


def server(port=0):
    """A server of the built site, on loopback; 0 is any free port."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=SITE))


if __name__ == "__main__":
    try:
        site = server(8000)
    except OSError:
        site = server()
    print(f"The book is at http://127.0.0.1:{site.server_port}/  (Ctrl-C ends)", flush=True)
    try:
        site.serve_forever()
    except KeyboardInterrupt:
        print()
