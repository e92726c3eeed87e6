"""The smallest PNG encoder: 8-bit grey, not compressed.

Compressed bytes differ between builds of zlib, and a stored figure must not. The picture holds numbers
(0 to 255), which the style sheet colours by using it as a mask.
"""

import struct
from base64 import b64encode
from zlib import adler32, crc32

import numpy as np


def encode(levels):
    """Return an array of integers 0..255, shape (rows, columns), as the bytes of a grey PNG.

    >>> encode(np.zeros((2, 3), dtype=np.uint8))[:4]
    b'\\x89PNG'
    """
    levels = np.asarray(levels, dtype=np.uint8)
    rows, columns = levels.shape
    raw = np.pad(levels, ((0, 0), (1, 0))).tobytes()  # each row begins with 0: no filter
    blocks = b""
    for i in range(0, len(raw), 65535):
        block = raw[i : i + 65535]
        blocks += struct.pack("<BHH", i + 65535 >= len(raw), len(block), len(block) ^ 0xFFFF) + block
    body = b"\x78\x01" + blocks + struct.pack(">I", adler32(raw))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def data_uri(png):
    """Return the bytes of a PNG as a `data:` address."""
    return "data:image/png;base64," + b64encode(png).decode()
