"""The filter parameters of the runs list in the OpenAPI document, read off the FilterSet itself."""

from drf_spectacular.utils import OpenApiParameter

from runs.query.filters import RunFilters, Several, Switch


def filter_parameters() -> list[OpenApiParameter]:
    """One parameter for each filter, in the FilterSet's order and words."""
    return [
        OpenApiParameter(
            name,
            bool if isinstance(found, Switch) else str,
            description=str(found.label),
            many=isinstance(found, Several),
        )
        for name, found in RunFilters.base_filters.items()
    ]
