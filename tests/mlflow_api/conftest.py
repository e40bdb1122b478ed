"""Who speaks MLflow's protocol in these tests, and a run to speak of."""

import json

import pytest
from django.test import Client

from tests import make


@pytest.fixture
def client(workspace, owner):
    """The owner of the workspace, by a token."""
    return Client(headers={"Authorization": f"Bearer {make.token(owner)}"})


@pytest.fixture
def send(client):
    """Sends fields to a route of the workspace; returns the status and the answer."""

    def sent(route: str, method: str = "POST", **fields):
        path = f"/w/vision/api/2.0/mlflow/{route}"
        if method == "GET":
            answer = client.get(path, fields)
        else:
            answer = client.generic(method, path, json.dumps(fields), "application/json")
        return answer.status_code, answer.json()

    return sent


@pytest.fixture
def run(workspace):
    """A run that is running."""
    return make.run(workspace)
