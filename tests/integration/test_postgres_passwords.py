"""Passwords of all kinds, by every way that leads into the agent: each logs in with SCRAM, and none comes out again."""
import base64
import html
import json
import os
import subprocess
import urllib.parse

import pytest

import postgres as pg
from support import SANITIZED, VEDETTE

PASSWORDS = {
    "wild": pg.PASSWORD,
    "special": "@:/?=%&'\"\\ space",
    "utf-8": "ပို့စ်ဂရက်စ်é𝄞" * 4 + "ပို့စ်စ်∑ßabc",  # 200 bytes
    "variable": "$HOME ${HOME} $$ ${HOME",
    "percent": "%41%zz%",
    "quotes": "'\"'\"",
    "backslashes": "\\n\\\\'\\",
    "blanks": "  a # b: {c}, [d] ",
    "stars": "***",
}
BASE = {k: v for k, v in os.environ.items() if not k.startswith("PG") and k != "DATABASE_URL"}


def double_quoted(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")


class Ways:
    """(target, environment, arguments) by which a password gets in."""

    def __init__(self, server, directory):
        self.server, self.directory = server, directory

    def target(self, **password):
        return self.server.config(user="odd", **{"password": None, **password})

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path

    def url(self, password, driver="postgresql"):
        coded = urllib.parse.quote(password, safe="")
        return f"{driver}://odd:{coded}@127.0.0.1:{self.server.port}/postgres"

    def field(self, password):
        return self.target(password=password.replace("$", "$$")), {}, ()

    def file(self, password):
        return self.target(password_file=self.write("password", password + "\n")), {}, ()

    def pgpassword(self, password):
        return self.target(), {"PGPASSWORD": password}, ()

    def passfile(self, password):
        line = password.replace("\\", "\\\\").replace(":", "\\:")
        path = self.write("pgpass", f"*:*:*:odd:{line}\n")
        path.chmod(0o600)
        return self.target(), {"PGPASSFILE": str(path)}, ()

    def database_url(self, password):
        return "{timeout: 5s}", {"DATABASE_URL": self.url(password)}, ()

    def variable(self, password):
        return self.target(password="${SOME_SECRET}"), {"SOME_SECRET": password}, ()

    def env_file(self, password):
        path = self.write("a.env", f"SOME_SECRET={double_quoted(password)}\n")
        return self.target(password="${SOME_SECRET}"), {}, (f"--env-file={path}",)

    def env_file_pgpassword(self, password):
        path = self.write("a.env", f"PGPASSWORD={double_quoted(password)}\n")
        return self.target(), {}, (f"--env-file={path}",)

    def env_file_url(self, password):
        path = self.write("a.env", f"DATABASE_URL='{self.url(password, 'postgresql+psycopg2')}'\n")
        return "{timeout: 5s}", {}, (f"--env-file={path}",)


WAYS = [name for name in vars(Ways) if name not in ("target", "write", "url") and not name.startswith("__")]


def forms(password):
    """As it is, and as it would look in a page, a label, an address or an encoding; in pieces, too, where long."""
    raw = password.encode()
    found = {password, urllib.parse.quote(password, safe=""), urllib.parse.quote(password), html.escape(password),
             urllib.parse.quote_plus(password), json.dumps(password)[1:-1], repr(password)[1:-1],
             json.dumps(password, ensure_ascii=False)[1:-1], base64.b64encode(raw).decode(), raw.hex(),
             password.replace("'", "''"), password.replace("\\", "\\\\").replace('"', '\\"')}
    if len(raw) > 64:
        found |= {password[i:i + 16] for i in range(0, len(password) - 16, 16)}
    return found - {"***"}


def free_of(password, text, where):
    for form in forms(password):
        assert form not in text, f"{where}: {form!r}"


@pytest.fixture(params=("special", "utf-8") if SANITIZED else PASSWORDS, ids=str)
def password(request, postgres):
    value = PASSWORDS[request.param]
    quoted = value.replace("'", "''")
    postgres.sql(f"CREATE ROLE odd LOGIN PASSWORD '{quoted}'; GRANT pg_monitor TO odd")
    assert postgres.sql("SELECT left(rolpassword, 13) FROM pg_authid WHERE rolname = 'odd'") == "SCRAM-SHA-256"
    yield value
    postgres.sql("DROP ROLE odd")


def vedette(directory, target, env, args, *command):
    path = directory / "vedette.yml"
    path.write_text(pg.agent_config(target), encoding="utf-8")
    return subprocess.run([str(VEDETTE), *command, f"--config.file={path}", *args], env={**BASE, **env}, timeout=60,
                          capture_output=True, text=True, check=False)


def test_each_way_logs_in(postgres, tmp_path, password):
    """And says nothing of it, neither when it gets in nor when the server knows another password."""
    ways = Ways(postgres, tmp_path)
    for refused in (False, True):
        if refused:
            postgres.sql("ALTER ROLE odd PASSWORD 'another'")
        for name in WAYS:
            target, env, args = getattr(ways, name)(password)
            done = vedette(tmp_path, target, env, args, "scrape", "postgres", "--log.level=debug")
            text = done.stdout + done.stderr
            assert f"\npg_up {0 if refused else 1}\n" in text, f"{name}: {text}"
            assert not refused or "wrong password" in text, f"{name}: {text}"
            free_of(password, text, name)


def test_settings_and_their_check_tell_nothing(postgres, tmp_path, password):
    ways = Ways(postgres, tmp_path)
    for name in WAYS:
        given = getattr(ways, name)(password)
        for command in (("config", "--print"), ("check",)):
            done = vedette(tmp_path, *given, *command)
            assert done.returncode == 0, done.stderr
            free_of(password, done.stdout + done.stderr, f"{command} {name}")


def test_faulty_settings_tell_nothing(postgres, tmp_path, password):
    """A password that somebody pasted where it is misunderstood."""
    env_file = tmp_path / "bad.env"
    env_file.write_text(f"PGPASSWORD={password}\nX='\n", encoding="utf-8")
    quoted = password.replace("'", "''")
    server = f"127.0.0.1:{postgres.port}"
    inside = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres.port), "PGUSER": "vedette", "PGPASSWORD": pg.PASSWORD}
    for target, env, args in (
            ("{timeout: 5s}", {"DATABASE_URL": f"postgresql://odd:{password}%zz@{server}/postgres"}, ()),
            ("{timeout: 5s}", {"DATABASE_URL": f"postgresql://odd:{password}@{server}/postgres"}, ()),
            ("{timeout: 5s}", {"DATABASE_URL": f"postgresql//odd:{password}@{server}/postgres"}, ()),
            ("{timeout: 5s}", {"DATABASE_URL": f"postgresql//odd:{password}@{server}/postgres", **inside}, ()),
            ("{timeout: 5s}", {"DATABASE_URL": f"mysql://odd:{password}@{server}/app", **inside}, ()),
            ("{timeout: 5s}", {"DATABASE_URL": f"host=127.0.0.1 password={password}"}, ()),
            (f"{{password: ['{quoted}']}}", {}, ()),
            (f"{{password: {{'{quoted}': 1}}}}", {}, ()),
            (f"{{passwort: '{quoted}'}}", {}, ()),
            (f"{{password_file: '{quoted}', password: '{quoted}'}}", {}, ()),
            (f"{{password: '{quoted}\n", {}, ()),
            (f"{{password: {password}", {}, ()),
            (ways_target(postgres), {}, (f"--env-file={env_file}",))):
        for command in (("check",), ("config", "--print"), ("scrape", "postgres")):
            done = vedette(tmp_path, target, env, args, *command)
            free_of(password, done.stdout + done.stderr, f"{command} {target} {env}")


def test_an_address_in_a_field_is_not_repeated(postgres, tmp_path, password):
    quoted = password.replace("'", "''").replace("$", "$$")
    for field in ("host", "database"):
        target = "{%s: 'postgresql://odd:%s@127.0.0.1:%d/app'}" % (field, quoted, postgres.port)
        done = vedette(tmp_path, target, {}, (), "scrape", "postgres")
        assert f"{field}: an address; write its parts" in done.stderr
        free_of(password, done.stdout + done.stderr, field)


def ways_target(server):
    return server.config(user="odd", password=None)


@pytest.mark.parametrize("way", WAYS)
def test_no_page_and_no_log_line_tells(postgres, start_agent, tmp_path, monkeypatch, way):
    """A running agent, let in and then locked out."""
    password = PASSWORDS["wild"] + PASSWORDS["special"]
    postgres.sql("CREATE ROLE odd LOGIN PASSWORD '%s'; GRANT pg_monitor TO odd" % password.replace("'", "''"))
    try:
        target, env, args = getattr(Ways(postgres, tmp_path), way)(password)
        monkeypatch.delenv("DATABASE_URL", raising=False)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        agent = start_agent(pg.agent_config(target), args=(*args, "--log.level=debug"))
        agent.expect_log("collector failed|^warning: ")
        for up in (1, 0):
            assert agent.metrics().value("pg_up") == up
            for path in ("/", "/metrics", "/metrics/postgres", "/metrics/agent", "/sd", "/-/healthy", "/-/ready",
                         "/nowhere"):
                for accept in ("text/plain", "application/openmetrics-text"):
                    free_of(password, agent.get(path, headers={"Accept": accept}).body, path)
            postgres.sql("ALTER ROLE odd PASSWORD 'another'; "
                         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'odd'")
        agent.stop()
        assert "wrong password" in agent.log.read_text()
        free_of(password, agent.log.read_text(), "log")
    finally:
        postgres.sql("DROP ROLE odd")
