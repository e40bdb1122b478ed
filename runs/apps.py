"""The app's configuration."""

from django.apps import AppConfig
from django.core.signals import request_finished, request_started
from django.db.backends.signals import connection_created


class RunsConfig(AppConfig):
    """The one Django app of the studio."""

    name = "runs"
    label = "runs"
    verbose_name = "Run Studio"

    def ready(self) -> None:
        """Let PostgreSQL remember statements, and spare it questions, from the first connection on."""
        from runs.connections import allow_prepared, note_answered, trust_what_answered

        connection_created.connect(allow_prepared, dispatch_uid="runs.prepared")
        # After Django's own, which forgets at both ends of a request that a connection lives.
        request_started.connect(trust_what_answered, dispatch_uid="runs.connections")
        request_finished.connect(note_answered, dispatch_uid="runs.connections")
