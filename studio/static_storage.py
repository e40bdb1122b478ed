"""How collected static files are kept: under hashed names, compressed ahead of time."""

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class CollectedStatic(CompressedManifestStaticFilesStorage):
    """gzip alone. With brotli installed, collecting took 52 seconds in place of 2 (plotly at the highest level)."""

    # A script of ours that imports another names it as it is served, by its hash. Those of packages stay untouched.
    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )

    def create_compressor(self, **options: Any) -> Compressor:
        """The compressor of one collection."""
        return Compressor(**options, use_brotli=False)
