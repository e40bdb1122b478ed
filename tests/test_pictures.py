"""Pictures that people paste: told by their content, drawn anew, and nothing hidden in them stays."""

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from runs import pictures
from runs.errors import Invalid, TooLarge
from runs.pictures import redraw

SECRET = b"51.4779N 0.0015W"


def saved(kind, size=(12, 8), mode="RGB", **options):
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, kind, **options)
    return out.getvalue()


def exif():
    data = Image.Exif()
    data[0x010E] = SECRET.decode()  # ImageDescription
    data[0x0112] = 6  # turned by a quarter
    return data


def with_text():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", SECRET.decode())
    return saved("PNG", pnginfo=info, exif=exif())


@pytest.mark.parametrize(
    ("body", "kind", "size"),
    [
        (with_text(), "image/png", (12, 8)),
        (saved("JPEG", exif=exif(), comment=SECRET), "image/jpeg", (8, 12)),
        (saved("WEBP", exif=exif()), "image/webp", (12, 8)),
        (saved("GIF", comment=SECRET), "image/gif", (12, 8)),
        (saved("PNG", mode="RGBA"), "image/png", (12, 8)),
        (saved("PNG", mode="P"), "image/png", (12, 8)),
        (saved("PNG", mode="I;16"), "image/png", (12, 8)),
        (saved("JPEG", mode="CMYK"), "image/jpeg", (12, 8)),
        (saved("JPEG", mode="L"), "image/jpeg", (12, 8)),
    ],
)
def test_a_picture_is_drawn_anew_without_what_was_hidden_in_it(body, kind, size):
    found = redraw(body + SECRET + b"<script>alert(1)</script>")
    assert (found.content_type, (found.width, found.height)) == (kind, size)
    assert SECRET not in found.body and b"script" not in found.body
    again = Image.open(io.BytesIO(found.body))
    again.load()
    assert again.size == size and not again.getexif() and not again.info.get("comment")


def test_the_same_picture_is_drawn_the_same():
    assert redraw(with_text()).body == redraw(with_text()).body


def test_a_moving_picture_goes_on_moving():
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "green", "blue")]
    for kind in ("GIF", "WEBP"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=[100, 200, 300])
        found = Image.open(io.BytesIO(redraw(out.getvalue()).body))
        assert found.n_frames == 3, kind


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a<script>alert(1)</script>",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 50,
        b"\xff\xd8\xff" + b"x" * 500,
        b"%PDF-1.7",
        b"II*\x00" + b"\x00" * 100,  # TIFF
        saved("BMP"),
        saved("ICO", size=(16, 16)),
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    ],
)
def test_what_is_no_picture_of_the_four_kinds_is_refused_with_a_sentence(body):
    with pytest.raises(Invalid, match="Paste a PNG, JPEG, GIF or WebP of up to 10 MB"):
        redraw(body)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_half_a_picture_is_refused_or_drawn_and_never_breaks(kind, part):
    body = saved(kind, size=(200, 200))
    try:
        redraw(body[: int(len(body) * part)])
    except Invalid as refusal:
        assert "damaged" in refusal.message or "no image" in refusal.message


def bomb(width, height):
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 999))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("width", "height"), [(50_000, 50_000), (8000, 8000), (30_000, 10), (2**31 - 1, 2**31 - 1)]
)
def test_a_small_file_that_draws_huge_is_refused_before_it_is_drawn(width, height):
    with pytest.raises((TooLarge, Invalid), match=r"points|damaged"):
        redraw(bomb(width, height))


def test_a_film_is_refused(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_FRAMES", 3)
    frames = [Image.new("L", (9, 9), shade) for shade in range(0, 250, 50)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(TooLarge, match="5 frames; at most 3"):
        redraw(out.getvalue())


def test_more_than_ten_megabytes_are_refused():
    with pytest.raises(TooLarge, match="at most 10 MB"):
        redraw(b"\x89PNG" + b"x" * pictures.PICTURE_BYTES)
