"""How many threads the web server has."""

import pytest

from studio.serve_up import threads


@pytest.mark.parametrize(
    ("said", "workers", "each"), [("", 1, "64"), ("", 4, "16"), ("", 20, "8"), ("5", 4, None)]
)
def test_threads_are_shared_among_the_processes(monkeypatch, said, workers, each):
    monkeypatch.setenv("STUDIO_THREADS", said)
    assert threads(workers).get("STUDIO_THREADS") == each
