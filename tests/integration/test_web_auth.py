"""Who may ask: TLS, client certificates, users; and web.yml as it changes."""
import base64
import ctypes
import http.client
import os
import re
import ssl
import subprocess
import time

import pytest

import support
from support import wait_until


def bcrypt(password, cost=10, kind="2y"):
    """crypt(3) of libxcrypt, as Debian's own Python has no bcrypt."""
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    return crypt(password.encode(), f"${kind}${cost:02}$abcdefghijklmnopqrstuu".encode()).decode()


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, timeout=60)


class Authority:
    """A CA in a directory; makes keys and certificates there."""

    def __init__(self, directory, name):
        self.directory, self.name = directory, name
        self.cert, self.key = directory / f"{name}.crt", directory / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2,
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.cert)

    def issue(self, name, san="DNS:localhost,IP:127.0.0.1", usage="serverAuth,clientAuth", days=2):
        """(certificate, key); days may be negative: expired."""
        base = self.directory / f"{self.name}-{name}"
        cert, key, request, extra = (base.with_suffix(s) for s in (".crt", ".key", ".csr", ".ext"))
        extra.write_text(f"subjectAltName={san}\nextendedKeyUsage={usage}\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                f"/CN={name}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", "-days", days,
                "-extfile", extra, "-out", cert)
        return cert, key


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path, "good")


def listens(agent):
    return "msg=listening" in agent.log.read_text()


@pytest.fixture
def serve(start_agent, tmp_path):
    """serve(web_yml, *args) starts an agent with it."""
    def start(text, *args):
        path = tmp_path / "web.yml"
        path.write_text(text)
        return start_agent(args=[f"--web.config.file={path}", *args], ready=listens)
    return start


def tls_context(ca, client=None, version=None):
    context = ssl.create_default_context(cafile=str(ca))
    if client:
        context.load_cert_chain(str(client[0]), str(client[1]))
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def https(agent, context, path="/-/healthy", headers=None):
    connection = http.client.HTTPSConnection("localhost", agent.port, timeout=10, context=context)
    try:
        connection.request("GET", path, headers=headers or {})
        connection.peer = connection.sock.getpeercert()
        answer = support.Response(connection.getresponse(), 0)
        answer.peer = connection.peer
        return answer
    finally:
        connection.close()


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_users(serve):
    agent = serve(f"basic_auth_users:\n  ann: {bcrypt('s3cret:x')}\n  bob: {bcrypt('other', 11, '2b')}\n")
    for path in ("/", "/metrics", "/-/healthy", "/nosuch", "/sd"):
        refused = agent.get(path)
        assert refused.status == 401
        assert refused.headers["WWW-Authenticate"].startswith("Basic ")
        assert "Log in" in refused.body
    good = basic("ann", "s3cret:x")
    assert agent.get("/metrics", headers=good).status == 200
    again = min(agent.get("/-/healthy", headers=good).seconds for _ in range(5))
    assert again < 0.02, "the second login is not remembered"
    assert agent.get("/metrics", headers=basic("bob", "other")).status == 200
    for headers in (basic("ann", "s3cret"), basic("ann", "other"), basic("eve", "s3cret:x"), basic("", ""),
                    {"Authorization": "Basic %%%"}, {"Authorization": "Bearer x"}, basic("ann", "x" * 5000)):
        assert agent.get("/metrics", headers=headers).status == 401
    assert agent.get("/-/reload", method="POST").status == 401
    assert "s3cret" not in agent.log.read_text()


def test_unknown_users_cost_the_same(serve):
    agent = serve(f"basic_auth_users: {{ann: {bcrypt('x', 12)}}}\n")
    known = min(agent.get("/", headers=basic("ann", f"wrong{i}")).seconds for i in range(4))
    unknown = min(agent.get("/", headers=basic(f"eve{i}", "wrong")).seconds for i in range(4))
    assert unknown > known / 3 and known > unknown / 3
    assert known > 0.02


def test_logins_delay_nobody(serve):
    agent = serve(f"basic_auth_users: {{ann: {bcrypt('x', 13)}}}\n")
    good = basic("ann", "x")
    assert agent.get("/", headers=good).status == 200
    waiting = []
    for i in range(8):
        connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=30)
        connection.request("GET", "/", headers=basic("ann", f"wrong{i}"))
        waiting.append(connection)
    assert agent.get("/-/healthy", headers=good).seconds < 0.25
    assert {connection.getresponse().status for connection in waiting} == {401}


def test_a_flood_of_logins_is_refused(serve):
    agent = serve(f"basic_auth_users: {{ann: {bcrypt('x', 12)}}}\n")
    waiting = []
    for i in range(30):
        connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=60)
        connection.request("GET", "/", headers=basic("ann", f"wrong{i}"))
        waiting.append(connection)
    answers = [connection.getresponse() for connection in waiting]
    assert {answer.status for answer in answers} == {401, 503}
    assert all(answer.headers["Retry-After"] == "1" for answer in answers if answer.status == 503)


def test_stops_while_a_login_runs(serve):
    agent = serve(f"basic_auth_users: {{ann: {bcrypt('x', 13)}}}\n")
    connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=30)
    connection.request("GET", "/", headers=basic("ann", "y"))
    assert agent.stop() < 2


def tls_yml(pair, more=""):
    return f"tls_server_config:\n  cert_file: {pair[0]}\n  key_file: {pair[1]}\n{more}"


def test_tls(serve, authority):
    pair = authority.issue("server")
    agent = serve(tls_yml((pair[0].name, pair[1].name)))  # relative to web.yml
    answer = https(agent, tls_context(authority.cert), "/sd")
    assert answer.status == 200 and '"__scheme__":"https"' in answer.body
    assert https(agent, tls_context(authority.cert, version=ssl.TLSVersion.TLSv1_2)).status == 200
    assert https(agent, tls_context(authority.cert, version=ssl.TLSVersion.TLSv1_3)).status == 200
    old = tls_context(authority.cert, version=ssl.TLSVersion.TLSv1_1)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        https(agent, old)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        agent.get("/")
    assert https(agent, tls_context(authority.cert), "/metrics").status == 200


def test_tls_min_version(serve, authority):
    agent = serve(tls_yml(authority.issue("server"), "  min_version: TLS13\n"))
    assert https(agent, tls_context(authority.cert)).status == 200
    with pytest.raises((ssl.SSLError, ConnectionError)):
        https(agent, tls_context(authority.cert, version=ssl.TLSVersion.TLSv1_2))


def replace(path, source):
    fresh = path.with_suffix(".new")
    fresh.write_bytes(source.read_bytes())
    os.replace(fresh, path)


def test_certificates_are_rotated(serve, authority):
    cert, key = authority.issue("server", san="DNS:localhost,DNS:first.example.com")
    second = authority.issue("second", san="DNS:localhost,DNS:second.example.com")
    agent = serve(tls_yml((cert, key)))
    context = tls_context(authority.cert)

    def names():
        return {name for _, name in https(agent, context).peer["subjectAltName"]}

    assert "first.example.com" in names()
    kept = http.client.HTTPSConnection("localhost", agent.port, timeout=10, context=context)
    kept.request("GET", "/-/healthy")
    assert kept.getresponse().read()
    agent.expect_log("cannot be used; the old ones stay.*do not make a pair")
    replace(cert, second[0])  # a new certificate with the old key
    wait_until(lambda: names() and "do not make a pair" in agent.log.read_text())
    assert "first.example.com" in names()
    replace(key, second[1])
    wait_until(lambda: "second.example.com" in names())
    kept.request("GET", "/-/healthy")  # the old connection lives on
    assert kept.getresponse().status == 200
    assert agent.log.read_text().count("do not make a pair") == 1, "it is said once"


def client_yml(authority, kind="RequireAndVerifyClientCert", more=""):
    pair = authority.issue("server")
    return tls_yml(pair, f"  client_auth_type: {kind}\n  client_ca_file: {authority.cert}\n{more}")


def status(agent, authority, client=None):
    return https(agent, tls_context(authority.cert, client)).status


def test_client_certificates(serve, authority, tmp_path):
    agent = serve(client_yml(authority))
    assert status(agent, authority, authority.issue("client")) == 200
    assert "client certificate is needed" in https(agent, tls_context(authority.cert)).body
    assert status(agent, authority) == 403
    assert status(agent, authority, Authority(tmp_path, "other").issue("client")) == 403
    assert status(agent, authority, authority.issue("old", days=-1)) == 403
    assert status(agent, authority, authority.issue("server-only", usage="serverAuth")) == 403
    assert status(agent, authority, authority.issue("again")) == 200


def test_client_certificates_if_given(serve, authority, tmp_path):
    agent = serve(client_yml(authority, "VerifyClientCertIfGiven"))
    assert status(agent, authority) == 200
    assert status(agent, authority, authority.issue("client")) == 200
    assert status(agent, authority, Authority(tmp_path, "other").issue("client")) == 403


def test_any_client_certificate(serve, authority, tmp_path):
    agent = serve(tls_yml(authority.issue("server"), "  client_auth_type: RequireAnyClientCert\n"))
    assert status(agent, authority) == 403
    assert status(agent, authority, Authority(tmp_path, "other").issue("client")) == 200


def test_names_in_client_certificates(serve, authority):
    agent = serve(client_yml(authority, more="  client_allowed_sans: [prometheus.example.com, 10.9.8.7]\n"))
    assert status(agent, authority, authority.issue("a", san="DNS:x.com,DNS:prometheus.example.com")) == 200
    assert status(agent, authority, authority.issue("b", san="IP:10.9.8.7")) == 200
    refused = https(agent, tls_context(authority.cert, authority.issue("c", san="DNS:grafana.example.com")))
    assert refused.status == 403 and "client_allowed_sans" in refused.body


def test_tls_and_users(serve, authority):
    agent = serve(tls_yml(authority.issue("server")) + f"basic_auth_users: {{ann: {bcrypt('x', 5)}}}\n"
                  "http_server_config: {headers: {Strict-Transport-Security: max-age=1, X-Frame-Options: deny}}\n")
    context = tls_context(authority.cert)
    assert https(agent, context).status == 401
    answer = https(agent, context, "/", headers=basic("ann", "x"))
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=1"
    assert answer.headers["X-Frame-Options"] == "deny"


def test_a_slow_handshake_is_cut_off(serve, authority):
    agent = serve(tls_yml(authority.issue("server")))
    context = tls_context(authority.cert)
    start = time.monotonic()
    with support.socket.create_connection(("127.0.0.1", agent.port), timeout=20) as slow:
        slow.sendall(b"\x16\x03\x01")
        assert https(agent, context).status == 200
        slow.setblocking(True)
        slow.settimeout(20)
        assert slow.recv(1) == b""
    assert 8 < time.monotonic() - start < 13


def test_users_change_without_a_restart(serve, tmp_path):
    agent = serve(f"basic_auth_users: {{ann: {bcrypt('x', 4)}}}\n")
    assert agent.get("/", headers=basic("ann", "x")).status == 200
    agent.expect_log("cannot be used; the old ones stay")
    (tmp_path / "web.yml").write_text("basic_auth_users: {ann: oops}\n")
    wait_until(lambda: agent.get("/", headers=basic("ann", "x")).status == 200 and
               "cannot be used" in agent.log.read_text())
    (tmp_path / "web.yml").write_text(f"basic_auth_users: {{bob: {bcrypt('y', 4)}}}\n")
    wait_until(lambda: agent.get("/", headers=basic("bob", "y")).status == 200)
    assert agent.get("/", headers=basic("ann", "x")).status == 401


def test_listens_beyond_this_machine_with_users(serve, tmp_path):
    port = support.free_port()
    agent = serve(f"basic_auth_users: {{ann: {bcrypt('x', 4)}}}\n", f"--web.listen-address=0.0.0.0:{port}")
    agent.expect_log("passwords travel unencrypted")
    assert support.request(port, "/").status == 401
    agent.expect_log("cannot be used; the old one stays.*nobody has to log in")
    (tmp_path / "web.yml").write_text("{}\n")
    wait_until(lambda: support.request(port, "/").status == 401 and "nobody has" in agent.log.read_text())


@pytest.mark.parametrize("text, words", [
    ("rate_limit: {interval: 1s, burst: 20}\n", "rate_limit is not implemented"),
    ("basic_auth_users: {ann: plain}\n", "htpasswd"),
    ("basic_auth_user: {}\n", "basic_auth_users"),
    ("tls_server_config: {cert_file: nosuch.crt, key_file: nosuch.key}\n", "nosuch.crt"),
    ("tls_server_config: {min_version: TLS10}\n", "not offered"),
])
def test_check_names_the_faults_of_web_yml(tmp_path, text, words):
    path = tmp_path / "web.yml"
    path.write_text(text)
    done = subprocess.run([str(support.VEDETTE), "check", f"--web.config.file={path}"], capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode == 1
    assert words in done.stderr and str(path) in done.stderr
    assert not re.search("Sanitizer", done.stderr)
