"""All reads that are more than fetching a row: filters, lists, series, search."""
