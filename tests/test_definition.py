"""What a submitted run's definition takes, and what it refuses with a sentence."""

import pytest

from runs.definition import Definition, Resources, clean_definition, read_definition
from runs.errors import Invalid


def test_an_empty_definition_has_every_key():
    assert read_definition(clean_definition({})) == Definition()
    assert set(clean_definition({})) == set(Definition.__dataclass_fields__)


def test_what_is_stored_comes_back_as_it_was_given():
    given = {
        "command": ["train.sh", "a b", 'it\'s "quoted"', "e\u0301", ""],
        "interpreter": "/opt/py 3/bin/python",
        "environment": {"GREETING": "two\nlines", "EMPTY": "", "_x1": "e\u0301"},
        "max_run_duration_seconds": 60,
        "cancel_grace_seconds": 0.5,
        "resources": {"cpus": 4, "gpus": 0, "memory_mb": 8000, "time_s": 3600, "queue": "long"},
    }
    found = read_definition(clean_definition(given))
    assert found.command == given["command"] and found.environment == given["environment"]
    assert found.resources == Resources(4, 0, 8000, 3600, "long")
    assert (found.max_run_duration_seconds, found.cancel_grace_seconds) == (60, 0.5)


def test_keys_of_a_later_version_are_left_alone():
    stored = clean_definition({}) | {"colour": "red", "resources": {"cpus": 1, "racks": 2}}
    assert read_definition(stored).resources == Resources(cpus=1)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("train.py", "definition must be an object"),
        ({"comand": "x"}, "definition has no 'comand'; it has command,"),
        ({"command": []}, "a line for the shell, or a list of words"),
        ({"command": {"a": 1}}, "a line for the shell, or a list of words"),
        ({"command": "a\x00b"}, "NUL"),
        ({"command": [""]}, "must not be empty"),
        ({"environment": ["A=1"]}, "must be an object"),
        ({"environment": {"A=B": "1"}}, "'A=B' is no name of an environment variable"),
        ({"environment": {"A": 1}}, "definition.environment.A must be text"),
        ({"environment": {"STUDIO_TOKEN": "studio_1_x"}}, "STUDIO_TOKEN is set for each run"),
        ({"max_run_duration_seconds": 0}, "whole number from 1"),
        ({"max_run_duration_seconds": True}, "whole number from 1"),
        ({"max_run_duration_seconds": 10**30}, "whole number from 1"),
        ({"cancel_grace_seconds": -1}, "seconds from 0 to 60"),
        ({"cancel_grace_seconds": 61}, "from 0 to 60, as a cancel that nobody confirms is enforced within"),
        ({"cancel_grace_seconds": float("nan")}, "seconds from 0 to 60"),
        ({"resources": {"cpus": 0}}, "definition.resources.cpus is a whole number from 1"),
        ({"resources": {"gpus": 1.5}}, "definition.resources.gpus is a whole number from 0"),
        ({"resources": {"queue": "a\nb"}}, "line break"),
        ({"resources": {"tpus": 1}}, "definition.resources has no 'tpus'"),
    ],
)
def test_what_cannot_be_executed_is_refused_with_a_sentence(given, says):
    with pytest.raises(Invalid) as refusal:
        clean_definition(given)
    assert says in str(refusal.value)
