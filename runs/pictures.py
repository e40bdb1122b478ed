"""Pictures that people paste: looked at by their content, drawn anew without anything hidden in them, or refused.

Nothing of the file that came is kept: no EXIF (where a photo was taken), no comments, no bytes behind the end, no
file that is a picture and a script at once.
"""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from runs.errors import Invalid, TooLarge
from runs.limits import MIB

PICTURE_BYTES = 10 * MIB
# What is drawn in memory: 40 million points are a photo of 8,000 by 5,000, at 4 bytes each 160 MB.
MOST_POINTS = 40_000_000
MOST_SIDE = 20_000
MOST_FRAMES = 400
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
_HINT = "Paste a PNG, JPEG, GIF or WebP of up to 10 MB."


@dataclass(frozen=True)
class Picture:
    """A picture drawn anew: its bytes, their type, and its size in points."""

    body: bytes
    content_type: str
    width: int
    height: int


def redraw(body: bytes) -> Picture:
    """The same picture, drawn anew. Raises TooLarge, or Invalid for what is none of the four kinds or is damaged."""
    if len(body) > PICTURE_BYTES:
        raise TooLarge(f"The image has {len(body):,} bytes; at most 10 MB are taken.", field="image")
    if not body:
        raise Invalid(f"The image is empty. {_HINT}", field="image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body), formats=list(TYPES)) as picture:
                _check_size(picture)
                return _drawn(picture)
    except UnidentifiedImageError:
        raise Invalid(f"This is no image that can be shown. {_HINT}", field="image") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooLarge("The image has too many points to be drawn.", field="image") from None
    except (OSError, SyntaxError, ValueError, EOFError, ArithmeticError, LookupError, TypeError, MemoryError):
        raise Invalid(f"The image is damaged and cannot be drawn. {_HINT}", field="image") from None


def _check_size(picture: Image.Image) -> None:
    width, height = picture.size
    frames = int(getattr(picture, "n_frames", 1))
    if frames > MOST_FRAMES:
        raise TooLarge(f"The image has {frames:,} frames; at most {MOST_FRAMES} are taken.", field="image")
    if max(width, height) > MOST_SIDE or width * height * frames > MOST_POINTS:
        size = f"{width:,} × {height:,} points" + (f" in {frames:,} frames" if frames > 1 else "")
        raise TooLarge(
            f"The image has {size}; at most {MOST_POINTS // 1_000_000} million points are taken.",
            field="image",
        )


def _drawn(picture: Image.Image) -> Picture:
    kind = picture.format or ""
    frames = (
        [_bare(frame) for frame in ImageSequence.Iterator(picture)] if kind != "JPEG" else [_photo(picture)]
    )
    options = _options(kind, picture)
    if len(frames) > 1:
        options |= {
            "save_all": True,
            "append_images": frames[1:],
            "duration": _durations(picture, len(frames)),
            "loop": int(picture.info.get("loop", 0) or 0),
        }
    out = io.BytesIO()
    frames[0].save(out, kind, **options)
    body = out.getvalue()
    if len(body) > 2 * PICTURE_BYTES:
        raise TooLarge("The image is larger than 20 MB once it is drawn anew.", field="image")
    return Picture(body, TYPES[kind], frames[0].width, frames[0].height)


def _bare(frame: Image.Image) -> Image.Image:
    """The frame's points and nothing else."""
    mode = frame.mode if frame.mode in ("1", "L", "LA", "RGB", "RGBA", "I;16") else "RGBA"
    bare = frame.convert(mode) if mode != frame.mode else frame.copy()
    bare.info.clear()
    return bare


def _photo(picture: Image.Image) -> Image.Image:
    """Turned as its camera held it, which only the EXIF says."""
    turned = ImageOps.exif_transpose(picture) or picture
    photo = turned.convert("RGB") if turned.mode not in ("L", "RGB") else turned.copy()
    photo.info.clear()
    return photo


def _options(kind: str, picture: Image.Image) -> dict[str, object]:
    if kind == "JPEG":
        return {"quality": 90, "optimize": True}
    if kind == "WEBP":
        return {"quality": 90, "method": 4, "lossless": picture.mode == "P"}
    return {"optimize": True} if kind == "PNG" else {}


def _durations(picture: Image.Image, frames: int) -> list[int]:
    """Milliseconds each frame is shown, never so short that it blinks."""
    shown: list[int] = []
    for number in range(frames):
        picture.seek(number)
        shown.append(max(20, int(picture.info.get("duration", 100) or 100)))
    return shown
