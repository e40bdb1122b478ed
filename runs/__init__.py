"""The studio's app: models, actions that change them, queries that read them, and the doors."""
