"""The shapes of bodies: they check types and document themselves; the rules are the actions'."""

from typing import Any

from rest_framework import serializers


def text(*, required: bool = False, **options: Any) -> serializers.CharField:
    """A text as it was sent: blanks stay, empty is allowed."""
    return serializers.CharField(required=required, trim_whitespace=False, allow_blank=True, **options)


def pairs(*, required: bool = False, help_text: str = "") -> serializers.DictField:
    """Names and values; a value may be null."""
    return serializers.DictField(
        required=required, child=serializers.JSONField(allow_null=True), help_text=help_text
    )


class Problem(serializers.Serializer):
    """What is wrong, in a sentence."""

    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(allow_null=True)


class ErrorAnswer(serializers.Serializer):
    """The shape of every refusal."""

    error = Problem()


class WorkspaceShape(serializers.Serializer):
    """A workspace."""

    name = serializers.CharField()
    description = serializers.CharField()
    lost_after_s = serializers.IntegerField(help_text="A run that was silent for so long has failed.")
    stops_canceled = serializers.BooleanField(
        help_text="Whether a script without heartbeats is told of a cancel by a refusal of its next write."
    )
    created_at = serializers.DateTimeField()
    role = serializers.CharField()


class NewWorkspace(serializers.Serializer):
    """A workspace to make."""

    name = text(required=True)
    description = text(default="")


class WorkspaceChange(serializers.Serializer):
    """What may be changed of a workspace."""

    description = text()
    lost_after_s = serializers.IntegerField(
        required=False,
        help_text="A run that was silent for so long has failed: 600 to 2,592,000, a day at first.",
    )
    stops_canceled = serializers.BooleanField(
        required=False,
        help_text="Whether a script without heartbeats is told of a cancel by a refusal of its next write.",
    )


class Me(serializers.Serializer):
    """The caller."""

    user = serializers.CharField()
    profile = serializers.DictField(allow_null=True, help_text="Null for the token of one run.")
    workspaces = WorkspaceShape(many=True)
    version = serializers.CharField()


class StarShape(serializers.Serializer):
    """Whether it is starred by the caller."""

    starred = serializers.BooleanField()


class ErrorDetails(serializers.Serializer):
    """Why a run failed."""

    code = serializers.CharField()
    message = serializers.CharField()
    details = serializers.DictField(child=serializers.CharField())


class RunShape(serializers.Serializer):
    """A run with all its values."""

    id = serializers.CharField()
    number = serializers.IntegerField()
    display_name = serializers.CharField()
    experiment = serializers.CharField()
    workspace = serializers.CharField()
    status = serializers.CharField()
    status_reason = serializers.CharField()
    type = serializers.CharField()
    target = serializers.CharField()
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # a field here, in DRF an attribute
    root = serializers.CharField()  # type: ignore[assignment]
    resubmitted_from = serializers.CharField(
        allow_null=True, help_text="The id of the run that this one is once more."
    )
    child_count = serializers.IntegerField()
    description = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    duration_s = serializers.FloatField(allow_null=True)
    start_received_at = serializers.DateTimeField(
        allow_null=True, help_text="When the studio heard of the start, where that was later."
    )
    end_received_at = serializers.DateTimeField(
        allow_null=True, help_text="When the studio heard of the end, where that was later."
    )
    heartbeat_at = serializers.DateTimeField(allow_null=True)
    created_by = serializers.CharField(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)
    tags = serializers.DictField(child=serializers.CharField(allow_null=True))
    properties = serializers.DictField(child=serializers.CharField())
    params = serializers.DictField(child=serializers.CharField())
    metrics = serializers.DictField(
        child=serializers.JSONField(), help_text="Last values; NaN and infinities are text."
    )
    error = ErrorDetails(allow_null=True)
    script = serializers.CharField()
    arguments = serializers.ListField(child=serializers.CharField())
    url = serializers.CharField(help_text="The path of its page.")


class RunsPage(serializers.Serializer):
    """A page of runs and the address of the next, or null."""

    results = RunShape(many=True)
    next = serializers.CharField(allow_null=True)


class GroupsShape(serializers.Serializer):
    """Runs in groups."""

    class Group(serializers.Serializer):
        """One group. `columns` has mean, standard deviation (null for one run) and number of runs by column."""

        value = serializers.CharField(allow_null=True)
        has_key = serializers.BooleanField(help_text="False for the runs that lack the tag or parameter.")
        runs = serializers.IntegerField()
        filter = serializers.CharField(help_text="The filter that leaves the runs of this group.")
        columns = serializers.DictField()

    group = serializers.CharField()
    runs = serializers.IntegerField(help_text="How many runs were looked at, the newest.")
    has_more_runs = serializers.BooleanField()
    group_count = serializers.IntegerField()
    groups = Group(many=True)


class NewRunBody(serializers.Serializer):
    """A run to make."""

    experiment = text(required=True, help_text="Made if it is new.")
    run_id = text()
    display_name = text(default="")
    description = text(default="")
    parent = serializers.CharField(  # type: ignore[assignment]
        required=False, allow_null=True, trim_whitespace=False, help_text="The id of a run."
    )
    type = text(default="")
    target = text(default="")
    compute_target = text(
        default="",
        help_text="The name of an attached target that executes it: it begins once its stage is Queued, when the "
        "snapshot is there.",
    )
    script = text(default="")
    arguments = serializers.ListField(child=text(required=True), required=False)
    definition = serializers.JSONField(
        required=False,
        help_text="For a run that others execute: command, interpreter, environment, max_run_duration_seconds, "
        "cancel_grace_seconds and resources, all optional.",
    )
    tags = pairs()
    properties = pairs()
    params = pairs()
    start = serializers.BooleanField(default=False, help_text="Running at once.")
    heartbeat = serializers.BooleanField(default=False, help_text="The caller promises heartbeats.")
    started_at = serializers.DateTimeField(
        required=False,
        help_text="When it really began, where it is told later; corrected by the header Studio-Sent-At.",
    )


class NewChild(serializers.Serializer):
    """A child run to make."""

    run_id = text()
    display_name = text(default="")
    tags = pairs()


class ChildrenBody(serializers.Serializer):
    """Child runs to make, up to 100."""

    children = NewChild(many=True)


class ChildrenMade(serializers.Serializer):
    """Child runs that were made, in the order they were asked for."""

    results = RunShape(many=True)


class RunChange(serializers.Serializer):
    """What may be changed of a run by hand."""

    display_name = text()
    description = text()
    description_version = serializers.IntegerField(
        required=False, help_text="The version the editor started from; 409 when it has changed since."
    )
    archived = serializers.BooleanField(required=False)


class StartBody(serializers.Serializer):
    """The start of a run."""

    heartbeat = serializers.BooleanField(default=False, help_text="The caller promises heartbeats.")


class EndBody(serializers.Serializer):
    """The end of a run."""

    ended_at = serializers.DateTimeField(
        required=False,
        help_text="When it really ended, where it is told later; corrected by the header Studio-Sent-At.",
    )


class FailBody(EndBody):
    """Why the run failed."""

    message = text(default="")
    code = text(default="")
    details = pairs(help_text="Texts such as debug_stack_trace.")


class CancelBody(serializers.Serializer):
    """Why, and whether active children go too."""

    reason = text(default="")
    children = serializers.BooleanField(default=False)


class MarkBody(serializers.Serializer):
    """What a stuck run became, and why somebody says so."""

    status = serializers.ChoiceField(choices=["Completed", "Failed", "Canceled"])
    reason = text()


class ReasonBody(EndBody):
    """Why."""

    reason = text(default="")


class BeatShape(serializers.Serializer):
    """How the run stands, and when to send the next heartbeat."""

    status = serializers.CharField()
    cancel_requested = serializers.BooleanField()
    cancel_requested_by = serializers.CharField(allow_null=True)
    next_s = serializers.IntegerField()


class TagsBody(serializers.Serializer):
    """Tags to set and tags to remove."""

    set = pairs()
    remove = serializers.ListField(child=text(required=True), required=False)


class PairsBody(serializers.Serializer):
    """Values to add, each written once."""

    set = pairs(required=True)
