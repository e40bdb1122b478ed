"""Many pages that watch a log on a real server: some wait, none hangs it, those that wait learn of the next line."""

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

WATCHERS = 24  # the server of the tests has 16 threads, of which 8 may wait
SESSION = (
    "from django.contrib.sessions.backends.db import SessionStore; from runs.models import User; "
    "user = User.objects.get(username='ada'); made = SessionStore(); "
    "made.update({'_auth_user_id': str(user.pk), '_auth_user_hash': user.get_session_auth_hash(), "
    "'_auth_user_backend': 'django.contrib.auth.backends.ModelBackend'}); made.save(); print(made.session_key)"
)


def test_more_watchers_than_threads_do_not_hang_the_server(live_studio):
    cookie = f"studio={live_studio.command('shell', '--verbosity', '0', '-c', SESSION).stdout.split()[-1]}"

    def ask(path: str, body: bytes | None = None, kind: str = "application/octet-stream"):
        bearer = {"Authorization": f"Bearer {live_studio.token}", "Content-Type": kind}
        headers = bearer if path.startswith("/api/") else {"Cookie": cookie}
        request = urllib.request.Request(live_studio.url + path, data=body, headers=headers)
        return json.load(urllib.request.urlopen(request, timeout=60))

    new = json.dumps({"experiment": "digits", "start": True}).encode()
    run = ask("/api/v1/workspaces/default/runs/", new, "application/json")["id"]
    log = f"/api/v1/runs/{run}/logs/a.txt?offset="
    ask(f"{log}0", b"one\n")
    place = f"/w/default/runs/{run}/logs/lines/?file=a.txt&from=2&size=4&wait=1"
    with ThreadPoolExecutor(WATCHERS) as pool:
        answers = [pool.submit(ask, place) for _ in range(WATCHERS)]
        time.sleep(1.5)  # by now as many wait as may
        started = time.monotonic()
        urllib.request.urlopen(f"{live_studio.url}/healthz", timeout=30).read()
        assert time.monotonic() - started < 10
        ask(f"{log}4", b"two\n")
        found = [answer.result() for answer in answers]
    sent_off = [answer for answer in found if answer["retry_ms"]]
    told = [answer for answer in found if [line["p"] for line in answer["lines"]] == [[["", "two"]]]]
    assert sent_off and told
