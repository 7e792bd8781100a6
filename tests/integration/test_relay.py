"""Expositions of other programs: passed on as they are, told in words when they cannot be."""
import http.server
import json
import subprocess
import threading

import pytest

from support import VEDETTE, Exposition, free_port, wait_until

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
