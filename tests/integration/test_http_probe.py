"""Probes of URLs and ports: what blackbox_exporter says of the same servers, and a true word for whatever is wrong."""
import gzip
import re
import ssl
import subprocess
import time
import warnings

import pytest

from caddy import Caddy
from support import VEDETTE, Daemon, Exposition, fetch_peers, free_port, request
from wild_server import WildServer, certificate, context_of, read_request, reset, says

OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
MANY = 100


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificates")
    ca = certificate(directory, "authority", days=30, alternative="DNS:authority")
    return {
        "ca": ca,
        "good": certificate(directory, "localhost", alternative="DNS:localhost,DNS:edge.example", issuer=ca),
        "soon": certificate(directory, "soon", days=5, alternative="DNS:localhost", issuer=ca),
        "self": certificate(directory, "selfish", alternative="DNS:localhost"),
        "expired": certificate(directory, "expired", days=1, alternative="DNS:localhost", issuer=ca, when="10 days ago"),
        "other": certificate(directory, "other", alternative="DNS:other.example", issuer=ca),
    }


def config(*items):
    return "exporters:\n  http:\n" + "".join(f"    - {{{item}}}\n" for item in items)


def note_of(agent, target):
    """What the status metrics say is wrong with the probe, or None."""
    for labels in Exposition(agent.get("/metrics/agent").body).named("vedette_target_error_info"):
        if dict(labels)["target"] == target:
            return dict(labels)["error"]
    return None


def probe(start_agent, item, fails=True):
    """The series of one probe, and its note."""
    agent = start_agent(config(f"name: it, {item}"))
    if fails:
        agent.expect_log("target reports a failure")
    response = agent.get("/metrics/http/it")
    assert response.status == 200, response.body
    return Exposition(response.body), note_of(agent, "it"), response.seconds


def wait_for_end(server, connection):
    server.done.wait(60)


def slow_headers(server, connection):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not server.done.wait(0.05):
        connection.sendall(b"X: y\r\n")


def endless_body(server, connection):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not server.done.is_set():
        connection.sendall(b"x" * 65536)


def slow_body(server, connection):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not server.done.wait(0.05):
        connection.sendall(b"x")


def endless_headers(server, connection):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not server.done.is_set():
        connection.sendall(b"X-Header: " + b"y" * 1000 + b"\r\n")


def round_and_round(_server, connection):
    number = int(read_request(connection).split()[1].strip("/") or 0)
    connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: /{number + 1}\r\nContent-Length: 0\r\n\r\n".encode())


BOMB = gzip.compress(bytes(32 << 20), 9)  # once, before anybody waits for it


def bomb(_server, connection):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB)


def reset_at_once(_server, connection):
    reset(connection)


def reset_after_request(_server, connection):
    read_request(connection)
    reset(connection)


def reset_in_headers(_server, connection):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-One: 1\r\n")
    reset(connection)


def reset_in_body(_server, connection):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    reset(connection)


def end_in_body(_server, connection):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


def no_http(_server, connection):
    read_request(connection)
    connection.sendall(b"220 mail.example ESMTP\r\n")


# name: behaviour, settings, status, words
PLAIN = {
    "hangs": (wait_for_end, "", 0, "waiting for the response: timed out"),
    "slow headers": (slow_headers, "", 200, "reading the headers: timed out"),
    "endless headers": (endless_headers, "", 200, "the headers are larger than 65536 bytes"),
    "slow body": (slow_body, "", 200, "reading the body: timed out"),
    "endless body": (endless_body, "max_bytes: 1MiB", 200, "the body is larger than 1048576 bytes"),
    "a hundred redirections": (round_and_round, "", 302, "more than 10 redirections"),
    "gzip bomb": (bomb, "compression: true, max_bytes: 1MiB", 200, "the body is larger than 1048576 bytes"),
    "reset after the request": (reset_after_request, "", 0, "waiting for the response: Recv failure: Connection reset"),
    "reset in the headers": (reset_in_headers, "", 200, "reading the headers: Recv failure: Connection reset"),
    "reset in the body": (reset_in_body, "", 200, "reading the body: Recv failure: Connection reset"),
    "ends in the body": (end_in_body, "", 200, "reading the body: transfer closed with 96 bytes remaining"),
    "speaks something else": (no_http, "", 0, "waiting for the response: Received HTTP/0.9"),
    "status": (says("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), "", 503, ": status 503"),
    "status that is not wanted": (says(OK), "expect: {status: [204, 3xx]}", 200, ": status 200"),
    "body": (says(OK), "expect: {body: '^fine$'}", 200, "expect.body matches nothing"),
    "body that is not wanted": (says(OK), "expect: {body_not: 'o.'}", 200, "expect.body_not matches something"),
}


@pytest.mark.parametrize("name", PLAIN)
def test_each_failure_is_told_apart(start_agent, name):
    behaviour, settings, status, words = PLAIN[name]
    with WildServer(behaviour) as server:
        metrics, note, seconds = probe(start_agent,
                                       f"url: 'http://127.0.0.1:{server.port}/', timeout: 2s, {settings}")
    assert metrics.value("probe_success", target="it") == 0
    assert metrics.value("probe_http_status_code", target="it") == status
    assert words in note, note
    assert metrics.value("probe_failed_due_to_regex", target="it") == name.startswith("body")
    assert seconds < 4 and metrics.value("probe_duration_seconds", target="it") <= 2.2


def test_words_differ():
    assert len({words for _, _, _, words in PLAIN.values()}) >= len(PLAIN) - 1


# name: server's certificate, TLS version of the server or None, settings, words
SECURE = {
    "self-signed": ("self", None, "", "in the TLS handshake: SSL certificate problem: self-signed certificate"),
    "unknown authority": ("good", None, "", "unable to get local issuer certificate"),
    "expired": ("expired", None, "ca", "in the TLS handshake: SSL certificate problem: certificate has expired"),
    "wrong host": ("other", None, "ca", "no alternative certificate subject name matches target host name"),
    "TLS 1.0": ("good", ssl.TLSVersion.TLSv1, "ca", "in the TLS handshake: "),
    "ends soon": ("soon", None, "ca, min_days_left: 14", "days (tls.min_days_left is 14); renew it"),
}


@pytest.mark.parametrize("name", SECURE)
def test_each_failure_of_tls_is_told_apart(start_agent, certificates, name):
    which, version, settings, words = SECURE[name]
    tls = settings.replace("ca", f"ca_file: {certificates['ca'][0]}", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = context_of(certificates[which], version)
    with WildServer(says(OK), context) as server:
        metrics, note, _ = probe(start_agent, f"url: 'https://localhost:{server.port}/', tls: {{{tls}}}, timeout: 3s")
    assert metrics.value("probe_success", target="it") == 0 and words in note, note
    if name == "ends soon":
        left = metrics.value("probe_ssl_earliest_cert_expiry", target="it") - time.time()
        assert re.search("a certificate ends in [45] days", note), note
        assert 4 * 86400 < left <= 5 * 86400 and metrics.value("probe_http_status_code", target="it") == 200
    else:
        # an alert on certificates has to see one that has ended, although nothing comes through it
        ends = metrics.named("probe_ssl_earliest_cert_expiry").values()
        assert [end < time.time() for end in ends] == ([] if name == "TLS 1.0" else [name == "expired"])
        assert not metrics.named("probe_ssl_last_chain_expiry_timestamp_seconds")
        assert metrics.value("probe_http_status_code", target="it") == 0
    if name == "TLS 1.0":
        assert "protocol" in note, note


@pytest.mark.parametrize("behaviour, words", [
    (wait_for_end, "in the TLS handshake: timed out"),
    (reset_at_once, "in the TLS handshake: "),
    (says(OK), "in the TLS handshake: "),
])
def test_no_tls_there(start_agent, behaviour, words):
    with WildServer(behaviour) as server:
        metrics, note, seconds = probe(start_agent, f"url: 'https://localhost:{server.port}/', timeout: 1s")
    assert metrics.value("probe_success", target="it") == 0 and words in note, note
    assert seconds < 3


def test_nobody_and_nowhere(start_agent):
    agent = start_agent(config(f"name: nobody, url: 'http://127.0.0.1:{free_port()}/'",
                               "name: nowhere, url: 'http://no-such-name.invalid/'",
                               f"name: port, url: 'tcp://127.0.0.1:{free_port()}'",
                               "name: six, url: 'http://127.0.0.1/', ip_protocol: 6"))
    agent.expect_log("target reports a failure")
    metrics = agent.metrics("/metrics/http")
    assert {v for v in metrics.named("probe_success").values()} == {0}
    assert "connecting: Connection refused" in note_of(agent, "nobody")
    assert "name not found" in note_of(agent, "nowhere")
    assert "connecting: Connection refused" in note_of(agent, "port")
    assert "has no address of IPv6" in note_of(agent, "six")
    assert metrics.value("probe_ip_protocol", target="nobody") == 4
    assert metrics.value("probe_ip_protocol", target="nowhere") == 0


def test_a_failure_is_logged_once_and_its_end(start_agent):
    with WildServer(says("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")) as server:
        agent = start_agent(config(f"name: it, url: 'http://127.0.0.1:{server.port}/'"))
        agent.expect_log("target reports a failure")
        for _ in range(5):
            assert agent.metrics("/metrics/http/it").value("probe_success", target="it") == 0
        assert "status 500" in agent.get("/").body
        server.take = says(OK)
        assert agent.metrics("/metrics/http/it").value("probe_success", target="it") == 1
        assert note_of(agent, "it") is None and "status 500" not in agent.get("/").body
        lines = [line for line in agent.log_lines() if "target reports" in line]
        assert len(lines) == 2 and "no failure any more" in lines[1]


def test_what_is_sent(start_agent):
    seen = []

    def take(_server, connection):
        text = read_request(connection)
        while len(text.split("\r\n\r\n", 1)[1]) < int(re.search(r"Content-Length: (\d+)", text)[1]):
            text += connection.recv(100).decode()
        seen.append(text)
        connection.sendall(OK.encode())

    with WildServer(take) as server:
        metrics, _, _ = probe(start_agent, f"url: 'http://127.0.0.1:{server.port}/a?b=c', method: PUT, content: '{{}}', "
                              "headers: {Content-Type: application/json, X-Probe: yes}, "
                              "basic_auth: {username: u, password: s3cr3t}, timeout: 3s", fails=False)
    assert metrics.value("probe_success", target="it") == 1
    head, body = seen[0].split("\r\n\r\n")
    assert head.startswith("PUT /a?b=c HTTP/1.1\r\n") and body == "{}"
    for header in ("Content-Type: application/json", "X-Probe: yes", "Authorization: Basic dTpzM2NyM3Q="):
        assert header in head.split("\r\n")


def test_logins_and_bodies_go_to_no_other_server(start_agent):
    seen = []

    def take(_server, connection):
        seen.append(read_request(connection))
        connection.sendall(OK.encode())

    with WildServer(take) as other, WildServer(says(
            f"HTTP/1.1 302 Found\r\nLocation: http://localhost:{other.port}/\r\nContent-Length: 0\r\n\r\n")) as server:
        metrics, _, _ = probe(start_agent, f"url: 'http://127.0.0.1:{server.port}/', content: hidden, "
                              "headers: {X-Key: s3cr3t}, bearer_token: s3cr3t", fails=False)
    assert metrics.value("probe_success", target="it") == 1 and metrics.value("probe_http_redirects", target="it") == 1
    assert "s3cr3t" not in seen[0] and "hidden" not in seen[0] and seen[0].startswith("GET / ")


def test_redirections_lead_to_no_files(start_agent):
    with WildServer(says("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n")) as server:
        metrics, note, _ = probe(start_agent, f"url: 'http://127.0.0.1:{server.port}/'")
    assert metrics.value("probe_success", target="it") == 0 and "root:" not in note


def test_unix_sockets_and_ports_and_names(start_agent, certificates, tmp_path):
    ca = certificates["ca"][0]
    server = Caddy("{\n admin off\n auto_https off\n}\nhttp:// {\n bind unix/{dir}/web.sock\n respond hello\n}\n"
                   "https://edge.example:%d {\n bind 127.0.0.1\n tls %s %s\n respond hello\n}\n"
                   % (port := free_port(), *certificates["good"]), ready="web.sock")
    try:
        agent = start_agent(config(
            f"name: unix, url: 'http://localhost/', unix_socket: {server.directory}/web.sock, expect: {{body: hello}}",
            f"name: named, url: 'https://127.0.0.1:{port}/', tls: {{ca_file: {ca}, server_name: edge.example}}",
            f"name: port, url: 'tls://127.0.0.1:{port}', tls: {{ca_file: {ca}, server_name: edge.example}}"))
        metrics = agent.metrics("/metrics/http")
        assert metrics.named("probe_success") == {frozenset({("target", n)}): 1 for n in ("unix", "named", "port")}
        for name in ("named", "port"):
            assert metrics.value("probe_tls_version_info", target=name, version="TLS 1.3") == 1
            assert metrics.value("probe_ssl_earliest_cert_expiry", target=name) == metrics.value(
                "probe_ssl_last_chain_expiry_timestamp_seconds", target=name)
        assert not any(dict(labels)["target"] == "port" for labels in metrics.named("probe_http_status_code"))
    finally:
        server.end()


BLACKBOX = """modules:
  http: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4, tls_config: {ca_file: %(ca)s}}}
  regex: {prober: http, http: {preferred_ip_protocol: ip4, fail_if_body_not_matches_regexp: [nowhere]}}
  stay: {prober: http, http: {preferred_ip_protocol: ip4, follow_redirects: false}}
  tcp: {prober: tcp, tcp: {preferred_ip_protocol: ip4}}
  tls: {prober: tcp, tcp: {preferred_ip_protocol: ip4, tls: true, tls_config: {ca_file: %(ca)s}}}
"""
# name: (their module, their target), our settings
SIDE_BY_SIDE = {
    "plain": ("http", "http://127.0.0.1:{http}/x", "url: 'http://127.0.0.1:{http}/x'"),
    "redirected": ("http", "http://127.0.0.1:{http}/r", "url: 'http://127.0.0.1:{http}/r'"),
    "not redirected": ("stay", "http://127.0.0.1:{http}/r", "url: 'http://127.0.0.1:{http}/r', follow_redirects: false"),
    "missing": ("http", "http://127.0.0.1:{http}/no", "url: 'http://127.0.0.1:{http}/no'"),
    "pattern": ("regex", "http://127.0.0.1:{http}/x", "url: 'http://127.0.0.1:{http}/x', expect: {{body: nowhere}}"),
    "secure": ("http", "https://localhost:{https}/", "url: 'https://localhost:{https}/', tls: {{ca_file: {ca}}}"),
    "not believed": ("stay", "https://localhost:{https}/", "url: 'https://localhost:{https}/'"),
    "refused": ("http", "http://127.0.0.1:{closed}/", "url: 'http://127.0.0.1:{closed}/'"),
    "no such name": ("http", "http://no-such-name.invalid/", "url: 'http://no-such-name.invalid/'"),
    "port": ("tcp", "127.0.0.1:{http}", "url: 'tcp://127.0.0.1:{http}'"),
    "closed port": ("tcp", "127.0.0.1:{closed}", "url: 'tcp://127.0.0.1:{closed}'"),
    "secure port": ("tls", "localhost:{https}", "url: 'tls://localhost:{https}', tls: {{ca_file: {ca}}}"),
}


@pytest.fixture(scope="module")
def sites(certificates, tmp_path_factory):
    """A real Caddy and a real blackbox_exporter."""
    places = {"http": free_port(), "https": free_port(), "closed": free_port(), "ca": certificates["ca"][0]}
    server = Caddy(f"""{{
 admin {{admin}}
 auto_https off
}}
http://127.0.0.1:{places["http"]} {{
 redir /r /x
 respond /x hello
 respond /no 404
 header /x Last-Modified "Wed, 21 Oct 2015 07:28:00 GMT"
}}
https://localhost:{places["https"]} {{
 tls {certificates["good"][0]} {certificates["good"][1]}
 respond hello
}}
""")
    directory = tmp_path_factory.mktemp("blackbox")
    (directory / "blackbox.yml").write_text(BLACKBOX % places)
    port = free_port()
    peer = Daemon([fetch_peers("prometheus-blackbox-exporter") / "prometheus-blackbox-exporter",
                   "--config.file=blackbox.yml", f"--web.listen-address=127.0.0.1:{port}"], directory, port)
    places["peer"] = port
    yield places
    peer.end()
    server.end()


def moves(name):
    return name.endswith(("duration_seconds", "lookup_time_seconds"))


def test_side_by_side_with_blackbox_exporter(sites, start_agent):
    agent = start_agent(config(*(f"name: '{name}', {ours.format(**sites)}" for name, (_, _, ours) in SIDE_BY_SIDE.items())))
    agent.expect_log("target reports a failure")
    all_ours = agent.metrics("/metrics/http")
    for name, (module, target, _) in SIDE_BY_SIDE.items():
        body = request(sites["peer"], f"/probe?module={module}&target={target.format(**sites)}").body
        theirs = Exposition(body)
        ours = {(n, labels - {("target", name)}): v for (n, labels), v in all_ours.samples.items()
                if ("target", name) in labels and n.startswith("probe_")}
        # what it says of a certificate only where it believes it, we say of one that is refused, too
        more = {("probe_ssl_earliest_cert_expiry", frozenset())} if name == "not believed" else set()
        assert set(ours) == set(theirs.samples) | more, name
        for key, value in theirs.samples.items():
            if not moves(key[0]):
                assert ours[key] == value, (name, key)
        assert {n: all_ours.types[n] for n in theirs.types} == theirs.types


@pytest.mark.parametrize("item, words", [
    ("{url: 'ftp://x/'}", "the url begins with http:// or https://"),
    ("{url: 'tcp://x'}", "a port is written as tcp://host:port"),
    ("{url: 'tcp://x:1', expect: {body: x}}", "a port is only entered"),
    ("{url: 'http://u:hidden@x/'}", "the url holds a user or a password"),
    ("{url: 'http://x/', expect: {status: [20]}}", "expect.status: 20 is no status"),
    ("{url: 'http://x/', expect: {status: []}}", "expect.status is empty"),
    ("{url: 'http://x/', expect: {status: 500-200}}", "is no status"),
    ("{url: 'http://x/', unix_socket: x}", "a path that begins with /"),
    ("{url: 'http://x/', tls: {cert_file: /x}}", "cert_file and key_file go together"),
])
def test_settings(tmp_path, item, words):
    path = tmp_path / "vedette.yml"
    path.write_text(f"exporters: {{http: [{item}]}}\n")
    done = subprocess.run([str(VEDETTE), "check", f"--config.file={path}"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 1 and words in done.stdout + done.stderr and "hidden" not in done.stdout + done.stderr
