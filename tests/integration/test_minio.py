"""MinIO, the real server: its metrics as it tells them, and each way in which it can fail told in words."""
import base64
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

import minio as servers
import support

KEY, SECRET = "watcher", "watcher's #1: secret"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A server that stays as it is: four drives, users, buckets and objects."""
    for server in servers.run(tmp_path_factory.mktemp("minio"), drives=4):
        server.add_user(KEY, SECRET, servers.MAY_SEE_METRICS)
        server.add_user("writer", "writer's secret", {"Effect": "Allow", "Action": ["s3:*"],
                                                    "Resource": ["arn:aws:s3:::*"]})
        server.add_user("leaver", "leaver's secret", servers.MAY_SEE_METRICS)
        server.mc("admin", "user", "disable", "server", "leaver")
        server.mc("mb", "server/media", "server/docs.2026")
        server.mc("version", "enable", "server/media")
        for i in range(3):
            server.put(f"media/{i}", bytes(1000 * (i + 1)))
        support.wait_until(lambda: counted(server) == 3, 60, "MinIO has counted its objects")
        yield server


def counted(server):
    """How many objects it knows of; its metrics repeat themselves for a minute."""
    return json.loads(server.mc("admin", "info", "server"))["info"].get("objects", {}).get("count", 0)


def settings(url, key=KEY, secret=SECRET, more=""):
    login = f'access_key: "{key}", secret_key: "{secret}", ' if key else ""
    return f"exporters:\n  minio: [{{url: '{url}', {login}{more}}}]\n"


def fetch(server, path, token):
    asked = urllib.request.Request(server.url + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=30) as reply:
        return support.Exposition(reply.read().decode())


def expect_down(agent, *words):
    """What /metrics/minio, the status page and the log say; no secret is among it."""
    agent.expect_log("collector failed|target recovered|its drives are full")
    reply = agent.get("/metrics/minio")
    said = agent.get("/metrics/agent").body + agent.get("/").body + agent.log.read_text()
    for word in words:
        assert word in said.replace("&#39;", "'"), said
    assert SECRET not in said
    return reply


V2 = [f"/minio/v2/metrics/{part}" for part in ("cluster", "node", "bucket", "resource")]
V3 = ["/minio/metrics/v3", "/minio/metrics/v3/bucket/media", "/minio/metrics/v3/bucket/docs.2026"]


@pytest.mark.parametrize("version, paths", [("v2", V2), ("v3", V3)])
def test_all_that_it_tells_is_passed_on(store, start_agent, version, paths):
    """What stands still between two askings of ours stands in the agent's exposition, too, and nothing else does."""
    said = store.mc("admin", "prometheus", "generate", "server")
    token = json.loads(said)["bearerToken"]
    agent = start_agent(settings(store.url, more=f"metrics: {version}"))
    before = [fetch(store, path, token) for path in paths]
    ours = agent.metrics("/metrics/minio")
    after = [fetch(store, path, token) for path in paths]
    seen = set().union(*(e.samples for e in before))
    still = {key for b, a in zip(before, after) for key in b.samples if b.samples[key] == a.samples.get(key)}
    assert len(still) > 150 and not {k for k in seen if k not in ours.samples} - {
        k for b, a in zip(before, after) for k in b.samples if k not in a.samples}
    wrong = {key: ours.samples.get(key) for b in before for key, value in b.samples.items()
             if key in still and ours.samples.get(key) != value}
    # what counts our own asking, and what several parts tell at different moments
    moving = re.compile(r"minio_(s3|api|node_process|process|node_io|node_syscall|system|node_(cpu|mem|drive|if|file)"
                        r"|notify|usage|scanner|cluster_iam|node_go|node_scanner|cluster_capacity|cluster_health_cap)|go_")
    assert not {k: v for k, v in wrong.items() if not moving.match(k[0])}
    assert len(wrong) < len(still) / 10, wrong
    extra = {key[0] for key in ours.samples if key not in seen and key not in set().union(*(e.samples for e in after))}
    assert all(re.match("vedette_|node_scrape|scrape_", name) for name in extra), extra
    for exposition in before:
        for name, kind in exposition.types.items():
            assert ours.types[name] == kind


def test_the_few_that_every_store_has(store, start_agent):
    agent = start_agent(settings(store.url))
    metrics = agent.metrics("/metrics/minio")
    assert metrics.value("vedette_s3_up") == 1
    assert metrics.value("vedette_s3_usage_bytes") == 6000 == metrics.value("vedette_s3_bucket_usage_bytes",
                                                                             bucket="media")
    assert metrics.value("vedette_s3_bucket_objects", bucket="media") == 3
    assert metrics.value("vedette_s3_bucket_objects", bucket="docs.2026") == 0
    assert metrics.value("vedette_s3_capacity_bytes") > metrics.value("vedette_s3_free_bytes") > 0
    assert abs(metrics.value("vedette_s3_clock_offset_seconds")) <= 1
    assert {metrics.value("vedette_minio_health", check=c) for c in ("live", "ready", "cluster")} == {1}
    entries = [e["labels"] for e in json.loads(agent.get("/sd").body)]
    assert any(e["job"] == "minio" and e["__metrics_path__"] == "/metrics/minio" for e in entries)
    assert agent.metrics("/metrics").value("vedette_s3_up") == 1


def test_both_versions_and_both_in_openmetrics(store, start_agent):
    agent = start_agent(settings(store.url, more="metrics: all, name: store"))
    ours = agent.metrics("/metrics/minio/store")
    assert ours.has("vedette_s3_up", target="store")
    assert len(ours.named("vedette_s3_capacity_bytes")) == 1
    assert ours.named("minio_cluster_drive_total") and ours.named("minio_cluster_health_drives_count")
    assert ours.named("minio_bucket_requests_total") and ours.named("minio_bucket_api_total")
    reply = agent.get("/metrics/minio/store", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert reply.status == 200 and reply.body.endswith("# EOF\n")


class Door(http.server.ThreadingHTTPServer):
    """Passes requests on to a server, remembers them, and changes the answer's headers as it is told."""

    daemon_threads = True

    def __init__(self, server, headers=None, answer=None):
        door = self
        self.seen, self.lock = [], threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with door.lock:
                    door.seen.append((self.path, self.headers.get("Authorization", "")))
                status, theirs, body = answer or pass_on(server, self)
                theirs = {**theirs, **(headers or {})}
                self.send_response_only(status)
                for name, value in theirs.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *args):
        self.shutdown()
        super().__exit__(*args)


def pass_on(server, handler):
    asked = urllib.request.Request(server.url + handler.path, headers=dict(handler.headers))
    try:
        reply = urllib.request.urlopen(asked, timeout=30)
    except urllib.error.HTTPError as error:
        reply = error
    kept = {k: v for k, v in reply.headers.items() if k.lower() not in ("content-length", "transfer-encoding")}
    return reply.status, kept, reply.read()


def claims_of(authorization):
    part = authorization.removeprefix("Bearer ").split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_each_path_is_asked_once_with_a_token_of_five_minutes(store, start_agent):
    with Door(store) as door:
        agent = start_agent(settings(door.url))
        assert agent.metrics("/metrics/minio").value("vedette_s3_up") == 1
        paths = [path for path, _ in door.seen]
        assert len(paths) == len(set(paths)) == 7 and set(V2) < set(paths)
        for path, authorization in door.seen:
            assert bool(authorization) == (path in V2)
            if authorization:
                claims = claims_of(authorization)
                assert claims["iss"] == "prometheus" and claims["sub"] == KEY
                assert 295 <= claims["exp"] - time.time() <= 300


@pytest.mark.parametrize("key, secret, words", [
    (KEY, "guessed", f"access key {KEY}: the secret key is wrong"),
    ("nobody", "guessed", "access key nobody: it does not know the access key"),
    ("leaver", "leaver's secret", "access key leaver: "),
    ("writer", "writer's secret", "access key writer may not see metrics: attach a policy to it that allows "
                                  "admin:Prometheus"),
    ("", "", "wants a login: write access_key and secret_key"),
])
def test_wrong_keys(store, start_agent, key, secret, words):
    agent = start_agent(settings(store.url, key, secret))
    expect_down(agent, words)
    metrics = agent.metrics("/metrics/minio?collect[]=up")
    assert metrics.value("vedette_s3_up") == 1


@pytest.mark.skipif(support.SANITIZED, reason="sanitizers do not run below libfaketime")
@pytest.mark.parametrize("offset, healthy", [("-10m", False), ("+20m", True)])
def test_wrong_clock(store, start_agent, offset, healthy):
    """Ours is behind: the real server finds each token expired. It is ahead: only what is signed would fail."""
    library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
    agent = start_agent(settings(store.url), wrapper=["env", f"LD_PRELOAD={library}", f"FAKETIME={offset}",
                                                      "FAKETIME_DONT_FAKE_MONOTONIC=1"])
    if healthy:
        metrics = agent.metrics("/metrics/minio")
        assert metrics.named("minio_cluster_drive_total")
        assert -1202 <= metrics.value("vedette_s3_clock_offset_seconds") <= -1198
    else:
        expect_down(agent, " s ahead of ours, so it does not take our tokens", "with NTP")


def test_its_clock_is_wrong(store, start_agent):
    """The same seen from the other side, with a Date that a door has changed; here the tokens are still taken."""
    with Door(store, headers={"Date": "Fri, 01 Jan 2027 00:00:00 GMT"}) as door:
        agent = start_agent(settings(door.url))
        offset = agent.metrics("/metrics/minio").value("vedette_s3_clock_offset_seconds")
        assert abs(offset - (1798761600 - time.time())) < 3


def test_without_login_where_metrics_are_public(tmp_path, start_agent):
    for server in servers.run(tmp_path / "minio", environment={"MINIO_PROMETHEUS_AUTH_TYPE": "public"}):
        metrics = start_agent(settings(server.url, None)).metrics("/metrics/minio")
        assert metrics.value("vedette_s3_up") == 1 and metrics.named("minio_cluster_drive_total")


def test_stopped_hung_and_restarted(tmp_path, start_agent):
    for server in servers.run(tmp_path / "minio"):
        server.add_user(KEY, SECRET, servers.MAY_SEE_METRICS)
        agent = start_agent(settings(server.url) + "web: {scrape_timeout: 2s}\n")
        first = agent.metrics("/metrics/minio").named("minio_process_start_time_seconds")
        server.process.send_signal(signal.SIGSTOP)
        reply = expect_down(agent, "timed out: it took the request and answers nothing")
        assert reply.status == 503 and reply.seconds < 3
        assert agent.get("/metrics").status == 200
        server.process.send_signal(signal.SIGCONT)
        support.wait_until(lambda: agent.get("/metrics/minio").status == 200, 20, "it answers again")
        server.kill()
        assert expect_down(agent, "connection refused: nothing listens there").status == 503
        assert agent.metrics("/metrics?collect[]=up").value("vedette_s3_up") == 0
        server.start()
        support.wait_until(lambda: agent.get("/metrics/minio").status == 200, 20, "it is there again")
        again = agent.metrics("/metrics/minio").named("minio_process_start_time_seconds")
        assert max(again.values()) > max(first.values())


def test_starting_and_too_few_drives(tmp_path, start_agent):
    for server in servers.run(tmp_path / "minio", drives=4):
        server.add_user(KEY, SECRET, servers.MAY_SEE_METRICS)
        agent = start_agent(settings(server.url))
        agent.expect_log("collector failed|target recovered")
        for drive in server.drives[1:]:
            pathlib.Path(drive).rename(drive + ".away")
            pathlib.Path(drive).write_text("no folder\n")
        support.wait_until(lambda: server_says(server, 503), 60, "MinIO misses its drives")
        expect_down(agent, "MinIO can write nothing: too many drives are gone; each erasure set needs 3 of them")
        assert agent.metrics("/metrics?collect[]=up").value("vedette_minio_health", check="cluster") == 0
        server.kill()
        server.start(wait=False)
        support.wait_until(lambda: support.answers(server.port, "/minio/health/live"), 30, "MinIO answers")
        expect_down(agent, "MinIO is starting, or waits for its drives")
        assert agent.metrics("/metrics?collect[]=up").value("vedette_s3_up") == 0


def server_says(server, status):
    return support.request(server.port, "/minio/health/cluster").status == status


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small drive")
def test_full_drive(tmp_path, small_drive, start_agent):
    folder, wrapper, outside = small_drive
    for server in servers.run(tmp_path / "minio", drives=[folder / "drive"], wrapper=wrapper):
        server.add_user(KEY, SECRET, servers.MAY_SEE_METRICS)
        servers.fill(server, outside)
        agent = start_agent(settings(server.url))
        expect_down(agent, "its drives are full: ")
        metrics = agent.metrics("/metrics/minio")
        assert metrics.value("vedette_s3_free_bytes") < 671088 < metrics.value("vedette_s3_capacity_bytes")
        assert metrics.value("vedette_s3_up") == 1 and metrics.value("vedette_minio_health", check="cluster") == 1


@pytest.mark.parametrize("status, body, words", [
    (403, b"<Error><Code>AccessDenied</Code></Error>", "answers with status 403, as no MinIO does; if this is another "
                                                       "store, write metrics: none"),
    (404, b"", "answers with status 404, as no MinIO does"),
])
def test_another_store(start_agent, status, body, words):
    with Door(None, answer=(status, {"Server": "other"}, body)) as door:
        expect_down(start_agent(settings(door.url)), words)
        metrics = start_agent(settings(door.url, more="metrics: none")).metrics("/metrics/minio")
        assert metrics.value("vedette_s3_up") == 1
        assert {name for name, _ in metrics.samples if name.startswith(("minio_", "vedette_minio"))} == set()


def make_certificate(folder):
    folder.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=minio", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                    folder / "private.key", "-out", folder / "public.crt"], check=True, capture_output=True)


def test_over_tls(tmp_path, start_agent):
    certificates = tmp_path / "certificates"
    make_certificate(certificates)
    for server in servers.run(tmp_path / "minio", scheme="https", arguments=["--certs-dir", certificates]):
        key, secret = servers.ROOT_KEY, servers.ROOT_SECRET
        server.mc("mb", "server/canary")
        agent = start_agent(settings(server.url, key, secret, f"tls: {{ca_file: '{certificates}/public.crt'}}, "
                                                              "canary: {bucket: canary}"))
        assert agent.metrics("/metrics/minio").value("vedette_s3_up") == 1
        assert agent.metrics("/metrics/minio").named("minio_cluster_drive_total")
        assert agent.metrics("/metrics/minio").value("vedette_s3_canary_success") == 1
        expect_down(start_agent(settings(server.url, key, secret)), "certificate")


@pytest.mark.parametrize("item, words", [
    ("{url: 'minio:9000'}", "the url begins with http:// or https://"),
    ("{url: 'http://u:hidden@minio:9000'}", "the url holds a user or a password"),
    ("{url: 'http://minio:9000/?x=hidden'}", "without ? and #"),
    ("{url: 'http://minio:9000', access_key: a}", "write secret_key too"),
    ("{url: 'http://minio:9000', secret_key: hidden}", "write access_key too"),
    ("{url: 'http://minio:9000', metrics: v4}", "v2, v3, all"),
    ("{access_key: a, secret_key: hidden}", "missing, but needed; write url"),
])
def test_settings(tmp_path, item, words):
    path = tmp_path / "vedette.yml"
    path.write_text(f"exporters:\n  minio: [{item}]\n")
    done = subprocess.run([str(support.VEDETTE), "check", f"--config.file={path}"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 1 and words in done.stdout + done.stderr
    assert "hidden" not in done.stdout + done.stderr


def test_keys_from_files(tmp_path, store, start_agent):
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "secret").write_text(SECRET + "\n")
    agent = start_agent(f"exporters:\n  minio: [{{url: '{store.url}/', access_key_file: {tmp_path}/key, "
                        f"secret_key_file: {tmp_path}/secret}}]\n")
    assert agent.metrics("/metrics/minio").named("minio_cluster_drive_total")
