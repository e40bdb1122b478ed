"""DOOR: MLflow's tracking protocol: translate, call an action or a query, translate back."""
