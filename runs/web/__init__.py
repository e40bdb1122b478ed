"""DOOR: pages and htmx fragments, one file per page."""
