"""The HTTP surface as its clients meet it, the rude ones included."""
import concurrent.futures
import html
import http.client
import json
import re
import socket
import stat
import subprocess
import time

import pytest

import support
from support import wait_until

OPENMETRICS = ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;"
               "version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"
               "*/*;q=0.2")


def exchange(port, data, timeout=20):
    """Sends bytes and returns all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
        s.sendall(data)
        received = b""
        while chunk := s.recv(65536):
            received += chunk
    return received


def test_formats(agent):
    plain = agent.get("/metrics")
    assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert not plain.body.endswith("# EOF\n")
    assert {"Accept", "Accept-Encoding"} <= set(re.split(", *", plain.headers["Vary"]))
    metrics = agent.get("/metrics", headers={"Accept": OPENMETRICS})
    assert metrics.headers["Content-Type"] == (
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores")
    assert metrics.body.endswith("# EOF\n")


def test_gzip(agent):
    agent.get("/metrics")
    zipped = agent.get("/metrics", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert len(zipped.raw) < len(zipped.body) / 3
    assert int(zipped.headers["Content-Length"]) == len(zipped.raw)
    assert "node_load1 " in zipped.body
    assert "Content-Encoding" not in agent.get("/metrics", headers={"Accept-Encoding": "gzip;q=0, identity"}).headers
    assert agent.metrics().named("vedette_scrape_duration_seconds")


def test_paths(agent):
    all_of_it = agent.metrics("/metrics")
    host = agent.metrics("/metrics/host")
    own = agent.metrics("/metrics/agent")
    assert all_of_it.has("node_load1") and all_of_it.value("process_open_fds") > 3
    assert host.has("node_load1") and not host.named("process_open_fds")
    assert own.value("process_resident_memory_bytes") > 1e6 and not own.has("node_load1")
    assert own.named("vedette_target_up")


def test_agent_path_kicks_nothing(agent):
    assert agent.metrics("/metrics/agent").named("vedette_target_last_scrape_age_seconds") == {}
    agent.get("/metrics")
    wait_until(lambda: agent.metrics("/metrics/agent").named("vedette_target_last_scrape_age_seconds"))


def test_filters(agent):
    some = agent.metrics("/metrics?collect[]=loadavg")
    assert some.has("node_load1") and not some.named("node_filesystem_size_bytes")
    rest = agent.metrics("/metrics/host?exclude%5B%5D=loadavg&whatever=1")
    assert not rest.has("node_load1") and rest.named("node_filesystem_size_bytes")


@pytest.mark.parametrize("path, status, words", [
    ("/metrics?collect[]=loadavg&exclude[]=loadavg", 400, "not both"),
    ("/metrics?collect[]=nosuch", 400, 'No collector "nosuch"'),
    ("/metrics?exclude[]=nosuch", 400, 'No collector "nosuch"'),
    ("/metrics?collect[]=%zz", 400, "hexadecimal"),
    ("/metrics?" + "collect[]=loadavg&" * 65, 400, "At most 64"),
    ("/%ff", 400, "UTF-8"),
    ("/" + "a" * 9000, 400, "longer than"),
    ("/nosuch", 404, "/metrics is what Prometheus scrapes"),
    ("/metrics/nosuch", 404, "there are: agent, host"),
    ("/metrics/host/nosuch", 404, "it is at /metrics/host"),
    ("/metrics/", 404, "there are: agent, host"),
    ("/metrics/relay/x", 404, "there are: agent, host"),
    ("/-/reload", 405, "POST"),
])
def test_refusals_are_sentences(agent, path, status, words):
    answer = agent.get(path)
    assert answer.status == status
    assert words in answer.body
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert re.fullmatch(r"[A-Z/a-z].*\.\n", answer.body)


def test_methods(agent):
    for path in ("/metrics", "/metrics/agent", "/sd", "/", "/-/healthy"):
        for method in ("POST", "DELETE", "OPTIONS", "BREW"):
            answer = agent.get(path, method=method)
            assert answer.status == 405 and answer.headers["Allow"] == "GET, HEAD", (path, method)
    assert agent.get("/-/reload").headers["Allow"] == "POST, PUT"
    assert agent.get("/nosuch", method="POST").status == 404


@pytest.mark.parametrize("path", ["/metrics", "/metrics/host", "/metrics/agent", "/sd", "/", "/-/healthy", "/-/ready"])
def test_head(agent, path):
    agent.get(path)
    head, get = agent.get(path, method="HEAD"), agent.get(path)
    assert head.status == get.status == 200
    assert head.raw == b""
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert abs(int(head.headers["Content-Length"]) - len(get.raw)) < 400


def test_health(agent):
    agent.get("/-/healthy")
    assert agent.get("/-/healthy").body == "vedette is healthy.\n"
    assert agent.get("/-/ready").body == "vedette is ready.\n"


def test_service_discovery(agent):
    answer = agent.get("/sd")
    assert answer.headers["Content-Type"] == "application/json"
    entries = json.loads(answer.body)
    name = socket.gethostname()
    for entry in entries:
        assert entry["targets"] == [f"127.0.0.1:{agent.port}"]
        assert entry["labels"]["__scheme__"] == "http"
    labels = {entry["labels"]["instance"]: entry["labels"] for entry in entries}
    assert len(labels) == len(entries)
    assert labels[name]["job"] == "node" and labels[name]["__metrics_path__"] == "/metrics/host"
    assert labels[f"{name}/vedette"]["job"] == "vedette"
    assert "/metrics" not in {entry["labels"]["__metrics_path__"] for entry in entries}
    other = json.loads(agent.get("/sd", headers={"Host": "agent.example.com:8080"}).body)
    assert other[0]["targets"] == ["agent.example.com:8080"]
    evil = json.loads(agent.get("/sd", headers={"Host": 'x"}]'}).body)
    assert evil[0]["targets"] == [f"127.0.0.1:{agent.port}"]
    for entry in entries:
        assert agent.get(entry["labels"]["__metrics_path__"]).status == 200


def test_external_url(start_agent):
    agent = start_agent(args=["--web.external-url=https://docs.example.com/watch/"])
    labels = json.loads(agent.get("/sd").body)[0]
    assert labels["targets"] == ["docs.example.com:443"]
    assert labels["labels"]["__scheme__"] == "https"
    assert labels["labels"]["__metrics_path__"] == "/watch/metrics/host"


def test_page(agent):
    assert "Nobody has scraped yet" in agent.get("/").body
    agent.get("/metrics")
    page = wait_until(lambda: "All is well" in (p := agent.get("/")).body and p)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-store"
    assert len(page.raw) < 60_000 and "<script" not in page.body
    for link in re.findall(r'href="([^"]+)"', page.body):
        assert agent.get("/" + link.lstrip("/")).status == 200


RUNBOOKS = sorted((support.ROOT / "rules/runbooks").glob("*.md"))


def test_runbooks(agent):
    """What an alert's runbook_url leads to: the file's words and commands, on a page that needs nothing else."""
    names = [path.stem for path in RUNBOOKS]
    assert re.findall(r'<li><a href="(\w+)">', agent.get("/runbook/").body) == names
    for path in RUNBOOKS:
        page = agent.get(f"/runbook/{path.stem}")
        assert page.status == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert f"<h1>{path.stem}</h1>" in page.body and "<h2>Mitigation</h2>" in page.body
        for command in re.findall(r"```sh\n(.*?)```", path.read_text(), re.S):
            assert command in html.unescape(page.body)
        for link in re.findall(r'href="([^"]+)"', page.body):
            assert link in ("../", "./") or link in names or link.startswith("http"), link
    unknown = agent.get("/runbook/Host<Down>")
    assert unknown.status == 404 and "no runbook of the name Host&lt;Down&gt;" in unknown.body
    assert 'href="PostgresDown"' in unknown.body


def test_keep_alive_and_pipelining(agent):
    connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=10)
    connection.connect()
    first = connection.sock
    for _ in range(50):
        connection.request("GET", "/metrics")
        assert connection.getresponse().read()
        assert connection.sock is first
    connection.close()
    one = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
    scrape = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /-/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answers = exchange(agent.port, one * 20 + scrape * 5 + last)
    assert answers.count(b"HTTP/1.1 200 OK") == 26
    assert answers.count(b"vedette is healthy") == 20
    assert answers.endswith(b"vedette is ready.\n")


def test_bodies_are_skipped(agent):
    body = b"x" * 100_000
    answer = exchange(agent.port, b"POST /-/reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                      b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert b"200 OK" in answer
    answer = exchange(agent.port, b"POST /sd HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                      b"5\r\nhello\r\n0\r\n\r\n")
    assert b"405" in answer.split(b"\r\n")[0]


@pytest.mark.parametrize("data", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x99" * 200,
    b"\x00" * 5000,
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\n\r\n",
    b"\r\n\r\n\r\n\r\nhello\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"X-Y: z\r\n" * 5000 + b"\r\n",
], ids=["tls", "nul", "short", "version", "nohost", "blank", "length", "header", "path", "many"])
def test_garbage(agent, data):
    try:
        answer = exchange(agent.port, data + b"GET / HTTP/1.1\r\nConnection: close\r\nHost: x\r\n\r\n")
        assert len(answer) < 100_000
    except (ConnectionResetError, BrokenPipeError):
        pass
    assert agent.get("/-/healthy").status == 200


def longest_answer_while(agent, condition):
    """Asks again and again while condition() holds; the longest time that an answer took."""
    longest = 0
    while condition():
        answer = agent.get("/metrics")
        assert answer.status == 200
        longest = max(longest, answer.seconds)
    return longest


def is_cut(s, data=None):
    """Whether the server has closed the connection; sends `data` on the way."""
    try:
        if data:
            s.sendall(data)
        s.setblocking(False)
        try:
            return s.recv(1) == b""
        except BlockingIOError:
            return False
        finally:
            s.setblocking(True)
    except OSError:
        return True


def test_a_slow_sender_is_cut_off_and_delays_nobody(agent):
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", agent.port)) as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\nX-Slow: ")
        sent = [start]

        def still_there():
            assert time.monotonic() < start + 20, "the slow client is still there"
            data = None
            if time.monotonic() > sent[-1] + 1:
                sent.append(time.monotonic())
                data = b"a"
            return not is_cut(slow, data)

        assert longest_answer_while(agent, still_there) < 1
    assert 8 < time.monotonic() - start < 13
    assert agent.metrics("/metrics/agent").value("vedette_http_connections_cut_total") == 1


def test_a_slow_reader_is_cut_off_and_delays_nobody(start_agent):
    agent = start_agent("web: {scrape_timeout: 100ms}\n")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", agent.port))
        slow.settimeout(0.2)
        start = time.monotonic()
        request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

        def cut_count():
            return agent.metrics("/metrics/agent").value("vedette_http_connections_cut_total")

        try:  # many requests whose answers nobody takes: the server's side fills up
            while time.monotonic() < start + 5:
                slow.sendall(request * 20)
        except OSError:
            pass
        wait_until(lambda: agent.get("/metrics").seconds < 1 and cut_count() == 1, 60, "the slow reader is cut off")
    assert time.monotonic() - start < 45


def test_many_connections_at_once(agent):
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda _: agent.get("/metrics"), range(200)))
    assert {answer.status for answer in answers} == {200}
    assert max(answer.seconds for answer in answers) < 10


def test_a_crowd_of_silent_clients_locks_nobody_out(agent):
    agent.get("/metrics")
    threads = agent.threads()
    crowd = [socket.create_connection(("127.0.0.1", agent.port)) for _ in range(150)]
    try:
        assert agent.get("/-/healthy").seconds < 10
        assert agent.threads() == threads
    finally:
        for s in crowd:
            s.close()


def test_clients_that_leave(agent):
    agent.get("/metrics")
    before = agent.descriptors()
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", agent.port)) as s:
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_until(lambda: agent.metrics("/metrics/agent").value("vedette_http_connections") == 1)
    assert agent.descriptors() <= before + 1


def unix_request(path, target):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(str(path))
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while chunk := s.recv(65536):
            received += chunk
    return received


def start_on_unix(start_agent, path):
    return start_agent(args=[f"--web.listen-address=unix:{path}"],
                       ready=lambda agent: "listening" in agent.log.read_text())


def test_unix_socket(start_agent, tmp_path):
    path = tmp_path / "v.sock"
    agent = start_on_unix(start_agent, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert b"node_load1 " in unix_request(path, "/metrics")
    assert b'"targets":["x:80"]' in unix_request(path, "/sd")
    agent.kill()
    assert path.is_socket()
    again = start_agent(args=[f"--web.listen-address=unix:{path}"],
                        ready=lambda agent: "listening" in agent.log.read_text())
    assert b"healthy" in unix_request(path, "/-/healthy")
    again.stop()
    assert not path.exists()


def run(*args):
    return subprocess.run([str(support.VEDETTE), "run", *map(str, args)], capture_output=True, text=True, timeout=20,
                          check=False)


@pytest.mark.parametrize("address, words", [
    (":0", "nobody has to log in"),
    ("0.0.0.0:0", "--web.allow-insecure"),
    ("[::]:0", "nobody has to log in"),
    ("127.0.0.1", "has no port"),
    ("192.0.2.7:0", "no such address"),
    ("unix:relative", "absolute path"),
])
def test_refuses_to_listen(address, words):
    done = run(f"--web.listen-address={address}")
    assert done.returncode != 0
    assert words in done.stderr


@pytest.mark.parametrize("address, code", [(":0", 1), ("0.0.0.0:1", 1), ("[::]:1", 1), ("192.0.2.7:1", 1),
                                           ("127.8.9.1:1", 0), ("[::1]:1", 0), ("localhost:1", 0)])
def test_check_sees_open_addresses(tmp_path, address, code):
    config = tmp_path / "vedette.yml"
    config.write_text(f"web: {{listen_address: '{address}'}}\n")
    done = subprocess.run([str(support.VEDETTE), "check", f"--config.file={config}"], capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode == code, done.stderr
    assert ("nobody has to log in" in done.stderr) == (code == 1)
    config.write_text(f"web: {{listen_address: '{address}', allow_insecure: true}}\n")
    assert subprocess.run([str(support.VEDETTE), "check", f"--config.file={config}"], capture_output=True, timeout=20,
                          check=False).returncode == 0


def test_address_in_use(agent):
    done = run(f"--web.listen-address=127.0.0.1:{agent.port}")
    assert done.returncode != 0
    assert "another program" in done.stderr


def test_listens_everywhere_when_told(start_agent):
    agent = start_agent(args=["--web.allow-insecure", f"--web.listen-address=:{support.free_port()}"],
                        ready=lambda agent: "listening" in agent.log.read_text())
    port = int(re.search(r'address="?\[::\]:(\d+)', agent.log.read_text()).group(1))
    assert support.request(port, "/-/healthy").status == 200
