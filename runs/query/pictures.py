"""The images that descriptions of a workspace show."""

from runs.errors import NotFound
from runs.models import DescriptionImage, Workspace


def read_image(workspace: Workspace, sha256: str) -> DescriptionImage:
    """The image of that hash in this workspace. Raises NotFound."""
    found = DescriptionImage.objects.filter(workspace=workspace, sha256=sha256).first()
    if found is None:
        raise NotFound("There is no such image in this workspace.")
    return found
