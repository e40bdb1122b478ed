"""Bodies as they come over HTTP, in pieces."""

import io

import pytest
from django.test import RequestFactory

from runs.errors import Invalid
from runs.file_transfer import pieces


def in_chunks(content, **environ):
    request = RequestFactory().put("/", HTTP_TRANSFER_ENCODING="chunked", **environ)
    request.META.pop("CONTENT_LENGTH", None)
    request.META["wsgi.input"] = io.BytesIO(content)
    return request


def test_a_body_without_a_length_is_taken_where_its_end_is_known():
    """Of one in chunks WSGI tells the same whether it ended or its sender went away in the middle."""
    known = {"wsgi.input_terminated": True}
    assert list(pieces(in_chunks(b"", **known))) == []
    assert b"".join(pieces(in_chunks(b"hello", **known), proven=True)) == b"hello"
    for request in (in_chunks(b"hello", **known), in_chunks(b""), in_chunks(b"hello")):
        with pytest.raises(Invalid, match="Send a Content-Length"):
            list(pieces(request))
