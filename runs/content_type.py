"""What a stored file is, judged by its first bytes. Knows no database.

Only these types are ever shown in a page; what a client claims and what a file name says never decides.
"""

_MAGIC: list[tuple[bytes, int, str]] = [
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
]
IMAGES = frozenset(kind for _, _, kind in _MAGIC)
BINARY = "application/octet-stream"
TEXT = "text/plain"


def content_type_of(path: str, head: bytes) -> str:
    """The type by the first bytes: a raster image, plain text, or unknown bytes.

    HTML, SVG and scripts count as plain text, so that no browser runs them.
    """
    for magic, place, kind in _MAGIC:
        if head[place : place + len(magic)] == magic and (kind != "image/webp" or head[:4] == b"RIFF"):
            return kind
    return TEXT if _looks_like_text(head) else BINARY


def _looks_like_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    for cut in range(4):  # a character may be cut at the end of the head
        try:
            (head[: len(head) - cut] if cut else head).decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False
