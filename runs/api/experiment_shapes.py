"""The shapes of experiments' bodies."""

from rest_framework import serializers

from runs.api.serializers import pairs, text


class LastRun(serializers.Serializer):
    """The run of an experiment that was made last."""

    id = serializers.CharField()
    number = serializers.IntegerField()
    status = serializers.CharField()


class ExperimentShape(serializers.Serializer):
    """An experiment with its counts by status, child runs included."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    workspace = serializers.CharField()
    description = serializers.CharField()
    description_version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField(allow_null=True)
    changed_at = serializers.DateTimeField(
        help_text="When its name, description, tags or place were changed last."
    )
    archived_at = serializers.DateTimeField(allow_null=True)
    deleted_at = serializers.DateTimeField(allow_null=True)
    last_run_at = serializers.DateTimeField(allow_null=True)
    last_run = LastRun(allow_null=True)
    tags = serializers.DictField(child=serializers.CharField(allow_null=True))
    counts = serializers.DictField(child=serializers.IntegerField())
    url = serializers.CharField(help_text="The path of its page.")


class ExperimentsPage(serializers.Serializer):
    """A page of experiments and the address of the next, or null."""

    results = ExperimentShape(many=True)
    next = serializers.CharField(allow_null=True)


class NewExperiment(serializers.Serializer):
    """An experiment to find or make."""

    name = text(required=True)
    description = text(default="")
    tags = pairs()


class ExperimentChange(serializers.Serializer):
    """What may be changed of an experiment."""

    name = text(help_text="A new name: 409 when it is taken, also by one in the archive or the trash.")
    description = text()
    description_version = serializers.IntegerField(
        required=False, help_text="The version the editor started from; 409 when it has changed since."
    )
    tags = pairs(help_text="Set these; others stay.")
    remove_tags = serializers.ListField(child=text(required=True), required=False)
    archived = serializers.BooleanField(required=False)
    deleted = serializers.BooleanField(
        required=False, help_text="True moves it to the trash with its runs, false brings them back."
    )
