"""How a file that does not grow is shown: as a picture, in its own way, as its plain lines, or to be downloaded."""

from typing import Any

from runs.content_type import IMAGES, TEXT
from runs.models import Artifact
from runs.web.address import Address
from runs.web.preview import kind_of, plain_facts, preview_facts, word_of

MOST_IMAGE_BYTES = 50 * 1024 * 1024


def view_facts(opened: Artifact, address: Address, *, download_url: str, image_url: str) -> dict[str, Any]:
    """What the viewer shows of the file. `html` of Markdown is safe; its references are yet to be filled in."""
    wanted = address.query.get("as", "")
    facts: dict[str, Any] = {
        "opened": opened,
        "download_url": download_url,
        "text_url": address.having(**{"as": "text"}),
        "preview_url": address.having(**{"as": None}),
    }
    if opened.content_type in IMAGES and opened.size <= MOST_IMAGE_BYTES and wanted != "text":
        return facts | {"kind": "image", "image_url": image_url}
    if opened.size and opened.content_type != TEXT and wanted != "text":
        return facts | {"kind": "other"}
    preview = kind_of(opened.path)
    facts |= {
        "preview": preview if preview != "source" else None,
        "preview_word": word_of(preview, opened),
    }
    if preview and wanted != "text":
        found = preview_facts(preview, opened)
        if "kind" in found:
            return facts | found
        facts |= found
    return facts | {"is_plain": True} | plain_facts(opened)
