"""The app's configuration."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """The one Django app of the studio."""

    name = "runs"
    label = "runs"
    verbose_name = "Run Studio"
