"""Every member has the cloud's name, order and defaults, so that scripts run with another import."""

import ast
import inspect
import json
import pickle
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import studio
from studio import exceptions
from studio.client.errors import StudioException
from studio.client.offline_run import OfflineRun

TABLE = Path(__file__).with_name("signatures.txt")
REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "azureml_signatures.json"
CLASSES: dict[str, type] = {
    "Workspace": studio.Workspace,
    "Experiment": studio.Experiment,
    "Run": studio.Run,
    "ScriptRunConfig": studio.ScriptRunConfig,
    "RunConfiguration": studio.RunConfiguration,
    "ComputeTarget": studio.ComputeTarget,
    "LocalTarget": studio.LocalTarget,
    "OfflineRun": OfflineRun,
}
EXCEPTIONS = [
    "ActivityFailed",
    "Authentication",
    "AzureML",
    "AzureMLAggregated",
    "ComputeTarget",
    "DatasetTimestampMissing",
    "DiscoveryUrlNotFound",
    "ExperimentExecution",
    "ModelNotFound",
    "ModelPathNotFound",
    "ParallelRun",
    "ProjectSystem",
    "RunConfiguration",
    "RunEnvironment",
    "Service",
    "Snapshot",
    "Training",
    "UserError",
    "Webservice",
    "Workspace",
    "WorkspacePrivateEndpoint",
]


def members() -> list[tuple[str, str]]:
    """Each class of the table with each line below it."""
    found, class_name = [], ""
    for line in TABLE.read_text().splitlines():
        if line.startswith("["):
            class_name = line.strip("[]")
        elif line and not line.startswith("#"):
            found.append((class_name, line))
    return found


def test_the_table_is_whole() -> None:
    assert len(members()) == 135
    assert {class_name for class_name, _ in members()} == set(CLASSES)


@pytest.mark.parametrize(("class_name", "line"), members(), ids=lambda text: text.split("(")[0])
def test_a_member_takes_what_the_clouds_does_in_its_order(class_name: str, line: str) -> None:
    head, is_method, rest = line.partition("(")
    kind, _, name = head.rpartition(" ")
    found = inspect.getattr_static(CLASSES[class_name], name)
    if not is_method:
        assert isinstance(found, property)
        assert found.__doc__ or "property" in repr(found)
        return
    assert isinstance(found, staticmethod) == (kind == "static")
    assert isinstance(found, classmethod) == (kind == "class")
    check(CLASSES[class_name], name, rest.rstrip(")"))


def check(owner: type, name: str, wanted: str) -> None:
    """Ours may take more behind the cloud's parameters, and may need fewer; nothing else may differ."""
    theirs = inspect.signature(parsed(f"def made({wanted}): ...")).parameters.values()
    ours = [one for one in inspect.signature(getattr(owner, name)).parameters.values() if one.name != "self"]
    if any(one.kind is one.VAR_POSITIONAL for one in theirs):
        return  # the cloud takes anything there
    positional = [one for one in ours if one.kind is one.POSITIONAL_OR_KEYWORD]
    for mine, their in zip(
        positional, [one for one in theirs if one.kind is not one.VAR_KEYWORD], strict=False
    ):
        assert mine.name == their.name
        if their.default is not their.empty:
            assert mine.default == their.default
    wanted_names = [one.name for one in theirs if one.kind is not one.VAR_KEYWORD]
    assert [one.name for one in positional][: len(wanted_names)] == wanted_names
    needed = [one.name for one in positional if one.default is one.empty]
    assert set(needed) <= set(wanted_names)


def parsed(source: str) -> Any:
    """The function of this definition; it holds nothing but names and literals."""
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef)
    assert all(isinstance(one, ast.Constant | ast.UnaryOp) for one in definition.args.defaults)
    names: dict[str, Any] = {}
    exec(source, names)
    return names["made"]


@pytest.mark.skipif(not REFERENCE.is_file(), reason="the reference is not beside this checkout")
def test_the_table_says_what_the_reference_does() -> None:
    known = json.loads(REFERENCE.read_text())
    wanted = {(class_name, member) for class_name, found in known.items() for member in found}
    assert {(name, line.partition("(")[0].rpartition(" ")[2]) for name, line in members()} == wanted


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_has_the_clouds_name(name: str) -> None:
    assert issubclass(getattr(exceptions, f"{name}Exception"), exceptions.StudioException)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("run", "Run"),
        ("run", "get_run"),
        ("experiment", "Experiment"),
        ("workspace", "Workspace"),
        ("runconfig", "RunConfiguration"),
        ("script_run_config", "ScriptRunConfig"),
        ("compute", "ComputeTarget"),
        ("compute_target", "LocalTarget"),
        ("environment", "Environment"),
        ("model", "Model"),
    ],
)
def test_the_clouds_modules_are_found_under_our_name(module: str, name: str) -> None:
    assert getattr(import_module(f"studio.{module}"), name) is getattr(studio, name)


def test_the_version_is_told() -> None:
    assert studio.__version__ == studio.VERSION
    assert set(studio.__all__) == {"VERSION", *studio._HOMES}


@pytest.mark.parametrize("name", [*CLASSES])
def test_every_member_says_what_it_does(name: str) -> None:
    bare = [
        member
        for class_name, line in members()
        if class_name == name and (member := line.partition("(")[0].rpartition(" ")[2]) != "__init__"
        for found in [inspect.getattr_static(CLASSES[name], member)]
        if not (getattr(found, "__func__", found).__doc__ or "").strip()
    ]
    assert bare == []


@pytest.mark.parametrize("name", exceptions.__all__)
def test_the_text_of_an_exception_is_its_sentence(name: str) -> None:
    kind = getattr(exceptions, name)
    cause = OSError("the disk is full")
    raised = (
        kind("It was refused.", cause)
        if kind.__init__ is StudioException.__init__
        else kind("It was refused.")
    )
    assert (str(raised), raised.message) == ("It was refused.", "It was refused.")
    again = pickle.loads(pickle.dumps(raised))
    assert (type(again), str(again), vars(again).keys()) == (kind, "It was refused.", vars(raised).keys())


def test_an_exception_of_the_studio_keeps_what_stands_beside_its_sentence() -> None:
    refused = exceptions.ServiceException(
        "No.", status_code=409, code="conflict", field="tags", details={"a": 1}
    )
    again = pickle.loads(pickle.dumps(refused))
    assert (str(again), again.status_code, again.code, again.field, again.details) == (
        "No.",
        409,
        "conflict",
        "tags",
        {"a": 1},
    )
