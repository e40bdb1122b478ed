"""Fixtures of the page tests: a run of every kind of value, and the addresses of its pages."""

import pytest

from runs.actions.files import append_log, put_file
from runs.models import Run
from tests import make

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


@pytest.fixture
def run(workspace, owner) -> Run:
    """A running run with a tag, a parameter, a property, metrics, a log, a picture and a child."""
    made = make.run(
        workspace,
        display_name="first try",
        description="**bold** words",
        tags={"team": "vision", "baseline": None},
        params={"rate": "0.1"},
        properties={"commit": "4f1c09e"},
        metrics={"loss": [0.5, 0.25], "note": ["good"]},
        heartbeat=True,
    )
    make.run(workspace, parent=made, display_name="its child")
    append_log(made, "user_logs/std_log.txt", 0, b"epoch 1\nepoch 2\n")
    put_file(made, "outputs/plot.png", [PNG], by=owner)
    put_file(made, "outputs/page.html", [b"<script>alert(1)</script>"], by=owner)
    put_file(made, "outputs/model.bin", [b"\x00\x01\x02"], by=owner)
    return made


@pytest.fixture
def place(run):
    """The address of the run's page, and of what lies below it."""

    def of(below: str = "") -> str:
        return f"/w/{run.workspace.name}/runs/{run.public_id}/{below}"

    return of
