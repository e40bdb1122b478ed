"""Pictures of descriptions: taken from a form, answered to members."""

import re
from dataclasses import dataclass

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from runs import storage
from runs.access import get_workspace
from runs.actions.images import keep_image
from runs.errors import Invalid, Refused, TooLarge
from runs.models import DescriptionImage, Workspace
from runs.pictures import PICTURE_BYTES
from runs.query.pictures import read_image
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.headers import SANDBOX

_PLAIN = re.compile(r"[\[\]()!`<>\\\n\r\x00]")


@dataclass(frozen=True)
class Kept:
    """An image, and the Markdown that shows it."""

    image: DescriptionImage
    markdown: str


@require_POST
def upload(request: HttpRequest, workspace: str) -> JsonResponse:
    """Keep the picture of the form; answers with the Markdown that shows it, or with the reason why not."""
    found = get_workspace(caller_of(request), workspace, "write")
    try:
        kept = picture_in(request, found)
    except Refused as refusal:
        return JsonResponse({"error": refusal.message}, status=status_of(refusal))
    url = reverse("description_image", args=[found.name, kept.image.sha256])
    return JsonResponse({"markdown": kept.markdown, "url": url}, status=201)


def picture_in(request: HttpRequest, workspace: Workspace) -> Kept:
    """The picture in the field `picture`, kept. Raises Invalid or TooLarge."""
    file = request.FILES.get("picture")
    if file is None:
        raise Invalid("Choose an image first.", field="picture")
    if (file.size or 0) > PICTURE_BYTES:
        raise TooLarge(f"The image has {file.size:,} bytes; at most 10 MB are taken.", field="picture")
    image = keep_image(workspace, file.read(), by=caller_of(request).user)
    words = _PLAIN.sub(" ", (file.name or "").rpartition("/")[2].rpartition(".")[0]).strip()[:100]
    return Kept(image, f"![{words or 'image'}](image:{image.sha256})")


@require_safe
def description_image(request: HttpRequest, workspace: str, image: str) -> HttpResponseBase:
    """One picture, for members. Its bytes are the studio's own drawing and never change."""
    found = read_image(get_workspace(caller_of(request), workspace), image)
    tag = f'"{found.sha256}"'
    if request.headers.get("If-None-Match") == tag:
        answer: HttpResponse = HttpResponseNotModified()
    else:
        pieces = storage.stream(found.key, end=found.size)
        answer = StreamingHttpResponse(pieces, content_type=found.content_type)  # type: ignore[assignment]
        answer.headers["Content-Length"] = str(found.size)
    answer.headers["ETag"] = tag
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["Content-Disposition"] = "inline"
    return answer
