"""`studio run update` and `tag`: names, descriptions and tags."""

import argparse
from typing import Any

from studio.client.cli.output import show
from studio.client.cli.parsing import Noun, UsageException, add_run, tags_of
from studio.client.cli.place import workspace_of
from studio.client.cli.run_find import find_run
from studio.client.http import segment

COLUMNS = ("id", "display_name", "description", "tags")


def add(noun: Noun) -> None:
    """Add the commands."""
    update = noun.add(
        "update",
        update_run,
        "change name, description and tags of a run",
        "-r digits/12 --add-tag quality='fantastic run' --display-name 'larger batches'",
    )
    add_run(update)
    update.add_argument(
        "--add-tag", action="append", default=[], metavar="KEY[=VALUE]", help="set this tag; repeatable"
    )
    update.add_argument(
        "--remove-tag", action="append", default=[], metavar="KEY", help="remove this tag; repeatable"
    )
    update.add_argument("--display-name", metavar="TEXT", help="the new name")
    update.add_argument("--description", metavar="TEXT", help="the new description, in Markdown")
    tag = noun.add(
        "tag", tag_run, "set and remove tags of a run", "-r digits/12 quality=good seen --remove draft"
    )
    add_run(tag)
    tag.add_argument("tags", nargs="*", metavar="KEY[=VALUE]", help="set this tag")
    tag.add_argument(
        "--remove", action="append", default=[], metavar="KEY", help="remove this tag; repeatable"
    )


def update_run(arguments: argparse.Namespace) -> int:
    """Change what was named."""
    texts = {name: getattr(arguments, name) for name in ("display_name", "description")}
    change = {name: text for name, text in texts.items() if text is not None}
    if not (change or arguments.add_tag or arguments.remove_tag):
        raise UsageException("Name what to change: --add-tag, --remove-tag, --display-name or --description.")
    return _change(arguments, change, tags_of(arguments.add_tag), arguments.remove_tag)


def tag_run(arguments: argparse.Namespace) -> int:
    """Set and remove tags; the others stay as they are."""
    if not (arguments.tags or arguments.remove):
        raise UsageException("Name a tag to set, KEY or KEY=VALUE, or one to remove: --remove KEY.")
    return _change(arguments, {}, tags_of(arguments.tags), arguments.remove)


def _change(
    arguments: argparse.Namespace, change: dict[str, Any], tags: dict[str, str | None], removed: list[str]
) -> int:
    workspace = workspace_of(arguments)
    run = find_run(arguments, workspace)
    path = f"runs/{segment(run['id'])}/"
    if tags or removed:
        # Setting and removing tags is the same the second time.
        workspace.post_once(f"{path}tags/", {"set": tags, "remove": removed})
    found = workspace.client.patch(path, change) if change else workspace.client.get(path)
    return show(found, arguments, COLUMNS)
