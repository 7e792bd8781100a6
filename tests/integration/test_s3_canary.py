"""The canary of S3 stores, with a real MinIO and with what stores do when they are broken: noticed, told apart, and
nothing of it stays."""
import ctypes.util
import json
import os
import re
import signal
import subprocess

import pytest

import minio as servers
import s3_door
from support import SANITIZED, VEDETTE, free_port, wait_until

LONG = bool(os.environ.get("VEDETTE_LONG"))
SECRET = "canary's secret, of nobody else"
HOST = re.sub("[^a-zA-Z0-9_-]", "_", os.uname().nodename)
STEPS = ("put", "get", "compare", "delete")

MAY_WRITE = {"Effect": "Allow", "Resource": ["arn:aws:s3:::plain/*", "arn:aws:s3:::kept/*", "arn:aws:s3:::plain",
                                             "arn:aws:s3:::kept"],
             "Action": ["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion",
                        "s3:ListBucketVersions", "s3:ListBucket"]}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two buckets, of which one keeps versions, and a user who may write there."""
    for server in servers.run(tmp_path_factory.mktemp("store")):
        server.mc("mb", "server/plain")
        server.mc("mb", "server/kept")
        server.mc("version", "enable", "server/kept")
        server.add_user("canary", SECRET, MAY_WRITE)
        server.add_user("reader", SECRET, {**MAY_WRITE, "Action": ["s3:GetObject"]})
        yield server


@pytest.fixture
def door(store):
    door = s3_door.Door(store.port)
    yield door
    door.close()


def left(store, bucket):
    """Objects, versions and delete markers in the bucket."""
    return [json.loads(line)["key"] for line in
            store.mc("ls", "--recursive", "--versions", f"server/{bucket}").splitlines() if line]


def item(url, bucket="plain", name="", key="canary", secret=SECRET, interval="0s", **more):
    extra = "".join(f", {k}: {v}" for k, v in more.items())
    return (f"    - {{{name and f'name: {name}, '}url: '{url}', access_key: {key}, secret_key: \"{secret}\", "
            f"metrics: none{extra}, canary: {{bucket: {bucket}, min_interval: {interval}}}}}\n")


def config(*items, timeout="5s"):
    return f"web: {{scrape_timeout: {timeout}}}\nexporters:\n  minio:\n" + "".join(items)


def run(agent, path="/metrics/minio"):
    return agent.metrics(path)


def steps(metrics):
    return {step: metrics.value("vedette_s3_canary_step_success", step=step) for step in STEPS
            if metrics.has("vedette_s3_canary_step_success", step=step)}


def cause(agent):
    """Why the canary fails, as the agent says."""
    return "\n".join(line for line in agent.get("/metrics/agent").body.splitlines()
                     if line.startswith("vedette_target_error_info") and '"s3"' in line)


@pytest.mark.parametrize("bucket", ("plain", "kept"))
def test_works_and_leaves_nothing(store, start_agent, bucket):
    agent = start_agent(config(item(store.url, bucket)))
    n = 1000 if LONG else 60
    for _ in range(n):
        metrics = run(agent, "/metrics/minio?collect[]=canary")
        assert metrics.value("vedette_s3_canary_success") == 1
    assert steps(metrics) == dict.fromkeys(STEPS, 1)
    assert metrics.value("vedette_s3_canary_runs_total") == n
    assert sum(metrics.named("vedette_s3_canary_failures_total").values()) == 0
    assert 0 < metrics.value("vedette_s3_canary_step_duration_seconds", step="put") < 5
    assert left(store, bucket) == []


def test_two_targets_and_an_interval(store, start_agent):
    agent = start_agent(config(item(store.url, "plain", "one", interval="1h"), item(store.url, "kept", "two"),
                               "    - {name: three, url: '" + store.url + "', metrics: none}\n"))
    for _ in range(5):
        metrics = agent.metrics()
    assert metrics.value("vedette_s3_canary_runs_total", target="one") == 1
    assert metrics.value("vedette_s3_canary_runs_total", target="two") == 5
    assert not metrics.has("vedette_s3_canary_success", target="three")
    about = agent.metrics("/metrics/agent").named("vedette_target_up")
    names = {dict(labels)["target"] for labels in about if ("exporter", "minio") in labels}
    assert names == {"one", "one/s3", "two", "two/s3", "three"}


def forward_all_but(method, otherwise):
    """GET / asks whether there is anybody, and is always passed on."""
    return lambda h: otherwise(h) if h.command == method and h.path != "/" else h.forward()


def swallow(h):
    """As a store that loses writes."""
    return s3_door.Reply(200, {"ETag": '"0"'})


def hang(h):
    return h.hang()


def reset(h):
    return None


def cut_short(h):
    reply = h.forward()
    return s3_door.Reply(reply.status, reply.headers, reply.body[:20])


def cut_off(h):
    reply = h.forward()
    return s3_door.Reply(reply.status, reply.headers, reply.body[:20], length=len(reply.body))


def other_bytes(h):
    reply = h.forward()
    return s3_door.Reply(reply.status, reply.headers, reply.body[::-1])


def full(h):
    return s3_door.error(507, "XMinioStorageFull", "Storage backend has reached its minimum free drive threshold.")


def denied(h):
    return s3_door.error(403, "AccessDenied", "Access Denied.")


def skewed(h):
    return s3_door.error(403, "RequestTimeTooSkewed", "The difference between the request time and the server's time "
                                                      "is too large.")


def web_page(h):
    return s3_door.Reply(200, {"Content-Type": "text/html"}, b"<html><body>It works!<br></body></html>")


def flood(h):
    return s3_door.Reply(200, {}, b"x" * 1000000)


@pytest.mark.parametrize("method, fault, good, words", [
    ("PUT", swallow, {"put": 1, "get": 0, "delete": 1}, "the store took the object, and has it no more"),
    ("PUT", hang, {"put": 0}, "timed out"),
    ("PUT", reset, {"put": 0}, "Empty reply from server"),
    ("PUT", denied, {"put": 0}, "its policy has to allow s3:PutObject"),
    ("PUT", full, {"put": 0}, "put: its drives are full"),
    ("PUT", skewed, {"put": 0}, "s behind ours; set both clocks right, with NTP"),
    ("GET", hang, {"put": 1, "get": 0, "delete": 1}, "get: http"),
    ("GET", denied, {"put": 1, "get": 0, "delete": 1}, "its policy has to allow s3:GetObject"),
    ("GET", cut_short, {"put": 1, "get": 1, "compare": 0, "delete": 1}, "gives back 20 bytes of the"),
    ("GET", cut_off, {"put": 1, "get": 0, "delete": 1}, "transfer closed"),
    ("GET", other_bytes, {"put": 1, "get": 1, "compare": 0, "delete": 1}, "gives back other bytes than it took"),
    ("GET", flood, {"put": 1, "get": 0, "delete": 1}, "larger than"),
    ("DELETE", hang, {"put": 1, "get": 1, "compare": 1, "delete": 0}, "timed out"),
    ("DELETE", denied, {"put": 1, "get": 1, "compare": 1, "delete": 0}, "its policy has to allow s3:DeleteObject"),
    (None, web_page, {"put": 1, "get": 1, "compare": 0, "delete": 1}, "gives back other bytes than it took"),
])
@pytest.mark.parametrize("bucket", ("plain", "kept"))
def test_faults_are_told_apart(store, door, start_agent, bucket, method, fault, good, words):
    agent = start_agent(config(item(door.url, bucket, timeout="2s")))
    agent.expect_log("collector failed")
    door.answer = forward_all_but(method, fault) if method else fault
    metrics = run(agent)
    assert metrics.value("vedette_s3_canary_success") == 0 and steps(metrics) == good
    failed = next(step for step in STEPS if not good.get(step, 1))
    assert metrics.value("vedette_s3_canary_failures_total", step=failed) == 1
    assert sum(metrics.named("vedette_s3_canary_failures_total").values()) == 1
    assert f"canary: {failed}: " in cause(agent) and words in cause(agent)
    door.answer = None
    assert run(agent).value("vedette_s3_canary_success") == 1
    assert left(store, bucket) == []


def test_old_bytes(store, door, start_agent):
    """A cache, or a replica that lags behind."""
    old = []

    def remember(h):
        old.append(h.forward())
        return old[0]
    agent = start_agent(config(item(door.url)))
    agent.expect_log("collector failed")
    door.answer = forward_all_but("GET", remember)
    assert run(agent).value("vedette_s3_canary_success") == 1
    assert steps(run(agent)) == {"put": 1, "get": 1, "compare": 0, "delete": 1}
    assert "gives back what was written earlier, not what it took just now" in cause(agent)


@pytest.mark.parametrize("where, words", [
    ({"bucket": "nowhere", "key": servers.ROOT_KEY, "secret": servers.ROOT_SECRET}, "there is no such bucket: nowhere; create it: mc mb ALIAS/nowhere"),
    ({"key": "nobody"}, "it does not know the access key"),
    ({"secret": "of somebody else"}, "the secret key is wrong"),
    ({"key": "reader"}, "its policy has to allow s3:PutObject on plain"),
])
def test_what_the_real_store_refuses(store, start_agent, where, words):
    agent = start_agent(config(item(store.url, **where)))
    agent.expect_log("collector failed")
    assert steps(run(agent)) == {"put": 0}
    assert words in cause(agent)
    assert SECRET not in cause(agent) + agent.log.read_text()


def test_nobody_there(start_agent):
    agent = start_agent(config(item(f"http://127.0.0.1:{free_port()}")))
    agent.expect_log("collector failed")
    assert steps(run(agent, "/metrics")) == {"put": 0}
    assert "connect" in cause(agent)


def test_a_store_that_hangs_stops_and_is_back(store, start_agent):
    agent = start_agent(config(item(store.url, "kept", timeout="2s")))
    agent.expect_log("collector failed")
    assert run(agent).value("vedette_s3_canary_success") == 1
    store.process.send_signal(signal.SIGSTOP)
    try:
        assert steps(run(agent, "/metrics")) == {"put": 0}
        assert "timed out" in cause(agent)
    finally:
        store.process.send_signal(signal.SIGCONT)
    wait_until(lambda: agent.metrics("/metrics").value("vedette_s3_canary_success") == 1, what="the store goes on")
    store.kill()
    assert steps(run(agent, "/metrics")) == {"put": 0}
    assert "connect" in cause(agent)
    store.start()
    wait_until(lambda: agent.metrics("/metrics").value("vedette_s3_canary_success") == 1, what="the store is back")
    assert left(store, "kept") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small drive")
def test_a_full_drive(tmp_path, small_drive, start_agent):
    folder, wrapper, outside = small_drive
    for server in servers.run(tmp_path / "minio", drives=[folder / "drive"], wrapper=wrapper):
        server.mc("mb", "server/plain")
        agent = start_agent(config(item(server.url, key=servers.ROOT_KEY, secret=servers.ROOT_SECRET)))
        agent.expect_log("collector failed")
        assert run(agent).value("vedette_s3_canary_success") == 1
        servers.fill(server, outside)
        assert steps(run(agent)) == {"put": 0}
        assert "put: its drives are full (XMinioStorageFull)" in cause(agent)
        (outside / "other").unlink()
        server.kill()
        server.start()
        assert run(agent).value("vedette_s3_canary_success") == 1


@pytest.mark.skipif(SANITIZED, reason="a sanitizer wants to be the first library")
def test_a_clock_that_is_wrong(store, start_agent):
    library = ctypes.util.find_library("faketime") or "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
    agent = start_agent(config(item(store.url)), wrapper=(
        "env", f"LD_PRELOAD={library}", "FAKETIME=+20m", "FAKETIME_DONT_FAKE_MONOTONIC=1"))
    agent.expect_log("collector failed")
    assert steps(run(agent)) == {"put": 0}
    assert "s behind ours; set both clocks right, with NTP" in cause(agent)


@pytest.mark.parametrize("method", ("PUT", "GET", "DELETE"))
@pytest.mark.parametrize("passed_on", (False, True))
def test_killed_in_the_middle(store, door, start_agent, method, passed_on):
    """Before the store has the request, or after it has done it: the next run takes away what is left."""
    def stop_there(h):
        if passed_on:
            h.forward()
        return h.hang()
    door.answer = forward_all_but(method, stop_there)
    agent = start_agent(config(item(door.url, "kept", timeout="60s"), timeout="60s"))
    asked = subprocess.Popen(["curl", "-s", f"http://127.0.0.1:{agent.port}/metrics/minio"],
                             stdout=subprocess.DEVNULL)
    wait_until(door.hanging.is_set, what="the agent is in the middle")
    assert bool(left(store, "kept")) == ((method, passed_on) not in (("PUT", False), ("DELETE", True)))
    agent.kill()
    asked.wait()
    door.answer = None
    assert run(start_agent(config(item(store.url, "kept")))).value("vedette_s3_canary_success") == 1
    assert left(store, "kept") == []


def test_killed_at_any_time(store, start_agent):
    for _ in range(100 if LONG else 10):
        agent = start_agent(config(item(store.url, "kept")))
        asked = [subprocess.Popen(["curl", "-s", f"http://127.0.0.1:{agent.port}/metrics/minio"],
                                  stdout=subprocess.DEVNULL) for _ in range(3)]
        asked[0].wait()
        agent.kill()
        for process in asked:
            process.wait()
    assert run(start_agent(config(item(store.url, "kept")))).value("vedette_s3_canary_success") == 1
    assert left(store, "kept") == []


def test_versions_that_are_not_told(store, door, start_agent):
    """A proxy that passes only what it knows: what deleting leaves behind is found and removed."""
    def strip(h):
        reply = h.forward()
        reply.headers = {k: v for k, v in reply.headers.items() if k.lower() != "x-amz-version-id"}
        return reply
    door.answer = forward_all_but("PUT", strip)
    agent = start_agent(config(item(door.url, "kept")))
    for _ in range(3):
        assert run(agent).value("vedette_s3_canary_success") == 1
    assert left(store, "kept") == []


def test_what_cannot_be_taken_away_at_once(store, door, start_agent):
    """Older versions of which the deletion fails are found again."""
    for _ in range(60):
        store.mc("pipe", f"server/kept/vedette-canary.{HOST}", data=b"left")
    old = []
    door.answer = lambda h: s3_door.error(503, "SlowDown") if "versionId" in h.path and len(old) < 3 \
        and not old.append(h.path) else h.forward()
    agent = start_agent(config(item(door.url, "kept")))
    agent.expect_log("collector failed")
    assert steps(run(agent))["delete"] == 0
    wait_until(lambda: run(agent) and left(store, "kept") == [], what="all versions are deleted")
    before = len(door.seen)
    run(agent, "/metrics/minio?collect[]=canary")
    assert door.methods()[before:] == ["PUT", "GET", "DELETE"]


def test_what_is_asked(store, door, start_agent):
    """Three requests each time, and versions are listed only once; nothing where none are kept."""
    agent = start_agent(config(item(door.url, "kept", "kept"), item(door.url, "plain", "plain")))
    for _ in range(3):
        run(agent, "/metrics/minio/kept?collect[]=canary")
    assert door.methods() == ["PUT", "GET", "DELETE", "GET"] + ["PUT", "GET", "DELETE"] * 2
    assert sum("versions=" in path for _, path, _ in door.seen) == 1
    assert len({path.partition("?")[0] for _, path, _ in door.seen if "versions=" not in path}) == 1
    del door.seen[:]
    run(agent, "/metrics/minio/plain?collect[]=canary")
    assert door.methods() == ["PUT", "GET", "DELETE"]
    for _, _, headers in door.seen:
        assert SECRET not in str(headers)


@pytest.mark.parametrize("canary, words", [
    ("{}", "bucket"),
    ("{bucket: Up}", "a bucket's name is 3 to 63 of"),
    ("{bucket: a/b}", "a bucket's name is 3 to 63 of"),
    ("{bucket: abc, prefix: /a}", "prefix: write letters"),
    ("{bucket: abc, prefix: a/../b}", "prefix: write letters"),
    ("{bucket: abc, access_key: x}", "access_key and secret_key go together; write secret_key too"),
    ("{bucket: abc, min_interval: 60}", "min_interval"),
])
def test_settings(tmp_path, canary, words):
    path = tmp_path / "vedette.yml"
    path.write_text(config("    - {url: 'http://minio:9000', access_key: a, secret_key: hidden-one, "
                           f"canary: {canary}}}\n"))
    done = subprocess.run([str(VEDETTE), "check", f"--config.file={path}"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 1 and words in done.stdout + done.stderr
    assert "hidden-one" not in done.stdout + done.stderr


def test_a_key_is_needed(tmp_path):
    path = tmp_path / "vedette.yml"
    path.write_text(config("    - {url: 'http://minio:9000', canary: {bucket: abc}}\n"))
    done = subprocess.run([str(VEDETTE), "check", f"--config.file={path}"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 1 and "nobody may write without a key" in done.stdout + done.stderr
