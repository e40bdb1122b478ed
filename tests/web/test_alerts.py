"""The bell, the list of alerts, one of them, and the messages: what each person sees and may do."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from runs.actions.alerts import create_alert, send_test
from runs.actions.views import create_view
from runs.models import Alert, Delivery, User
from tests import make

FORM = {"statuses": ["failed", "not responding"], "channel": "app", "timing": "now"}


@pytest.fixture
def browser(client_of, contributor):
    return client_of(contributor)


def message(alert, subject="[vision] digits / run 1 failed", **fields):
    return Delivery.objects.create(
        alert=alert,
        user=alert.owner,
        workspace=alert.workspace,
        subject=subject,
        facts={"workspace": "vision", "alert": "x", "runs": []},
        created_at=timezone.now(),
        sent_at=timezone.now(),
        **fields,
    )


def alert_of(workspace, person, **fields):
    return create_alert(workspace, by=person, fields={"statuses": ["failed"], "channel": "app"} | fields)


def test_the_bell_of_a_run_an_experiment_and_a_view_leads_to_its_form(browser, workspace, contributor):
    run = make.run(workspace, "a/b & c")
    view = create_view(workspace, by=contributor, name="mine", address={})
    places = {
        f"/w/vision/runs/{run.public_id}/": f"?run={run.public_id}",
        reverse("experiment", args=["vision", run.experiment.name]): "?experiment=a%2Fb%20%26%20c",
        f"/w/vision/runs/?view={view.pk}": f"?view={view.pk}",
    }
    for place, about in places.items():
        html = browser.get(place, follow=True).content.decode()
        assert f'href="/w/vision/alerts/new/{about}"' in html, place
        form = browser.get(f"/w/vision/alerts/new/{about}")
        assert form.status_code == 200 and 'name="statuses"' in form.content.decode()
        assert browser.post("/w/vision/alerts/new/" + about, FORM | subject_in(form)).status_code == 302
    made = Alert.objects.order_by("pk")
    assert [(a.run_id, a.experiment_id, a.view_id) for a in made] == [
        (run.pk, None, None),
        (None, run.experiment_id, None),
        (None, None, view.pk),
    ]


def test_an_unsaved_filter_has_a_bell_too(browser, workspace):
    experiment = make.run(workspace, "a/b & c").experiment
    asked = "?filter=tags.team+%3D+%27vision%27&sort=name&columns=name"
    for place, more in (
        ("/w/vision/runs/", ""),
        (reverse("experiment", args=["vision", experiment.name]), "&amp;experiment=a%2Fb+%26+c"),
    ):
        html = browser.get(place + asked).content.decode()
        link = f"/w/vision/alerts/new/?filter=tags.team+%3D+%27vision%27{more}"
        assert f'href="{link}"' in html, place
        form = browser.get(link.replace("&amp;", "&"))
        assert "tags.team = &#x27;vision&#x27;" in form.content.decode()
        assert browser.post(link.replace("&amp;", "&"), FORM | named_in(form)).status_code == 302
    first, second = Alert.objects.order_by("pk")
    assert first.filter == second.filter == "tags.team = 'vision'"
    assert (first.experiment_id, second.experiment_id) == (None, experiment.pk)


@pytest.mark.parametrize("asked", ["?q=word", "?filter=name+%3D+1&mine=true", "?status=Failed"])
def test_what_no_filter_says_is_to_be_saved_first(browser, workspace, asked):
    html = browser.get("/w/vision/runs/" + asked).content.decode()
    assert "save as a view first" in html and "/alerts/new/" not in html


def test_a_list_of_all_runs_offers_no_bell_of_its_own(browser, workspace):
    html = browser.get("/w/vision/runs/?view=default").content.decode()
    assert "save as a view first" not in html and "/alerts/new/" not in html


def named_in(form):
    subjects = form.context["subjects"]
    experiment = {"experiment": subjects["experiment"].name} if "experiment" in subjects else {}
    return experiment | {"filter": form.context["sent"]["filter"]}


def subject_in(form):
    subjects = form.context["subjects"]
    return {
        name: found.public_id if name == "run" else found.name if name == "experiment" else found.pk
        for name, found in subjects.items()
    }


def test_a_run_s_bell_is_set_to_its_end_and_an_experiment_s_to_what_goes_wrong(browser, workspace):
    run = make.run(workspace)
    asked = browser.get("/w/vision/alerts/new/", {"run": run.public_id})
    assert asked.context["sent"]["statuses"] == ["ended"]
    asked = browser.get("/w/vision/alerts/new/", {"experiment": "digits"})
    assert asked.context["sent"]["statuses"] == ["failed", "not responding"]


def test_a_dialog_is_a_piece_and_leads_on_by_itself(browser, workspace):
    asked = browser.get("/w/vision/alerts/new/", headers={"HX-Request": "true"})
    assert "<html" not in asked.content.decode()
    sent = browser.post("/w/vision/alerts/new/", FORM, headers={"HX-Request": "true"})
    assert sent["HX-Redirect"] == f"/w/vision/alerts/{Alert.objects.get().pk}/"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"statuses": []}, "at least one thing"),
        ({"metric": "loss"}, "which bound"),
        ({"filter": "status = "}, "filter"),
        ({"channel": "list", "addresses": "x"}, "is not an e-mail address"),
        ({"channel": "list", "addresses": "a@elsewhere.example"}, "no address of a member"),
        ({"channel": "webhook", "url": "file:///etc/passwd"}, "address such as"),
        ({"channel": "webhook", "url": "https://example.org", "allows_private": "1"}, "owner of this"),
        ({"quiet_from": "22:00"}, "beginning and an end"),
        ({"queued_minutes": "-1"}, "queued too long"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(browser, workspace, sent, words):
    answer = browser.post("/w/vision/alerts/new/", FORM | {"name": "typed by hand"} | sent)
    html = answer.content.decode()
    assert answer.status_code in (400, 403, 422) and words in html and "typed by hand" in html
    assert not Alert.objects.exists()


def test_a_reader_s_alerts_come_to_themselves(client_of, reader, workspace):
    page = client_of(reader)
    values = [value for value, _ in page.get("/w/vision/alerts/new/").context["channels"]]
    assert values == ["app", "email"]
    sent = FORM | {"channel": "webhook", "url": "https://example.org"}
    assert page.post("/w/vision/alerts/new/", sent).status_code == 403
    assert page.post("/w/vision/alerts/new/", FORM).status_code == 302


def test_people_see_their_own_and_owners_all(client_of, workspace, owner, contributor, reader):
    mine, theirs = alert_of(workspace, contributor, name="first"), alert_of(workspace, reader, name="second")
    html = client_of(contributor).get("/w/vision/alerts/").content.decode()
    assert "first" in html and "second" not in html
    html = client_of(owner).get("/w/vision/alerts/").content.decode()
    assert "first" in html and "second" in html
    assert client_of(contributor).get(f"/w/vision/alerts/{theirs.pk}/").status_code == 403
    assert client_of(owner).get(f"/w/vision/alerts/{mine.pk}/").status_code == 200
    client_of(owner).post(f"/w/vision/alerts/{mine.pk}/", FORM | {"do": "change", "name": "x"})
    assert Alert.objects.get(pk=mine.pk).name == "x"
    assert client_of(owner).post(f"/w/vision/alerts/{mine.pk}/", {"do": "secret"}).status_code == 403
    assert client_of(owner).post(f"/w/vision/alerts/{mine.pk}/", {"do": "pause"}).status_code == 302


def test_an_alert_is_tried_paused_resumed_changed_and_deleted(browser, workspace, contributor):
    alert = alert_of(workspace, contributor)
    place = f"/w/vision/alerts/{alert.pk}/"
    for do in ("test", "pause", "resume"):
        assert browser.post(place, {"do": do}).status_code == 302
    assert Delivery.objects.get().is_test
    browser.post(
        place, FORM | {"do": "change", "name": "Weekend", "quiet_from": "22:00", "quiet_until": "7:00"}
    )
    alert.refresh_from_db()
    assert (alert.name, alert.quiet_from, alert.quiet_until) == ("Weekend", 1320, 420)
    assert alert.statuses == ["failed", "not responding"]
    assert "Weekend" in browser.get(place + "delete/").content.decode()
    assert browser.post(place + "delete/").status_code == 302 and not Alert.objects.exists()


def test_the_last_messages_show_their_answers(browser, workspace, contributor):
    alert = alert_of(workspace, contributor)
    message(alert, answer="200 thanks <b>x</b>")
    html = browser.get(f"/w/vision/alerts/{alert.pk}/").content.decode()
    assert "200 thanks &lt;b&gt;x&lt;/b&gt;" in html


def test_the_key_of_a_webhook_is_its_owner_s_to_see(client_of, browser, workspace, owner, contributor):
    alert = alert_of(workspace, contributor, channel="webhook", url="https://example.org")
    place = f"/w/vision/alerts/{alert.pk}/"
    assert alert.secret in browser.get(place).content.decode()
    assert alert.secret not in client_of(owner).get(place).content.decode()
    browser.post(place, {"do": "secret"})
    assert Alert.objects.get().secret != alert.secret


def test_unread_messages_are_counted_in_the_frame_until_they_are_read(
    browser, workspace, contributor, reader
):
    alert = alert_of(workspace, contributor)
    first, _ = message(alert), message(alert)
    message(alert_of(workspace, reader))
    page = browser.get("/w/vision/").content.decode()
    assert '2<span class="unseen"> unread messages' in page
    browser.get(f"/w/vision/alerts/messages/{first.pk}/")
    assert '1<span class="unseen"> unread messages' in browser.get("/w/vision/").content.decode()
    browser.post("/w/vision/alerts/messages/")
    assert "unread messages" not in browser.get("/w/vision/").content.decode()


def test_a_message_is_read_by_whose_it_is_whom_it_went_to_and_owners(
    client_of, browser, workspace, owner, contributor, reader
):
    alert = alert_of(workspace, owner, channel="list", addresses=["carl@example.org"])
    place = f"/w/vision/alerts/messages/{message(alert).pk}/"
    assert client_of(owner).get(place).status_code == 200
    assert browser.get(place).status_code == 403
    User.objects.filter(pk=contributor.pk).update(email="carl@example.org")
    assert browser.get(place).status_code == 200
    assert client_of(reader).get(place).status_code == 403
    assert client_of(owner).head(place).status_code == 200


def test_a_test_is_not_counted_as_news(browser, workspace, contributor):
    made = send_test(alert_of(workspace, contributor))
    assert made.read_at is not None
    assert "unread messages" not in browser.get("/w/vision/").content.decode()


@pytest.mark.parametrize("about", ["", "?run={run}", "?experiment=digits", "?view={view}"])
def test_beside_every_bell_it_is_said_that_no_mail_is_sent(browser, workspace, settings, contributor, about):
    settings.EMAIL_HOST = ""
    view = create_view(workspace, by=contributor, name="mine", address={})
    place = "/w/vision/alerts/new/" + about.format(run=make.run(workspace).public_id, view=view.pk)
    for page in (place, "/w/vision/alerts/"):
        html = browser.get(page).content.decode()
        assert "sends no mail yet" in html and "Its owner sets that up in Settings, Mail." in html
    User.objects.filter(pk=contributor.pk).update(is_superuser=True)
    assert 'href="/w/vision/settings/mail/">Set up its mail' in browser.get(place).content.decode()


@pytest.mark.parametrize("host", ["", "mail.example.org"])
def test_a_bell_says_by_itself_whether_mail_is_sent(browser, workspace, settings, contributor, host):
    settings.EMAIL_HOST = host
    run = make.run(workspace)
    view = create_view(workspace, by=contributor, name="mine", address={})
    experiment = reverse("experiment", args=["vision", run.experiment.name])
    for place in (f"/w/vision/runs/{run.public_id}/", experiment, f"/w/vision/runs/?view={view.pk}"):
        html = browser.get(place, follow=True).content.decode()
        bell = re.search(r'<a class="btn[^>]*/alerts/new/\?.*?</a>', html, re.DOTALL)[0]
        assert ("no mail yet</span>" in bell) == (not host), place
        assert ('aria-description="This studio sends no mail yet' in bell) == (not host), place


def test_with_mail_the_bell_says_where_it_goes(browser, settings, contributor):
    settings.EMAIL_HOST = "mail.example.org"
    assert "no confirmed e-mail address" in browser.get("/w/vision/alerts/new/").content.decode()
    User.objects.filter(pk=contributor.pk).update(email="carl@example.org")
    assert "carl@example.org" in browser.get("/w/vision/alerts/new/").content.decode()


def test_a_run_of_another_workspace_cannot_be_watched(browser, workspace, stranger):
    other = make.run(make.workspace("far", owner=stranger))
    answer = browser.post("/w/vision/alerts/new/", FORM | {"run": other.public_id})
    assert answer.status_code == 404 and not Alert.objects.exists()


def test_the_lists_take_a_bounded_number_of_queries(browser, workspace, contributor, reads):
    for _ in range(12):
        message(alert_of(workspace, contributor))
    browser.get("/w/vision/alerts/")
    with reads(at_most=6):
        browser.get("/w/vision/alerts/")
    with reads(at_most=6):
        browser.get("/w/vision/alerts/messages/")
