"""One search row a run: what the search box of the runs list looks through.

SQLite keeps an FTS5 trigram index of it by triggers (`runs_search_fts`), PostgreSQL a pg_trgm index where the
extension may be made. Both are in the migrations.
"""

from django.db import models

from runs.models.run import Run
from runs.models.stored import Stored


class RunSearch(Stored):
    """Id, number, name, description, experiment, submitter and tags of a run, in lower case, one a line.

    The status is not in it: it changes often, and `query/search.py` compares it with the words itself.
    """

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="search")
    text = models.TextField()

    def __str__(self) -> str:
        return f"search row of run {self.run_id}"
