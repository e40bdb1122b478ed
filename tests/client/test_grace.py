"""How long a script that is stopped has."""

import pytest

from runs.definition import LONGEST_GRACE_S as LONGEST_OF_THE_STUDIO
from studio.client.grace import LONGEST_GRACE_S, grace_of


def test_the_run_says_it_before_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert grace_of(None) == 10
    monkeypatch.setenv("STUDIO_CANCEL_GRACE_S", "0.5")
    assert (grace_of(None), grace_of(0), grace_of(20)) == (0.5, 0, 20)


def test_client_and_studio_know_one_longest_grace() -> None:
    assert LONGEST_GRACE_S == LONGEST_OF_THE_STUDIO
    assert grace_of(3600) == LONGEST_GRACE_S  # of a run that an earlier version made


@pytest.mark.parametrize(
    ("text", "taken_s"), [("61", 60), ("inf", 60), ("nan", 10), ("-1", 10), ("soon", 10)], ids=str
)
def test_what_cannot_be_is_told_in_a_sentence(
    text: str, taken_s: float, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STUDIO_CANCEL_GRACE_S", text)
    assert grace_of(None) == taken_s
    said = f"seconds from 0 to 60, not {text}: a script that is stopped has {taken_s} s."
    assert said in capsys.readouterr().err
