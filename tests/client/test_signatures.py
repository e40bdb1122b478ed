"""What exists has the cloud's names, order and defaults, so that scripts run with another import."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

import studio

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "azureml_signatures.json"
CLASSES = {"Workspace": studio.Workspace, "Experiment": studio.Experiment, "Run": studio.Run}


def members() -> list[tuple[str, str]]:
    """Each public member of ours that the cloud has, too."""
    if not REFERENCE.is_file():
        return []
    known = json.loads(REFERENCE.read_text())
    return [
        (name, member) for name, kind in CLASSES.items() for member in known[name] if hasattr(kind, member)
    ]


def parameters(signature: str) -> list[tuple[str, Any]]:
    """Split "(self, name, value=None)" into names and defaults; private ones and `self` are left out."""
    parts = re.findall(r"([*\w]+)(?:=('[^']*'|[^,)]+))?", signature)
    return [(name, default) for name, default in parts if not name.startswith(("_", "self", "cls"))]


@pytest.mark.skipif(not REFERENCE.is_file(), reason="the reference is not beside this checkout")
@pytest.mark.parametrize(("class_name", "member"), members())
def test_a_member_takes_what_the_clouds_does_in_its_order(class_name: str, member: str) -> None:
    theirs = json.loads(REFERENCE.read_text())[class_name][member]
    found = inspect.getattr_static(CLASSES[class_name], member)
    if theirs["kind"] == "property":
        assert isinstance(found, property)
        return
    assert isinstance(found, staticmethod) == (theirs["kind"] == "staticmethod")
    ours = inspect.signature(getattr(CLASSES[class_name], member)).parameters.values()
    wanted = parameters(theirs["signature"])
    if ("*args", "") in wanted:
        return  # the cloud takes anything there
    positional = [p for p in ours if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"]
    # Ours may take fewer, never others, and in the same order.
    assert [p.name for p in positional] == [name for name, _ in wanted][: len(positional)]
    for ours_one, (_name, default) in zip(positional, wanted, strict=False):
        if default:
            assert repr(ours_one.default) == default
