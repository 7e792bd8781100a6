"""Expositions of other programs: passed on as they are, told in words when they cannot be."""
import http.server
import json
import subprocess
import threading

import pytest

from caddy import Caddy
from support import VEDETTE, Daemon, Exposition, fetch_peers, free_port, request, wait_until

GOOD = "# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total{target=\"mail\",state=\"done\"} 3\n"


class Program(http.server.ThreadingHTTPServer):
    """Answers /metrics with `body`, or does what `answer`, given the handler, does."""

    daemon_threads = True
    body, answer, seen, connections = GOOD, None, (), 0

    def __init__(self):
        program = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                program.connections += 1
                super().setup()

            def do_GET(self):
                program.seen += ((self.path, dict(self.headers)),)
                if program.answer:
                    program.answer(self)
                else:
                    reply(self, 200, program.body)

            def log_message(self, *_args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/metrics"


def reply(handler, status, body="", **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body.encode())))
    handler.end_headers()
    handler.wfile.write(body.encode())


@pytest.fixture
def program():
    with Program() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def relay(*items, timeout="5s"):
    return f"web: {{scrape_timeout: {timeout}}}\nexporters:\n  relay:\n" + "".join(f"    - {i}\n" for i in items)


def test_is_passed_on_in_its_own_path_only(program, start_agent):
    agent = start_agent(relay(f"{{name: app, url: '{program.url}'}}"))
    metrics = agent.metrics("/metrics/relay/app")
    assert metrics.value("jobs_total", target="app", exported_target="mail", state="done") == 3
    assert metrics.types["jobs_total"] == "counter" and "# HELP jobs_total Jobs.\n" in metrics.text
    assert "text/plain" in program.seen[0][1]["Accept"] and "0.0.4" in program.seen[0][1]["Accept"]
    assert not agent.metrics().named("jobs_total") and len(program.seen) == 1
    for _ in range(5):
        agent.metrics("/metrics/relay/app")
    assert len(program.seen) == 6 and program.connections == 1
    entries = {e["labels"]["job"]: e["labels"] for e in json.loads(agent.get("/sd").body)}
    assert entries["app"]["__metrics_path__"] == "/metrics/relay/app"


def test_is_passed_on_in_main_where_that_is_wanted(program, start_agent):
    agent = start_agent(relay(f"{{name: app, url: '{program.url}', in_main: true}}"))
    assert agent.metrics().value("jobs_total", target="app", exported_target="mail", state="done") == 3


def test_without_a_name(program, start_agent):
    agent = start_agent(relay(f"{{url: '{program.url}'}}"))
    assert agent.metrics("/metrics/relay").value("jobs_total", target="mail", state="done") == 3


def hang(handler):
    handler.server.release.wait(60)


def drip(handler):
    """A byte now and then, for ever."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while not handler.server.release.wait(0.05):
            handler.wfile.write(b"#")
    except OSError:
        pass


def flood(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        while not handler.server.release.is_set():
            handler.wfile.write(b"# flood\n" * 10000)
    except OSError:
        pass


def cut(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(GOOD.encode())
    handler.close_connection = True


def redirect(to):
    return lambda handler: reply(handler, 307, Location=to)


@pytest.mark.parametrize("answer, words", [
    (lambda h: reply(h, 500, GOOD), "answers with status 500"),
    (lambda h: reply(h, 404), "answers with status 404"),
    (lambda h: reply(h, 200, "<html>\n"), "/metrics:1: a line begins with # or the name of a metric"),
    (lambda h: reply(h, 200, GOOD[:-1]), "the last line has no end"),
    (lambda h: reply(h, 200, GOOD + GOOD.splitlines()[-1] + "\n"), "has a second sample with the same labels"),
    (redirect("http://127.0.0.2:1/metrics"), "leads to another server"),
    (redirect("file:///etc/passwd"), "leads to another server"),
    (redirect("/metrics"), "leads on and on"),
    (cut, "transfer closed"),
    (flood, "larger than 16777216 bytes"),
    (hang, "timed out"),
    (drip, "timed out"),
])
def test_bad_answers_in_words(program, start_agent, answer, words):
    program.answer, program.release = answer, threading.Event()
    try:
        agent = start_agent(relay(f"{{name: app, url: '{program.url}', timeout: 2s}}"))
        agent.expect_log("collector failed")
        response = agent.get("/metrics/relay/app")
        assert response.status == 503 and response.seconds < 5
        assert words in response.body and "jobs_total{" not in response.body
        assert words in agent.get("/metrics/agent").body
        assert agent.metrics().has("node_load1")
        program.release.set()
        program.answer = None
        response = agent.get("/metrics/relay/app")
        assert response.status == 200 and Exposition(response.body).named("jobs_total")
    finally:
        program.release.set()


def test_a_program_that_hangs_costs_nothing_that_stays(program, start_agent):
    program.answer, program.release = hang, threading.Event()
    agent = start_agent(relay(f"{{name: app, url: '{program.url}', timeout: 100ms}}"))
    agent.expect_log("collector failed")
    try:
        assert agent.get("/metrics/relay/app").status == 503
        descriptors, threads = agent.descriptors(), agent.threads()
        for _ in range(20):
            assert agent.get("/metrics/relay/app").status == 503
        wait_until(lambda: agent.descriptors() <= descriptors, what="no descriptor stays")
        assert agent.threads() <= threads
    finally:
        program.release.set()


def test_nobody_there(start_agent):
    agent = start_agent(relay(f"{{name: app, url: 'http://127.0.0.1:{free_port()}/metrics'}}",
                              "{name: nowhere, url: 'http://no-such-name.invalid/metrics'}"))
    agent.expect_log("collector failed")
    for name, words in (("app", "connect"), ("nowhere", "name not found")):
        assert agent.get(f"/metrics/relay/{name}").status == 503
        assert words in agent.get("/metrics/agent").body


def test_redirections_on_the_same_server_are_followed(program, start_agent):
    program.answer = lambda h: reply(h, 200, GOOD) if h.path == "/metrics/" else redirect("/metrics/")(h)
    agent = start_agent(relay(f"{{name: app, url: '{program.url}'}}"))
    assert agent.metrics("/metrics/relay/app").named("jobs_total")


@pytest.mark.parametrize("item, words", [
    ("{url: 'app:8080/metrics'}", "the url begins with http:// or https://"),
    ("{url: 'http://u:hidden@app/metrics'}", "the url holds a user or a password"),
    ("{url: 'http://app/metrics', in_main: true}", "needs a name"),
    ("{name: app}", "missing, but needed; write url"),
])
def test_settings(tmp_path, item, words):
    path = tmp_path / "vedette.yml"
    path.write_text(relay(item))
    done = subprocess.run([str(VEDETTE), "check", f"--config.file={path}"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 1 and words in done.stdout + done.stderr
    assert "hidden" not in done.stdout + done.stderr


OPENMETRICS = ("# TYPE jobs counter\n# UNIT jobs seconds\njobs_total{state=\"done\"} 3 # {trace_id=\"x\"} 1 1600000000.5\n"
               "jobs_created{state=\"done\"} 1600000000.5\n# TYPE build info\nbuild_info{version=\"1\"} 1\n# EOF\n")


def test_openmetrics_is_read_where_the_program_says_so(program, start_agent):
    program.answer = lambda h: reply(h, 200, OPENMETRICS, **{
        "Content-Type": "application/openmetrics-text; version=1.0.0; charset=utf-8"})
    agent = start_agent(relay(f"{{name: app, url: '{program.url}'}}"))
    metrics = agent.metrics("/metrics/relay/app")
    assert metrics.value("jobs_total", target="app", state="done") == 3 and metrics.types["jobs_total"] == "counter"
    assert metrics.value("build_info", target="app", version="1") == 1
    assert "jobs_created" not in metrics.text and "trace_id" not in metrics.text
    program.answer = lambda h: reply(h, 200, OPENMETRICS.replace("# EOF\n", ""), **{
        "Content-Type": "application/openmetrics-text"})
    agent.expect_log("collector failed")
    assert "# EOF is missing" in agent.get("/metrics/relay/app").body


def test_rules_choose_and_relabel(program, start_agent):
    program.body = ("# TYPE http_total counter\nhttp_total{path=\"/d/1\",pid=\"1\"} 1\nhttp_total{path=\"/d/2\",pid=\"2\"} 2\n"
                    "http_total{path=\"/x\",pid=\"1\"} 4\ngo_threads 7\n")
    agent = start_agent(relay(f"""
        name: app
        url: '{program.url}'
        series:
          - drop: {{name: '^go_'}}
          - drop_labels: [pid]
          - replace: {{label: path, pattern: '/[0-9]+$', with: '/:id'}}"""))
    metrics = agent.metrics("/metrics/relay/app")
    assert metrics.value("http_total", target="app", path="/d/:id") == 3
    assert metrics.value("http_total", target="app", path="/x") == 4
    assert not metrics.named("go_threads") and len(metrics.named("http_total")) == 2


def test_series_over_the_cap_are_counted_and_no_others_come(program, start_agent):
    agent = start_agent(relay(f"{{name: app, url: '{program.url}', max_series: 10}}"))
    for i in range(5):
        program.body = "# TYPE m counter\n" + "".join(f'm{{path="{n}"}} 1\n' for n in range(100 * i + 10)) + "few 1\n"
        metrics = agent.metrics("/metrics/relay/app")
        assert sorted(int(dict(labels)["path"]) for labels in metrics.named("m")) == list(range(10))
        assert metrics.value("few", target="app") == 1
    assert metrics.value("vedette_series_over_cap_total", family="m", target="app") == 100 + 200 + 300 + 400


@pytest.mark.parametrize("login, header", [
    ("basic_auth: {username: me, password: s3cr3t}", "Basic bWU6czNjcjN0"),
    ("bearer_token: s3cr3t", "Bearer s3cr3t"),
    ("headers: {X-Key: s3cr3t}", None),
])
def test_logins(program, start_agent, login, header):
    def answer(handler):
        let_in = header or "s3cr3t"
        reply(handler, 200 if let_in in (handler.headers["Authorization"], handler.headers["X-Key"]) else 401, GOOD)

    program.answer = answer
    agent = start_agent(relay(f"{{name: app, url: '{program.url}', {login}}}", f"{{name: other, url: '{program.url}'}}"))
    assert agent.metrics("/metrics/relay/app").named("jobs_total")
    agent.expect_log("collector failed")
    response = agent.get("/metrics/relay/other")
    assert response.status == 503 and "it wants a login" in response.body
    assert "s3cr3t" not in agent.get("/").body + agent.get("/metrics/agent").body


@pytest.fixture
def caddy():
    server = Caddy("{\n admin {admin}\n auto_https off\n servers {\n metrics\n }\n}\n"
                   "http://127.0.0.1:%d {\n respond hello\n}\n" % (port := free_port()))
    server.port = port
    yield server
    server.end()


def test_the_edge_behind_its_private_socket(caddy, start_agent):
    agent = start_agent(relay(f"{{name: caddy, url: 'http://localhost/metrics', unix_socket: {caddy.admin}, "
                              "headers: {Host: ''}}"))
    before = agent.metrics("/metrics/relay/caddy")
    for _ in range(3):
        assert request(caddy.port, "/").body == "hello"
    after = agent.metrics("/metrics/relay/caddy")
    requests = [sum(m.named("caddy_http_requests_total").values()) for m in (before, after)]
    assert requests[1] >= requests[0] + 3
    assert after.types["caddy_http_request_duration_seconds"] == "histogram"


def test_what_is_passed_on_means_the_same(start_agent, tmp_path):
    """Debian's node_exporter, read directly and through the agent: the same series and types."""
    port = free_port()
    server = Daemon([fetch_peers("prometheus-node-exporter") / "prometheus-node-exporter",
                     f"--web.listen-address=127.0.0.1:{port}"], tmp_path, port)
    try:
        agent = start_agent(relay(f"{{name: node, url: 'http://127.0.0.1:{port}/metrics'}}"))
        direct, through = Exposition(server.get("/metrics").body), agent.metrics("/metrics/relay/node")
        missing = {(name, labels) for name, labels in direct.samples
                   if (name, labels | {("target", "node")}) not in through.samples}
        assert not missing and len(direct.samples) > 500
        assert {n: t for n, t in direct.types.items() if n not in through.types} == {}
        assert {n: t for n, t in direct.types.items() if t != through.types[n]} == {}
        for name in ("node_uname_info", "node_memory_MemTotal_bytes", "node_boot_time_seconds"):
            for labels, value in direct.named(name).items():
                assert through.samples[name, labels | {("target", "node")}] == value
    finally:
        server.end()
