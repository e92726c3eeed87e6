"""Make page_line.npz and page_line.png: a real CTC network reads one line of a photographed page.

Everything comes from PyPI. The recogniser is too heavy for the project's own dependencies, so run this
in a throw-away environment (Python 3.11 or 3.12), from the root of the repository:

    python -m venv ocr
    ocr/bin/pip install numpy==2.4.6 pillow==13.0.0 onnxruntime==1.32.0 scikit-image==0.26.0
    ocr/bin/pip install --no-deps rapidocr-onnxruntime==1.4.4
    ocr/bin/python data/make_page_line.py

`--no-deps`: the wheel is used only as the carrier of the model file, its own code and OpenCV are not run.
"""

from hashlib import sha256
from importlib.metadata import distribution
from itertools import groupby
from pathlib import Path

import numpy as np
import onnxruntime
import skimage
from PIL import Image

MODEL = distribution("rapidocr-onnxruntime").locate_file("rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx")
TRANSCRIPT = "Let us first determine markers of the coins and the"  # read by a person, not by the network
ROWS = slice(46, 64)  # the whole line, and no ink of its neighbours
HEIGHT = 48  # the height the network was trained on
THRESHOLD = 0.01  # symbols that never reach this probability are merged into the last column
BLANK, OTHER = "ε", "other"


def line_image():
    """Return the line as the network sees it: grey, scaled to the network's height."""
    line = Image.fromarray(skimage.data.page()[ROWS])
    return line.resize((round(line.width * HEIGHT / line.height), HEIGHT), Image.Resampling.BICUBIC)


def recognise(image):
    """Return the network's softmax outputs (T, K), float32, and its K symbols, the blank first."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # one thread: one order of summation, the same bits every time
    session = onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])
    # The dictionary names neither the blank, which is class 0, nor the space, which is the last class.
    characters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    pixels = (np.asarray(image, np.float32) / 255 - 0.5) / 0.5
    batch = np.broadcast_to(pixels, (1, 3, *pixels.shape))  # the network expects three colours
    (y,) = session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(batch)})
    return y[0], np.array([BLANK, *characters, " "])


def reduce(y, symbols):
    """Keep the symbols that ever reach the threshold; one last column holds what the others share.

    The network's float32 softmax sums to 1 only within some 1e-6, so the rows are normalised first.
    """
    y = y.astype(np.float64)
    y /= y.sum(axis=1, keepdims=True)
    kept = y.max(axis=0) > THRESHOLD
    reduced = np.column_stack([y[:, kept], y[:, ~kept].sum(axis=1)])
    return reduced.astype(np.float32), np.append(symbols[kept], OTHER)


def best_path(y, symbols):
    """Return the text that the most probable path collapses to."""
    return "".join(symbols[k] for k, _ in groupby(y.argmax(axis=1)) if k != 0)


def main():
    """Make both files beside this script and print what was done."""
    here = Path(__file__).parent
    image = line_image()
    y_full, symbols_full = recognise(image)
    y, symbols = reduce(y_full, symbols_full)
    assert symbols[0] == BLANK and set(TRANSCRIPT) <= set(symbols[1:-1])
    assert best_path(y_full, symbols_full) == best_path(y, symbols) == TRANSCRIPT

    image.save(here / "page_line.png", optimize=True)
    np.savez_compressed(here / "page_line.npz", y=y, symbols=symbols, transcript=np.array(TRANSCRIPT))

    print("model    sha256", sha256(MODEL.read_bytes()).hexdigest())
    print("image   ", image.width, "x", image.height)
    print("outputs ", y_full.shape, "reduced to", y.shape, y.dtype)
    print("symbols ", symbols.tolist())
    print("other    at most", y[:, -1].max())
    print("rows     sum to 1 within", abs(y.sum(axis=1, dtype=np.float64) - 1).max())
    print("blank   ", (y.argmax(axis=1) == 0).sum(), "of", len(y), "frames")
    print("reads   ", best_path(y, symbols))
    for name in ("page_line.npz", "page_line.png"):
        data = (here / name).read_bytes()
        print(name, len(data), "bytes, sha256", sha256(data).hexdigest())


if __name__ == "__main__":
    main()
