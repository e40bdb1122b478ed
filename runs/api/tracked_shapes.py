"""What runs track, on the wire: metrics, files, logs, history."""

from rest_framework import serializers


class TextsByName(serializers.Serializer):
    """An object of names and texts (the names are the keys)."""


class DataShape(serializers.Serializer):
    """Data that a run read, and for what; source and schema are what the script says of it."""

    name = serializers.CharField()
    digest = serializers.CharField()
    source_type = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    schema = serializers.CharField()
    context = serializers.CharField(help_text='As "training"; empty where the script names none.')  # type: ignore[assignment]
    tags = serializers.DictField(child=serializers.CharField())


class ModelShape(serializers.Serializer):
    """A model that a run read or made."""

    id = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField()
    status = serializers.CharField(help_text="PENDING, READY or UPLOAD_FAILED.")
    made_at_step = serializers.IntegerField(allow_null=True, help_text="Null where the run did not say.")
    made_by = serializers.CharField(allow_null=True, help_text="The run whose files its files are.")
    folder = serializers.CharField(help_text="Where its files lie there.")


class InputsShape(serializers.Serializer):
    """What a run read and made."""

    data = DataShape(many=True)  # type: ignore[assignment]
    models = ModelShape(many=True)


class MetricShape(serializers.Serializer):
    """The summary of a metric."""

    name = serializers.CharField()
    kind = serializers.CharField()
    last = serializers.JSONField()
    first = serializers.FloatField(allow_null=True)
    min = serializers.FloatField(allow_null=True)
    max = serializers.FloatField(allow_null=True)
    mean = serializers.FloatField(allow_null=True)
    count = serializers.IntegerField()
    last_step = serializers.IntegerField()
    last_time = serializers.IntegerField(help_text="Milliseconds since 1970.")


class MetricsShape(serializers.Serializer):
    """The metrics of a run."""

    metrics = MetricShape(many=True)


class SeriesIn(serializers.Serializer):
    """Points of one metric, as columns of equal length."""

    name = serializers.CharField()
    kind = serializers.CharField(required=False)
    step = serializers.ListField(child=serializers.IntegerField(), allow_null=True, required=False)
    time = serializers.ListField(child=serializers.IntegerField(), allow_null=True, required=False)
    value = serializers.ListField(
        child=serializers.JSONField(), help_text='Numbers, "NaN", "Infinity", "-Infinity", or texts.'
    )


class MetricsBody(serializers.Serializer):
    """A batch of points."""

    series = SeriesIn(many=True)


class Accepted(serializers.Serializer):
    """How many points were written, and how the run stands."""

    accepted = serializers.IntegerField()
    status = serializers.CharField()
    cancel_requested = serializers.BooleanField()


class SeriesOut(serializers.Serializer):
    """Points of one metric, down-sampled when `sampled`: each bucket keeps its lowest and highest."""

    name = serializers.CharField()
    kind = serializers.CharField()
    step = serializers.ListField(child=serializers.IntegerField())
    time = serializers.ListField(child=serializers.IntegerField())
    value = serializers.ListField(child=serializers.JSONField())
    count = serializers.IntegerField()
    sampled = serializers.BooleanField()


class SeriesAnswer(serializers.Serializer):
    """The series that were asked for."""

    series = SeriesOut(many=True)


class ValuesAnswer(serializers.Serializer):
    """All values in logged order: {run id: {name: {kind, value}}}."""

    runs = serializers.DictField(child=serializers.DictField())


class FileShape(serializers.Serializer):
    """A file of a run."""

    path = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField(allow_null=True)
    content_type = serializers.CharField()
    is_log = serializers.BooleanField()
    updated_at = serializers.DateTimeField()


class DeletedFiles(serializers.Serializer):
    """How many files were deleted."""

    deleted = serializers.IntegerField()


class FilesShape(serializers.Serializer):
    """The files of a run, by path."""

    files = FileShape(many=True)
    next = serializers.CharField(allow_null=True)


class LogAnswer(serializers.Serializer):
    """How long the log is now, and how the run stands."""

    size = serializers.IntegerField()
    status = serializers.CharField()
    cancel_requested = serializers.BooleanField()


class EventShape(serializers.Serializer):
    """One line of the history."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()
    details = serializers.JSONField()


class EventsPage(serializers.Serializer):
    """A page of the history, newest first."""

    results = EventShape(many=True)
    next = serializers.CharField(allow_null=True)
