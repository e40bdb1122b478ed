"""No text of users ever becomes a part of a page: whatever they write, it is built of what it is built of anyway."""

from html.parser import HTMLParser
from urllib.parse import quote, urlsplit

import numpy as np
import pytest

from runs.actions import organise
from runs.actions.experiment import edit_experiment, get_or_create_experiment
from runs.actions.experiment_trash import trash_experiment
from runs.actions.files import append_log, put_file
from runs.actions.run import fail_run
from runs.actions.stars import set_star
from runs.actions.tracking import Points, log_points
from runs.actions.trash import trash_run
from runs.actions.views import create_view
from runs.errors import Refused
from runs.models import Run
from tests import corpora, make

PAYLOADS = corpora.xss()
PAGES = [
    "",
    "?edit=description",
    "description/",
    "description/versions/",
    "tags/",
    "name/",
    "cancel/",
    "mark/",
    "activity/",
    "metrics/",
    "metrics/?as=table",
    "images/",
    "children/",
    "logs/",
    "monitoring/",
]
LISTS = [
    "",
    "experiments/",
    "runs/",
    "runs/?columns=name,status,tags,description,experiment,id,target,type,parent&include_children=true",
    "runs/?group=tags.kind",
    "views/",
    "trash/",
    "find/?q=a",
    "find/?q=%3Cscript%3E",
]
SCHEMES = ("", "http", "https", "mailto")


class Skeleton(HTMLParser):
    """Of which elements and attributes a page consists, and whatever could run in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: set[tuple[str, str]] = set()
        self.faults: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        for name, value in [("", ""), *attributes]:
            self.parts.add((tag, name))
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.faults.append(f"{tag} {name}")
            if name in ("href", "src", "action", "formaction", "hx-get", "hx-post") and value:
                self._check_address(tag, name, value)
        if tag == "script" and not dict(attributes).get("src", "").startswith("/static/"):
            self.faults.append("script without a file of ours")

    def _check_address(self, tag, name, value):
        if urlsplit(value.strip()).scheme.lower() not in SCHEMES:
            self.faults.append(f"{tag} {name}={value[:80]}")


def spread(texts, length):
    """The texts as far as they may stand on one line."""
    return [text[:length].strip() for text in texts if text[:length].strip() and text.isprintable()]


def fill(space, owner, texts):
    """A run with the texts in every place that holds text of users; and others named by them."""
    texts = [text for text in texts if "\x00" not in text]
    made = make.run(space, "digits", display_name=texts[0][:200], script=texts[0], arguments=texts[:50])
    keys = list(dict.fromkeys(spread(texts, 250)))
    organise.set_tags(
        made, {key: texts[n % len(texts)] for n, key in enumerate(keys)} | {"kind": texts[0]}, by=owner
    )
    organise.add_params(made, {key: keys[-n] for n, key in enumerate(keys)}, by=owner)
    organise.add_properties(made, {key: keys[-n] for n, key in enumerate(keys)}, by=owner)
    log_points(made, [Points(key, np.array([1.0, 2.0])) for key in keys])
    log_points(made, [Points("note", texts[:100])])
    organise.edit_run(made, by=owner, description="\n\n".join(texts)[:60_000])
    organise.edit_run(made, by=owner, description="\n\n".join(reversed(texts))[:60_000])
    append_log(made, "user_logs/std_log.txt", 0, "\n".join(texts).encode())
    for text in keys[:40]:
        try:
            put_file(made, f"outputs/{text}", [text.encode()], by=owner)
        except Refused:  # a path may hold less than a name
            continue
    for text in keys[:60]:
        child = make.run(space, "digits", parent=made, display_name=text, target=text, run_type=text[:60])
        set_star(owner, run=child, on=True)
    for text in keys[:12]:
        fail_run(
            make.run(space, "digits", display_name=text),
            by=owner,
            message=text,
            code=text,
            details={text: text},
        )
        trash_run(fail_run(make.run(space, "digits", display_name=text), by=owner, message=text), by=owner)
        create_view(space, by=owner, name=text[:100], description=text, address={"q": text}, sharing="view")
        try:
            experiment = get_or_create_experiment(space, text, by=owner, tags={text: text})[0]
            edit_experiment(experiment, by=owner, description=text)
            trash_experiment(get_or_create_experiment(space, f"x{text}", by=owner)[0], by=owner)
        except Refused:
            continue
    failed = make.run(space, "digits", parent=made, display_name="the failed child")
    fail_run(
        failed, by=owner, message="\n".join(texts)[:3000], code=texts[0], details={"trace": "\n".join(texts)}
    )
    return made


def skeletons(client, made):
    """Every page by its place."""
    base = f"/w/{made.workspace.name}/"
    failed = Run.objects.get(workspace=made.workspace, display_name="the failed child")
    other = Run.objects.filter(workspace=made.workspace, parent=made).first()
    places = [f"runs/{made.public_id}/{page}" for page in PAGES] + LISTS + [f"runs/{failed.public_id}/"]
    places += ["experiments/digits/", f"compare/?run={made.public_id}&run={other.public_id}"]
    file = made.artifacts.exclude(path__startswith="user_logs").first()
    if file is not None:
        places.append(f"runs/{made.public_id}/logs/?file={quote(file.path)}")
    found = {}
    for place in places:
        answer = client.get(base + place)
        assert answer.status_code == 200, place
        found[place.replace(made.public_id, "RUN").split("?file")[0].replace(other.public_id, "CHILD")] = (
            Skeleton(answer.content.decode())
        )
    return found


PLAIN = """# Title

Words **bold** *slanted* ~~gone~~ `code` [link](https://a.test "title") https://b.test run:x

- [ ] a
- [x] b

1. one

> quote

---

|a|b|c|
|:-|-:|:-:|
|1|2|3|

```python
for x in range(10): print("x", 1.5)  # note
```

### three
#### four
"""
# What Markdown may make, beyond what the plain text above has.
MARKDOWN = {
    (tag, name)
    for tag in ("p", "h3", "h4", "h5", "h6", "br", "em", "strong", "del", "code", "pre")
    for name in ("", "class")
}
MARKDOWN |= {("a", name) for name in ("", "href", "title", "rel", "class")} | {
    ("span", "title"),
    ("span", "class"),
    ("div", "class"),
    ("div", ""),
}
MARKDOWN |= {
    ("td", "align"),
    ("th", "align"),
    *(
        (tag, "")
        for tag in ("ul", "ol", "li", "blockquote", "hr", "table", "thead", "tbody", "tr", "td", "th")
    ),
}


@pytest.mark.slow
def test_pages_consist_of_the_same_parts_whatever_people_write(db, client_of):
    parts = {}
    for name, texts in (
        ("plain", ["words", PLAIN, *(f"word {n}" * 40 for n in range(200))]),
        ("hostile", PAYLOADS),
    ):
        owner = make.user(f"olga-{name}")
        space = make.workspace(name, owner=owner)
        parts[name] = skeletons(client_of(owner), fill(space, owner, texts))
    strange = {}
    for place, skeleton in parts["hostile"].items():
        # Kinds of content differ (a file is text or not, a tag is long or not): every page lends its parts.
        usual = set().union(*(page.parts for page in parts["plain"].values())) | MARKDOWN
        if extra := skeleton.parts - usual:
            strange[place] = sorted(extra)
        if skeleton.faults:
            strange[place] = skeleton.faults[:5]
    assert strange == {}


@pytest.mark.parametrize("payload", corpora.XSS)
def test_words_that_are_said_and_refused_are_only_words(client_of, owner, workspace, payload):
    run = make.run(workspace)
    client, base = client_of(owner), f"/w/vision/runs/{run.public_id}/"
    refused = {"new_key": payload * 40, "new_value": payload}
    answers = [
        client.post(f"{base}tags/", refused, headers={"HX-Request": "true"}),
        client.post(
            f"{base}tags/", {"new_key": payload, "new_value": payload}, headers={"HX-Request": "true"}
        ),
        client.post(f"{base}name/", {"display_name": payload * 60}),
        client.post(f"{base}mark/", {"status": payload, "reason": payload}),
        client.get(f"{base}activity/", {"kind": payload}),
        client.get(f"{base}logs/", {"file": payload}),
        client.get("/w/vision/runs/", {"filter": payload, "q": payload}),
        client.get(f"/w/vision/runs/{quote(payload, safe='')}/"),
        client.post(f"{base}description/preview/", {"description": payload}, headers={"HX-Request": "true"}),
    ]
    for answer in answers:
        assert answer.status_code < 500
        assert Skeleton(answer.content.decode()).faults == []
