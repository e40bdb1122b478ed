"""The reading floor: the filter language, plans, lists, series, search."""
