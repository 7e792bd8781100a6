"""TLS to a real server: who may be trusted, under which name, and the words where that fails."""
import os
import subprocess

import pytest

import postgres as pg
from support import wait_until
from test_postgres import down


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


class Authority:
    def __init__(self, directory, name):
        self.certificate, self.key, self.directory = directory / f"{name}.crt", directory / f"{name}.key", directory
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                "-keyout", self.key, "-out", self.certificate)

    def sign(self, name, alternative, days=2):
        """(certificate, key)"""
        request, extension = self.directory / f"{name}.csr", self.directory / f"{name}.ext"
        certificate, key = self.directory / f"{name}.crt", self.directory / f"{name}.key"
        extension.write_text(f"subjectAltName={alternative}\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", days, "-extfile", extension, "-out", certificate)
        key.chmod(0o600)
        return certificate, key


def switch_on(server, authority, certificate, key):
    for name, path in (("server.crt", certificate), ("server.key", key), ("root.crt", authority.certificate)):
        copy = server.data / name
        copy.write_bytes(path.read_bytes())
        copy.chmod(0o600)
        if server.user:
            os.chown(copy, server.user["user"], server.user["group"])
    server.sql("ALTER SYSTEM SET ssl_ca_file = 'root.crt'")
    server.sql("ALTER SYSTEM SET ssl = on")
    server.sql("SELECT pg_reload_conf()")
    wait_until(lambda: server.sql("SHOW ssl") == "on", what="TLS is on")


@pytest.fixture
def authorities(tmp_path):
    (tmp_path / "other").mkdir()
    return Authority(tmp_path, "right"), Authority(tmp_path / "other", "other")


def test_verify_full(start_postgres, start_agent, authorities, tmp_path):
    """The certificate is compared with the name, whatever the address was."""
    right, other = authorities
    server = start_postgres()
    switch_on(server, right, *right.sign("localhost", "DNS:localhost"))
    good = {"host": "localhost", "sslmode": "verify-full", "sslrootcert": right.certificate}
    agent = start_agent(pg.agent_config(server.config(**good)))
    assert agent.metrics().value("pg_up") == 1
    assert server.sql("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                      "WHERE usename = 'vedette'") == "t"
    agent.stop()
    empty = tmp_path / "empty.crt"
    empty.touch()
    for change, words in (({"sslrootcert": other.certificate}, "certificate verify failed"),
                          ({"host": "127.0.0.1"}, 'does not match host name'),
                          ({"sslrootcert": "/nowhere"}, "does not exist"),
                          ({"sslrootcert": empty}, "could not read root certificate file")):
        down(start_agent(pg.agent_config(server.config(**{**good, **change}))), "TLS failed", words)
    for change in ({"host": "127.0.0.1", "sslmode": "verify-ca"}, {"sslmode": "require", "sslrootcert": None},
                   {"sslmode": "prefer", "sslrootcert": None}, {"sslmode": "disable", "sslrootcert": None}):
        agent = start_agent(pg.agent_config(server.config(**{**good, **change})))
        assert agent.metrics().value("pg_up") == 1, change
        agent.stop()


def test_server_without_tls(postgres, start_agent, authorities):
    right, _ = authorities
    for mode in ("require", "verify-ca", "verify-full"):
        down(start_agent(pg.agent_config(postgres.config(host="localhost", sslmode=mode,
                                                         sslrootcert=right.certificate))),
             "TLS failed", "does not support SSL")


def test_our_own_certificate(start_postgres, start_agent, authorities):
    """A server that wants one besides the password, and a role that it does not belong to."""
    right, other = authorities
    server = start_postgres()
    hba = server.data / "pg_hba.conf"
    hba.write_text("hostssl all vedette 127.0.0.1/32 scram-sha-256 clientcert=verify-full\n"
                   "hostnossl all vedette 127.0.0.1/32 reject\n" + hba.read_text())
    switch_on(server, right, *right.sign("localhost", "DNS:localhost"))
    common = {"host": "localhost", "sslmode": "verify-full", "sslrootcert": right.certificate}

    def config(pair):
        return pg.agent_config(server.config(**common, sslcert=pair[0], sslkey=pair[1]))

    assert start_agent(config(right.sign("vedette", "DNS:agent"))).metrics().value("pg_up") == 1
    down(start_agent(config(right.sign("somebody", "DNS:agent"))), "wrong password")  # as the server puts it
    down(start_agent(config(other.sign("vedette", "DNS:agent"))), "TLS failed")
    down(start_agent(pg.agent_config(server.config(**common))), "does not let this user in")
