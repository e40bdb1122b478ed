"""Serves plotly.js out of the installed plotly package, and of that folder nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plotly
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

BUNDLE = "plotly.min.js"


class PlotlyFinder(BaseFinder):
    """Finds the one file `plotly/plotly.min.js`; the package's folder also holds data sets and widgets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        folder = Path(plotly.__file__).parent / "package_data"
        self.storage = FileSystemStorage(location=folder)
        # collectstatic and the URL see the file under a folder of its own.
        self.storage.prefix = "plotly"  # type: ignore[attr-defined]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """The file's place on the disk, or nothing for any other name."""
        if path != f"plotly/{BUNDLE}":
            return [] if find_all else None
        found = self.storage.path(BUNDLE)
        return [found] if find_all else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        """The one file, for collectstatic."""
        yield BUNDLE, self.storage

    def check(self, **kwargs: Any) -> "list[Any]":  # type: ignore[valid-type]
        """Nothing to check."""
        return []
