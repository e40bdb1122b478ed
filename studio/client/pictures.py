"""Pictures as PNG, from whatever draws them. Nothing is imported that the caller has not imported already."""

import struct
import zlib
from io import BytesIO
from typing import Any

from studio.client.errors import UserErrorException

PATH_AND_PLOT = "Invalid parameters, path and plot were both provided, only one at a time is supported"
PATH_OR_PLOT = "Invalid parameters, one of path and plot is required as input"
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def drawn(plot: Any) -> bytes:
    """Return the PNG of a matplotlib figure or module, an axes, a PIL image or an array of pixels.

    Raises UserErrorException when it is none of these.
    """
    if not hasattr(plot, "savefig") and hasattr(plot, "get_figure"):  # axes, as pandas' plot() gives them
        plot = plot.get_figure()
    buffer = BytesIO()
    if hasattr(plot, "savefig"):
        plot.savefig(buffer, format="png")
    elif hasattr(plot, "save") and hasattr(plot, "getbands"):
        plot.save(buffer, format="PNG")
    elif hasattr(plot, "__array_interface__") or hasattr(plot, "__array__"):
        return png_of_array(plot)
    else:
        raise UserErrorException(
            f"A plot is a matplotlib figure, a PIL image or an array of pixels, not {type(plot).__name__}."
        )
    return buffer.getvalue()


def png_of_array(array: Any) -> bytes:
    """Return the PNG of pixels: shape (rows, columns) or (rows, columns, 1 to 4), whole numbers from 0 to 255,
    booleans, or fractions from 0 to 1.
    """
    if hasattr(array, "detach"):  # a tensor, perhaps on a GPU
        array = array.detach().cpu().numpy()
    elif not hasattr(array, "astype"):
        array = array.__array__()
    shape = tuple(array.shape)
    channels = shape[2] if len(shape) == 3 else 1
    if len(shape) not in (2, 3) or channels not in COLOUR_TYPES or 0 in shape:
        raise UserErrorException(
            f"A picture has the shape (rows, columns) or (rows, columns, 1 to 4), not {shape}."
        )
    if array.dtype.kind == "f":
        low, high = float(array.min()), float(array.max())
        if not (low >= 0.0 and high <= 1.0):
            raise UserErrorException(
                f"Fractions of a picture lie from 0 to 1; here they go from {low} to {high}."
            )
        array = array * 255 + 0.5
    elif array.dtype.kind == "b":
        array = array * 255
    elif int(array.min()) < 0 or int(array.max()) > 255:
        raise UserErrorException("Whole numbers of a picture lie from 0 to 255.")
    pixels = array.astype("uint8").tobytes()
    return _png(shape[1], shape[0], channels, pixels)


def _png(width: int, height: int, channels: int, pixels: bytes) -> bytes:
    line = width * channels
    lines = b"".join(b"\x00" + pixels[at : at + line] for at in range(0, height * line, line))
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
