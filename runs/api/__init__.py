"""DOOR: REST, described by OpenAPI."""
