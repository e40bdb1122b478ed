"""How much a form may bring: looked at before any of it is read."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from runs.limits import MIB
from runs.pictures import PICTURE_BYTES

# A picture, and the text beside it.
FORM_BYTES = PICTURE_BYTES + 2 * MIB


class Bounded(FileUploadHandler):
    """Refuses a form whose announced size is over the limit; the files themselves go to the next handler."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        """Raise RequestDataTooBig, which is answered with 413."""
        if content_length > FORM_BYTES:
            raise RequestDataTooBig(f"A form may have {FORM_BYTES:,} bytes.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass it on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""
