"""The error of a failed run on its page: every detail, and nothing twice."""

import pytest

from runs.actions.run import fail_run
from runs.web.error_texts import without
from tests import make

TRACE = 'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n    1 / 0\nZeroDivisionError: x\n'


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (f"epoch 1\n{TRACE}", "epoch 1"),
        (f"{TRACE}bye\n", "bye"),
        (TRACE, ""),
        (TRACE[50:], ""),
        (f"{TRACE[50:]}bye", "bye"),
        ("epoch 1\n\nepoch 2\n", "epoch 1\n\nepoch 2"),
        ("ZeroDivisionError: x", "ZeroDivisionError: x"),
        ("", ""),
    ],
)
def test_the_last_lines_are_shown_without_the_traceback(lines, left):
    assert without(lines, TRACE) == left


def test_the_page_of_a_failed_script_shows_its_traceback_once(workspace, owner, client_of, reader):
    run = make.run(workspace)
    details = {"last_lines": f"epoch <1>\n{TRACE}", "debug_stack_trace": TRACE, "exit_code": "1"}
    fail_run(run, by=owner, message="The script failed.", details=details)
    html = client_of(reader).get(f"/w/vision/runs/{run.public_id}/").content.decode()
    assert html.count("Traceback (most recent call last)") == 1 and html.count("1 / 0") == 1
    assert "epoch &lt;1&gt;" in html and "exit_code" in html


def test_what_the_sentence_says_already_is_not_said_again(workspace, owner, client_of, reader):
    run = make.run(workspace)
    details = {"debug_type": "ValueError", "debug_message": "no", "debug_stack_trace": "a\nb"}
    fail_run(run, by=owner, message="User program failed with ValueError: no", details=details)
    html = client_of(reader).get(f"/w/vision/runs/{run.public_id}/").content.decode()
    card = html.split('id="error"')[1].split("</section>")[0]
    assert card.count("ValueError") == 1 and "a\nb" in card
