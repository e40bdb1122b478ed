"""Every page for everybody: no finding of axe-core in light and dark, nothing wider than a phone."""

import pytest

from tests.browser.axe import violations

PAGES = [
    "/w/default/experiments/",
    "/w/default/experiments/hard%20words/",
    "/w/default/runs/",
    "/w/default/runs/?status=Failed&tag=nothing",
    "/w/default/runs/?filter=x%20%3D",
    "/w/default/columns/?at=/w/default/runs/",
    "/w/default/nowhere/",
    "RUN/",
    "RUN/description/",
    "RUN/description/versions/",
    "RUN/mark/",
    "RUN/tags/",
    "RUN/cancel/",
    "RUN/metrics/",
    "RUN/metrics/?as=table",
    "RUN/children/",
    "RUN/logs/",
    "RUN/activity/",
]
DESCRIPTION = """# Title

Text with `code` and [a link](https://example.org).

```python
x = 1  # one
```

|a|b|
|-|-:|
|1|2|
"""
LONG = "an_unusually_long_name_that_somebody_made_of_all_settings_" * 4


@pytest.fixture(scope="module")
def run(api):
    """A failed run in which everything is there and much of it is long."""
    made = api.run(
        experiment="hard words",
        display_name=f"run with {LONG}",
        description=DESCRIPTION,
        tags={LONG[:200]: LONG, "team": "vision", "baseline": None},
        params={f"p{n}": str(n) for n in range(12)} | {"long": LONG * 3},
        properties={"commit": LONG},
        heartbeat=False,
    )
    api.run(experiment="hard words", parent=made["id"], display_name="child", heartbeat=False)
    api.log(made, loss=[1, 0.5], **{LONG[:200]: [1.0]}, note=["words"])
    api("POST", f"runs/{made['id']}/logs/user_logs/std_log.txt?offset=0", (LONG * 5 + "\n").encode() * 50)
    api("POST", f"runs/{made['id']}/fail/", {"message": LONG * 3, "details": {"trace": f"{LONG}\n" * 30}})
    return made


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page, run, theme):
    page, found = open_page("/w/default/runs/", theme=theme, expect_error=True), {}
    for place in PAGES:
        page.goto(_path(place, run, page))
        for violation in violations(page):
            nodes = [f"{node['target']} {node['html'][:160]}" for node in violation["nodes"][:3]]
            found[place, violation["id"]] = nodes
    assert found == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_before_signing_in(open_page, theme):
    page = open_page("/login/", theme=theme, signed=False)
    assert violations(page) == []


def test_no_page_is_wider_than_a_phone(open_page, run):
    page, wide = open_page("/login/", width=360, signed=False), {}
    assert page.evaluate(EXTRA) <= 0
    page = open_page("/w/default/runs/", width=360, expect_error=True)
    for place in PAGES:
        page.goto(_path(place, run, page))
        for width in (360, 390):
            page.set_viewport_size({"width": width, "height": 800})
            if (extra := page.evaluate(EXTRA)) > 0:
                wide[place, width] = extra
    assert wide == {}


EXTRA = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def _path(place, run, page):
    path = place.replace("RUN", f"/w/default/runs/{run['id']}")
    return f"{page.url.split('/w/')[0]}{path}"
