"""What runs are called and print can put no header, no HTML and no link into a message, and no secret of ours."""

import email
import json
import re
from datetime import UTC, datetime
from email import policy
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from django.utils import timezone
from hypothesis import example, given
from hypothesis import strategies as st

from runs import mail, notifier
from runs.actions.alerts import create_alert
from runs.actions.files import append_log
from runs.actions.run import complete_run, fail_run
from runs.alert_message import words_of
from runs.alert_posts import BODIES
from runs.models import Alert, AlertMoment, Delivery, Run, User, Workspace
from runs.query.alert_facts import facts_of_message, plain
from runs.unlinked import unlinked
from tests import make

TEXT = st.text(max_size=60) | st.sampled_from(
    [
        "a\r\nBcc: evil@example.org",
        "<script>alert(1)</script>",
        '"><a href="https://evil.example">x</a>',
        "[x](https://evil.example) https://evil.example www.evil.example evil@evil.example",
        "<!channel> <https://evil.example|x> <@U1>",
        "{{ url }} {% include 'x' %}",
        "\u202egnp.exe\x00\x1b[31m",
        "= https:// //evil.example :// a.b",
    ]
)
HEADERS = {
    *("Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID"),
    *("Auto-Submitted", "X-Auto-Response-Suppress", "List-Unsubscribe", "List-Unsubscribe-Post"),
}
TAGS = {
    *("html", "body", "p", "b", "h3", "a", "br", "table", "tr", "th", "td", "pre", "small", "!doctype"),
}


class Seen(HTMLParser):
    """The tags and links of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.text = set(), [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert set(dict(attrs)) <= {"href", "lang", "cellpadding", "align"}
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.text.append(data)


def message(text):
    """A message every text of which is this one, as if nothing had been cleaned before; and its alert."""
    space = Workspace(pk=1, name="vision")
    alert = Alert(pk=7, workspace=space, owner=User(username="olga"), name=text, channel="email")
    run = {
        "id": text, "number": 1, "name": text, "experiment": text, "watch": "failed", "said": text,
        "status": "Failed", "reason": text, "seconds": 3.0, "by": text, "at": "2026-03-02", "error": text,
        "parent": {"id": text, "number": 2, "name": text, "status": "Running"}, "children": {"Failed": 2},
        "metrics": [{"name": text, "value": 0.5, "before": 0.25, "change": 0.25}], "log": [text, text],
    }  # fmt: skip
    facts = {"workspace": "vision", "alert": text, "counts": {"failed": 1}, "total": 1, "runs": [run]}
    return Delivery(pk=5, alert=alert, subject=f"[vision] {text} failed", facts=facts), alert


@given(TEXT)
@example("a\n.b")
def test_no_text_becomes_a_header_a_tag_or_a_link_of_a_mail(text):
    delivery, alert = message(text)
    sent = mail.compose(notifier.letter_of(delivery, alert, "olga@example.org"))
    read = email.message_from_bytes(sent.message().as_bytes(), policy=policy.default)
    assert set(read.keys()) <= HEADERS and len(read.keys()) == len(set(read.keys()))
    assert read["To"] == "olga@example.org" and "\n" not in read["Subject"]
    html = Seen(read.get_body(("html",)).get_content())
    assert html.tags <= TAGS
    assert {link.split("/")[2] for link in html.links} == {"127.0.0.1:8080"}
    for body in (read.get_body(("plain",)).get_content(), " ".join(html.text)):
        ours = re.sub(r"http://127\.0\.0\.1:8080/\S*", "", body)
        assert "://" not in ours and not re.search(r"[^\W\d_]\.[^\W\d_]{2}|\S@[^\s\u2060]", ours)


@given(TEXT, st.sampled_from(["to", "subject", "key", "unsubscribe", "sender"]))
@example("https://a\r\n\r\nBcc: evil@example.org", "unsubscribe")
@example("a@example.org\nBcc: evil@example.org", "to")
@example("x>\r\nBcc: evil@example.org\r\n <y", "key")
@example("Evil\r\nBcc: evil@example.org <a@example.org>", "sender")
def test_no_field_of_a_letter_begins_another_header(text, field):
    fields = {"to": "olga@example.org", "subject": "s", "key": "k", "unsubscribe": "https://a.example"}
    sender = text if field == "sender" else "studio@example.org"
    letter = mail.Letter(template="mail_test", **({**fields, field: text} if field != "sender" else fields))
    try:
        sent = mail.compose(letter, sender).message().as_bytes()
    except ValueError:  # refused as a whole, and so is sent to nobody
        return
    found = email.message_from_bytes(sent, policy=policy.compat32)
    assert set(found.keys()) <= HEADERS and len(found.keys()) == len(set(found.keys()))
    for part in found.walk():
        assert "Bcc" not in part


@given(TEXT, st.sampled_from(["slack", "mattermost", "teams"]))
def test_no_text_becomes_a_mark_of_a_chat(text, channel):
    delivery, _ = message(text)
    body = json.loads(BODIES[channel](words_of(delivery)))
    if channel == "slack":
        shown = body["blocks"][0]["text"]["text"]
        assert shown.count("<") == 2 == shown.count(">") and "<!" not in shown and "<@" not in shown
    elif channel == "mattermost":
        shown = body["text"]
        links = re.findall(r"(?<!\\)\]\(([^)]*)\)", shown)
        assert [link.split("/")[2] for link in links] == ["127.0.0.1:8080"] * 2
        shown = re.sub(r"\]\([^)]*\)", "", shown)
        assert not re.search(r"(?<![\\])[\[\]<>]", re.sub(r"\\.", "", shown).replace("[", "", 2))
    else:
        shown = json.dumps(body["attachments"][0]["content"]["body"])
        urls = {unquote(url).split("/")[2] for url in re.findall(r'"url": "([^"]*)"', shown)}
        assert urls == {"127.0.0.1:8080"} and '"TextBlock"' not in shown


@given(st.text(max_size=300))
def test_plain_text_is_one_line_that_hides_nothing(text):
    shown = plain(text, 80)
    assert len(shown) <= 80 and len(shown.splitlines()) <= 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    shown.encode()


@pytest.mark.parametrize("text", ["0.25", "1.5e-3", "1,000.5", "loss = 0.5", "3.11"])
def test_numbers_stay_as_they_are(text):
    assert unlinked(text) == text


def test_a_token_that_a_script_printed_is_left_out(owner):
    token = make.token(owner)
    assert token not in plain(f"STUDIO_TOKEN={token}", 300)


def test_a_message_says_what_one_wants_to_know(workspace, owner):
    before = make.run(workspace, metrics={"loss": 0.75})
    complete_run(before, by=owner)
    run = make.run(workspace, metrics={"acc": 0.9, "loss": 0.5})
    complete_run(make.run(workspace, parent=run), by=owner)
    lines = "".join(f"line {n}\n" for n in range(30)) + "  File x, line 3\nbar 1\rbar 2\n"
    append_log(run, "logs/out.txt", 0, lines.encode())
    fail_run(run, by=owner, message="exit code 1")
    alert = create_alert(workspace, by=owner, fields={"statuses": ["failed"], "channel": "app"})
    moment = AlertMoment(alert=alert, run=Run.objects.get(pk=run.pk), watch="failed", at=timezone.now())
    subject, facts = facts_of_message(alert, [moment], datetime(2030, 1, 1, tzinfo=UTC))
    assert subject == "[vision] digits / run 2 failed"
    told = facts["runs"][0]
    assert (told["status"], told["reason"], told["by"]) == ("Failed", "exit code 1", "olga")
    assert told["children"] == {"Completed": 1} and told["seconds"] is not None
    assert [(m["name"], m["before"], m["change"]) for m in told["metrics"]] == [
        ("acc", None, None),
        ("loss", 0.75, -0.25),
    ]
    assert len(told["log"]) == 20 and told["log"][-2:] == ["  File x, line 3", "bar 2"]


def test_both_bodies_of_a_mail_say_it_all_with_links(workspace, owner):
    top = make.run(workspace)
    complete_run(make.run(workspace, metrics={"loss": 0.75}, parent=top), by=owner)
    run = make.run(workspace, metrics={"loss": 0.5}, parent=top)
    complete_run(make.run(workspace, parent=run), by=owner)
    append_log(run, "logs/out.txt", 0, b"the last words\n")
    fail_run(run, by=owner, message="exit code 1")
    alert = create_alert(workspace, by=owner, fields={"statuses": ["failed"], "channel": "app"})
    moment = AlertMoment(alert=alert, run=Run.objects.get(pk=run.pk), watch="failed", at=timezone.now())
    subject, facts = facts_of_message(alert, [moment], timezone.now())
    facts["runs"][0]["seconds"] = 3725.0
    delivery = Delivery(pk=5, alert=alert, subject=subject, facts=facts)
    sent = mail.compose(notifier.letter_of(delivery, alert, "olga@example.org"))
    read = email.message_from_bytes(sent.message().as_bytes(), policy=policy.default)
    text = read.get_body(("plain",)).get_content()
    html = Seen(read.get_body(("html",)).get_content())
    links = {"run": f"/runs/{run.public_id}/", "mute": "/alerts/mute/"}
    for body in (text, " ".join(html.text)):
        for said in (
            "Failed",
            "exit code 1",
            "olga",
            "Completed",
            "loss",
            "0.5",
            "-0.25",
            "the last words",
            "1h 02m",
            "Child of",
        ):
            assert said in body, said
    for name, link in links.items():
        assert link in text and any(link in url for url in html.links), name
    assert any(f"/runs/{top.public_id}/" in url for url in html.links)
