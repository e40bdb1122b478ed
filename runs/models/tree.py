"""The tree of runs, as the database walks it."""

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from runs.models.run import Run


def numbers_below(parents: QuerySet[Run]) -> RawSQL:
    """The numbers of all runs below these, at any depth, found by going down from parent to child in the database."""
    sql, params = parents.values("pk").query.sql_with_params()
    table = Run._meta.db_table
    return RawSQL(  # noqa: S611  # names of ours; the parameters stay parameters
        f'WITH RECURSIVE below(id) AS (SELECT id FROM "{table}" WHERE parent_id IN ({sql}) '  # noqa: S608
        f'UNION SELECT child.id FROM "{table}" AS child JOIN below ON child.parent_id = below.id) '
        "SELECT id FROM below",
        params,
    )
