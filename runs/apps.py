"""The app's configuration."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class RunsConfig(AppConfig):
    """The one Django app of the studio."""

    name = "runs"
    label = "runs"
    verbose_name = "Run Studio"

    def ready(self) -> None:
        """Let PostgreSQL remember statements from the first connection on."""
        from runs.prepared import allow_prepared

        connection_created.connect(allow_prepared, dispatch_uid="runs.prepared")
