"""The family of a run: parent, root, children at any depth, and the lists of runs that are like it."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.client.errors import UserErrorException
from studio.client.http import segment
from studio.client.labels import filter_text, has, tag_text
from studio.client.operation import change
from studio.client.record import PROMPT_S, READ_FLUSH_S, RunRecord

if TYPE_CHECKING:
    from studio.client.experiment import Experiment
    from studio.client.run import Run
    from studio.client.script import ScriptRunConfig

A_PAGE = 200
MOST_CHILDREN = 100
Labels = str | Mapping[str, Any] | None


class RunFamily(RunRecord):
    """The part of a run that knows its relatives."""

    @property
    def parent(self) -> "Run | None":
        """The run that this one is a child of, or None."""
        return self._relative(self._known().get("parent"))

    @property
    def root(self) -> "Run | None":
        """The run at the top of the tree; None when this one is the top."""
        top = self._known().get("root")
        return self._relative(top if top != self._id else None)

    def _relative(self, run_id: str | None) -> "Run | None":
        from studio.client.run import Run

        return Run(self._experiment, run_id) if run_id else None

    def child_run(
        self, name: str | None = None, run_id: str | None = None, outputs: str | None = None
    ) -> "Run":
        """Create a child of this run and start it. Used with `with`, it completes at the end of the block.

        `outputs`: a folder whose new files are uploaded when the child ends.
        """
        from studio.client.run import Run

        fields = {"parent": self._id, "display_name": name, "run_id": run_id}
        monitor = self._live.is_monitored if self._live else None
        return Run.begin(self._experiment, fields, monitor=monitor, outputs=outputs or False)

    def create_children(
        self,
        count: int | None = None,
        tag_key: str | None = None,
        tag_values: Sequence[Any] | None = None,
    ) -> "Sequence[Run]":
        """Create and start many children in one request: `count` of them, or one for each of `tag_values`.

        They are to be completed by whoever executes them. With `count` each has its number, from 0, as the tag
        `studio.batch_child_number`. Raises UserErrorException when the arguments do not fit each other.
        """
        from studio.client.run import Run

        key, values = tags_of_children(count, tag_key, tag_values)
        children = [{"run_id": str(uuid.uuid4()), "tags": {key: tag_text(key, value)}} for value in values]
        if not children:
            return []
        operation = change(self._id, "children", "children/", {"children": children}, key=str(uuid.uuid4()))
        answer = self._recorder.submit(operation).wait(PROMPT_S * 6) or {}
        found = answer.get("results") or [
            {"id": child["run_id"], "status": "Running", "parent": self._id, "tags": child["tags"]}
            for child in children
        ]
        return [Run(self._experiment, one["id"], _found=one) for one in found]

    def submit_child(
        self, config: "ScriptRunConfig", tags: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> "Run":
        """Run a script as a child of this run; as `Experiment.submit` otherwise."""
        from studio.client.submission import submit

        return submit(self._experiment, config, tags=tags, parent=self._id, **kwargs)

    def resubmit(
        self,
        arguments: Sequence[Any] | None = None,
        *,
        display_name: str | None = None,
        run_id: str | None = None,
    ) -> "Run":
        """Run a run once more on this machine, from its snapshot; return the new run at once.

        `arguments`: instead of those of the script; None for the same. The two runs show each other. A run that
        its own program began becomes a submitted one, and what the program begins there is its child. Raises
        ServiceException where the sources, or the script among them, are not in the studio.
        """
        from studio.client.submission import resubmit

        return resubmit(self, arguments, display_name=display_name, run_id=run_id)  # type: ignore[arg-type]

    def get_children(
        self,
        recursive: bool = False,
        tags: Labels = None,
        properties: Labels = None,
        type: str | None = None,
        status: str | None = None,
    ) -> Iterator["Run"]:
        """Yield the children, or with `recursive` the whole tree below this run without itself.

        `tags` and `properties`: a key that must be there, or keys with their values. A branch whose top does
        not match is still searched.
        """
        from studio.client.run import Run

        self._recorder.settle(READ_FLUSH_S)
        asked = {"recursive": "true"} if recursive else {}
        for found in self._client.pages(self._path("children/"), **asked):
            wanted = has(found.get("tags", {}), tags) and has(found.get("properties", {}), properties)
            if wanted and type in (None, found.get("type")) and status in (None, found["status"]):
                yield Run(self._experiment, found["id"], _found=found)

    @staticmethod
    def list(
        experiment: "Experiment",
        type: str | None = None,
        tags: Labels = None,
        properties: Labels = None,
        status: str | None = None,
        include_children: bool = False,
        *,
        filter: str | None = None,
    ) -> Iterator["Run"]:
        """Yield the runs of an experiment, newest first, those at the top unless `include_children`.

        `tags` and `properties`: a key that must be there, or keys with their values, all of them. `filter` is a
        filter as on the runs page. Pages are asked for as they are wanted.
        """
        from studio.client.run import Run

        workspace = experiment.workspace
        conditions = [*filter_text("tags", tags), *filter_text("properties", properties)]
        conditions += [f"({filter})"] if filter else []
        asked: dict[str, Any] = {
            "experiment": experiment.name,
            "type": type,
            "status": status,
            "include_children": "true" if include_children else None,
            "filter": " and ".join(conditions) or None,
        }
        path = f"workspaces/{segment(workspace.name)}/runs/"
        for found in workspace.client.pages(path, limit=A_PAGE, **asked):
            yield Run(experiment, found["id"], _found=found)

    @staticmethod
    def list_by_compute(
        compute: Any,
        type: str | None = None,
        tags: Labels = None,
        properties: Labels = None,
        status: str | None = None,
    ) -> Iterator["Run"]:
        """Yield the runs that are on a compute target now, newest first.

        `status`: "Running" or "Queued", as in the cloud; both when it is left out.
        """
        if status not in (None, "Running", "Queued"):
            raise UserErrorException(f"status is 'Running' or 'Queued' here, not {status!r}.")
        conditions = [*filter_text("tags", tags), *filter_text("properties", properties)]
        asked = {
            "target": compute.name,
            "type": type,
            "status": [status] if status else ["Running", "Queued"],
            "include_children": "true",
            "filter": " and ".join(conditions) or None,
        }
        return _runs_of(compute.workspace, asked)


def _runs_of(workspace: Any, asked: dict[str, Any]) -> Iterator["Run"]:
    from studio.client.experiment import Experiment
    from studio.client.run import Run

    path = f"workspaces/{segment(workspace.name)}/runs/"
    for found in workspace.client.pages(path, limit=A_PAGE, **asked):
        yield Run(Experiment._known(workspace, found["experiment"]), found["id"], _found=found)


def tags_of_children(
    count: int | None, tag_key: str | None, tag_values: Sequence[Any] | None
) -> tuple[str, Sequence[Any]]:
    """Return the key of the children's tag and its value for each child. The sentences are the cloud's."""
    if count is None and tag_key is None and tag_values is None:
        raise UserErrorException("Either count or tag_key and tag_values must be set")
    if count is not None and (tag_key is not None or tag_values is not None):
        raise UserErrorException("count can not be set when tag_key and tag_values are set")
    if count is None and tag_key is None:
        raise UserErrorException("tag_key must not be null when tag_values is set")
    if count is None and tag_values is None:
        raise UserErrorException("tag_values must not be null when tag_key is set")
    values = [str(number) for number in range(count)] if count is not None else [*(tag_values or ())]
    if len(values) > MOST_CHILDREN:
        raise UserErrorException(f"create_children can not create more than {MOST_CHILDREN} runs")
    return tag_key or "studio.batch_child_number", values
