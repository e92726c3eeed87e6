"""Serve `_build/html` on this machine only, on port 8000 or, if that is taken, on any free one."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SITE = Path(__file__).parent.parent / "_build" / "html"


class QuietHandler(SimpleHTTPRequestHandler):
    """No line in the terminal for every file."""

    def log_message(self, *args):
        """Say nothing."""


def server(port=0):
    """A server of the built site, on loopback; 0 is any free port."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(QuietHandler, directory=SITE))


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
