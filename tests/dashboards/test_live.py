"""Every expression of every dashboard is asked of a real Prometheus and a real Loki, with the whole platform at work."""
import json
import re
import time
import urllib.parse
import urllib.request

import pytest

import community
import container_tree
import dashboards
import empty_when_healthy
import stage as stages
import support

FACTOR = 20
INTERVAL, SPAN = "10s", "60s"
EVERYTHING = [it for name in dashboards.NAMES for it in dashboards.expressions(name)]
# as Meilisearch and the kernel write them; the services that run here write their own
LINES = {
    "meilisearch.log": '2026-11-20T10:00:00.000000Z  INFO HTTP request{method=GET host="localhost" route=/health status_code=200}',
    "kernel.log": "Out of memory: Killed process 4242 (python3) total-vm:1048576kB",
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory, python):
    it = stages.Stage(tmp_path_factory.mktemp("live"), python, FACTOR)
    traffic, containers = stages.Traffic(it), None
    try:
        containers = watch_containers(it)
        for name, line in LINES.items():
            (it.folder("logs") / name).write_text(line + "\n")
        yield it
    finally:
        traffic.end()
        if containers:
            containers.kill()
        it.end()


def watch_containers(stage):
    """No Docker runs here: another agent looks at the files that it would leave."""
    tree = stage.folder("tree")
    container_tree.make(tree, 3)
    agent = support.Agent(stage.folder("containers"), "exporters: {container: {}}\n", container_tree.arguments(tree))
    stage.config.write_text(stage.config.read_text() + (
        f"  - {{job_name: containers, http_sd_configs: [{{url: 'http://127.0.0.1:{agent.port}/sd', refresh_interval: 1s}}]}}\n"))
    assert stage.prometheus.get("/-/reload", method="POST").status == 200
    return agent


def asked(url, **parameters):
    with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode(parameters)}", timeout=30) as reply:
        return json.load(reply)["data"]["result"]


def data(stage, it):
    """What the data source answers: now, or within the last minute."""
    now, text = time.time(), dashboards.substituted(it.text, INTERVAL, SPAN)
    if it.kind == dashboards.LOGS:
        return asked(f"{stage.loki.url}/loki/api/v1/query_range", query=text, start=int((now - 600) * 1e9), end=int(now * 1e9))
    prometheus = f"http://127.0.0.1:{stage.prometheus.port}/api/v1"
    if it.instant:
        return asked(f"{prometheus}/query", query=text)
    return asked(f"{prometheus}/query_range", query=text, start=now - 60, end=now, step=2)


def wait_for_data(stage, expressions):
    """Those that had none at any time; each is asked until it has."""
    left, end = list(expressions), time.monotonic() + 90
    while left and time.monotonic() < end:
        left = [it for it in left if not data(stage, it)]
    return [(it.dashboard, it.panel, it.text) for it in left]


def place(it):
    return it.dashboard, it.panel


def test_all_have_data_on_a_healthy_platform(stage):
    excused = empty_when_healthy.UNTIL_SOMETHING_HAPPENS.keys() | empty_when_healthy.NEVER_HERE.keys()
    assert excused <= {place(it) for it in EVERYTHING}
    assert wait_for_data(stage, [it for it in EVERYTHING if place(it) not in excused]) == []
    print(f"{len(EVERYTHING)} expressions, {sum(place(it) in excused for it in EVERYTHING)} of them excused")


def test_community_dashboards_find_what_they_ask_for(stage):
    """Each name, and each label that they group by, from the agent alone: nothing else of the platform is scraped here."""
    questions = {(f"{name}{{{labels}}}" if labels else name,
                  f'count by ({label}) ({name}{{{label}!="", job!~"prometheus|alertmanager|loki"}})')
                 for words in community.ASKED.values() for word in words.split()
                 for name, labels in [re.fullmatch(r"(\w+)(?:\{(.*)\})?", word).groups()]
                 for label in (labels or "job").split(",")}
    ours = [question for question in questions if not matches(community.NOT_OURS, question[0])]
    left, end = ours, time.monotonic() + 60
    while [q for q in left if not matches(community.NOT_ON_EVERY_MACHINE, q[0])] and time.monotonic() < end:
        left = [question for question in left if not answer(stage, question)]
    print(f"{len(questions)} questions of community dashboards, {len(ours) - len(left)} answered")
    assert not [q for q in left if not matches(community.NOT_ON_EVERY_MACHINE, q[0])]
    assert not [q for q in questions - set(ours) if answer(stage, q)], "these are no exception any more"


def matches(patterns, name):
    return any(re.match(pattern.replace("{", r"\{"), name) for pattern in patterns)


def answer(stage, question):
    return asked(f"http://127.0.0.1:{stage.prometheus.port}/api/v1/query", query=question[1])


def test_the_others_have_some_when_something_happens(stage):
    platform = stage.platform
    platform.postgres.sql("SELECT pg_create_physical_replication_slot('kept', true)")
    stage.visit("/documents/99999999999999999999")  # the application writes a traceback
    support.request(platform.meilisearch.port, "/indexes/documents/documents", "POST", body=json.dumps([{"id": "not an id"}]),
                    headers={"Content-Type": "application/json", "Authorization": f"Bearer {platform.meilisearch.master}"})
    stage.backup("documents", age=51 * 3600 / FACTOR, success=0)
    stage.agent.kill()
    stage.start_agent()
    blocker = platform.postgres.session("BEGIN; LOCK TABLE documents;")
    waiting = platform.pgbouncer.client("SELECT count(*) FROM documents")
    try:
        assert wait_for_data(stage, [it for it in EVERYTHING if place(it) in empty_when_healthy.UNTIL_SOMETHING_HAPPENS]) == []
    finally:
        blocker.communicate(timeout=30)
        waiting.wait(30)
        platform.postgres.sql("SELECT pg_drop_replication_slot('kept')")
