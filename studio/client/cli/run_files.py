"""`studio run children`, `metrics`, `inputs`, `download` and `download-logs`: what a run holds."""

import argparse
from pathlib import Path
from typing import Any

from studio.client.cli.output import show
from studio.client.cli.parsing import Noun, UsageException, add_run
from studio.client.cli.place import workspace_of
from studio.client.cli.run_find import find_run
from studio.client.cli.run_narrow import add_narrowing, fitting_runs
from studio.client.errors import UserErrorException
from studio.client.experiment import Experiment
from studio.client.files import inside
from studio.client.run import Run
from studio.client.values import to_wire

CHILD_COLUMNS = ("id", "display_name", "status", "created_at", "duration_s", "child_count")


def add(noun: Noun) -> None:
    """Add the commands."""
    _add_children(noun)
    metrics = noun.add(
        "metrics", show_metrics, "print the metrics of a run", "-r digits/12 --name loss -o table"
    )
    add_run(metrics)
    metrics.add_argument("--name", metavar="METRIC", help="only this one")
    metrics.add_argument("--recursive", action="store_true", help="those of all runs below it, too, by run")
    inputs = noun.add(
        "inputs", show_inputs, "print what data a run read, and which models it read or made", "-r digits/12"
    )
    add_run(inputs)
    files = noun.add(
        "download", download_files, "download files of a run", "-r digits/12 --prefix outputs/ -d results"
    )
    add_run(files)
    files.add_argument("--name", action="append", metavar="FILE", help="only this file; repeatable")
    files.add_argument("--prefix", metavar="TEXT", help="only files whose names begin with it")
    files.add_argument(
        "-d", "--output-dir", type=Path, metavar="DIR", help="the folder (default: assets/ID of the run)"
    )
    logs = noun.add("download-logs", download_logs, "download every log of a run", "-r digits/12 -d logs")
    add_run(logs)
    logs.add_argument("-d", "--output-dir", type=Path, required=True, metavar="DIR", help="the folder")


def _add_children(noun: Noun) -> None:
    children = noun.add(
        "children",
        list_children,
        "list the children of a run, in the order they were made",
        "-r sweep/3 --recursive --filter \"status = 'Failed'\" -o table",
    )
    add_run(children)
    children.add_argument("--recursive", action="store_true", help="those below the children, too")
    add_narrowing(children)


def list_children(arguments: argparse.Namespace) -> int:
    """Print the children."""
    workspace = workspace_of(arguments)
    run = find_run(arguments, workspace)
    arguments.order_by = arguments.order_by or "created"
    wanted = {"below" if arguments.recursive else "parent": run["id"]}
    return show(fitting_runs(arguments, workspace, wanted), arguments, CHILD_COLUMNS)


def show_metrics(arguments: argparse.Namespace) -> int:
    """Print them as `Run.get_metrics` returns them; a table has one row for each."""
    run = run_of(arguments)
    found = wire(run.get_metrics(arguments.name, recursive=arguments.recursive))
    by_run = found if arguments.recursive else {None: found}
    rows = [
        {**({"run": run_id} if run_id else {}), "metric": name, "values": _count(value), "last": _last(value)}
        for run_id, metrics in by_run.items()
        for name, value in metrics.items()
    ]
    return show(found, arguments, rows=rows)


def show_inputs(arguments: argparse.Namespace) -> int:
    """Print them as `Run.get_inputs` returns them; a table has one row for each."""
    run = run_of(arguments)
    found = run.get_inputs()
    rows = [
        *({"kind": "data", "name": d["name"], "id": d["digest"], "for": d["context"]} for d in found["data"]),
        *({"kind": "model", "name": m["name"], "id": m["id"], "for": None} for m in found["models"]),
    ]
    return show(found, arguments, rows=rows)


def download_files(arguments: argparse.Namespace) -> int:
    """Download them under their names, and print where they are."""
    if arguments.name and arguments.prefix:
        raise UsageException("Give --name or --prefix, not both.")
    run = run_of(arguments)
    folder: Path = arguments.output_dir or Path("assets", run.id)
    _check_folder(folder)
    names = [name for name in run.get_file_names() if name.startswith(arguments.prefix or "")]
    for name in arguments.name or ():
        run.download_file(name, inside(folder, name))
    if not arguments.name:
        run.download_files(arguments.prefix, folder)
    return _show_files(arguments, run, folder, arguments.name or names)


def download_logs(arguments: argparse.Namespace) -> int:
    """Download them, and print where they are."""
    run = run_of(arguments)
    _check_folder(arguments.output_dir)
    paths = run.get_all_logs(arguments.output_dir)
    names = [Path(path).relative_to(arguments.output_dir).as_posix() for path in paths]
    return _show_files(arguments, run, arguments.output_dir, names)


def run_of(arguments: argparse.Namespace) -> Run:
    """Return the run that `-r` and `-e` mean, as the SDK has it."""
    workspace = workspace_of(arguments)
    found = find_run(arguments, workspace)
    return Run(Experiment._known(workspace, found["experiment"]), found["id"], _found=found)


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UserErrorException(f"{folder} exists and is not a directory.")


def _show_files(arguments: argparse.Namespace, run: Run, folder: Path, names: list[str]) -> int:
    found = {"run_id": run.id, "folder": str(folder), "files": names}
    return show(found, arguments, rows=[{"file": str(folder / name)} for name in names])


def wire(value: Any) -> Any:
    """Return metrics as JSON can hold them: what is not a finite number is spelled."""
    if isinstance(value, dict):
        return {name: wire(one) for name, one in value.items()}
    return [wire(one) for one in value] if isinstance(value, list) else to_wire(value)


def _count(value: Any) -> int:
    if isinstance(value, dict):
        return max((_count(column) for column in value.values()), default=0)
    return len(value) if isinstance(value, list) else 1


def _last(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _last(column) for name, column in value.items()}
    return (value[-1] if value else None) if isinstance(value, list) else value
