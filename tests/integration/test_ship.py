"""`vedette ship --dry-run`: which source it takes, what it says when it cannot, and that it shows what happens."""
import json
import subprocess

import pytest

from support import ROOT, VEDETTE

CONFIG = """
external_labels: {deployment: test}
logs:
  loki: {url: http://127.0.0.1:9}
  sources:
    - name: edge
      file: {paths: [/var/log/caddy/*.log, %s/edge*.log]}
      labels: {service_name: caddy}
      stages:
        - json: {fields: {level: level}}
        - labels: [level]
    - file: {paths: [%s/app.log]}
      stages:
        - multiline:
        - redact: [password]
"""


@pytest.fixture
def ship(tmp_path):
    config = tmp_path / "vedette.yml"
    config.write_text(CONFIG % (tmp_path, tmp_path))

    def run(*args, stdin=""):
        return subprocess.run([VEDETTE, "ship", "--config.file", config, *args], input=stdin.encode(),
                              capture_output=True, timeout=60, check=False)
    return run


def test_standard_input(ship):
    done = ship("--dry-run", "--source=edge", stdin='{"level":"info"}\nno JSON\n')
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().startswith(
        'line 1 | {"level":"info"}\n'
        '  json                 extracted level="info"\n'
        '  labels               label     level="info"\n'
        '  => {deployment="test", service_name="caddy", level="info"} time of reading\n'
        '     | {"level":"info"}\n'
        'line 2 | no JSON\n'
        '  json                 NOT DONE: not JSON\n')
    assert "\n2 lines, 2 entries shipped, 0 dropped\n" in done.stdout.decode()


def test_file_chooses_its_source(ship, tmp_path):
    app = tmp_path / "app.log"
    app.write_bytes(b"first password=hunter2\r\n  second\xff\0\n")
    done = ship("--dry-run", app)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "lines 1-2 | first" in done.stdout.decode()
    assert "\n     | first password=<redacted>\n     |   second\\xff\\x00\n" in done.stdout.decode()


def test_a_source_without_a_name_has_a_number(ship):
    done = ship("--dry-run", "--source=2", stdin="x\n")
    assert done.returncode == 0
    assert b"multiline            held" in done.stdout


def test_nothing_to_read(ship):
    done = ship("--dry-run", "--source=2")
    assert (done.returncode, done.stdout) == (0, b"\n0 lines, 0 entries shipped, 0 dropped\n")


@pytest.mark.parametrize("args, said", [
    ((), "write --dry-run"),
    (("--dry-run",), "write --source= and one of: edge 2"),
    (("--dry-run", "--source=edgy"), "there is no source edgy; write --source= and one of: edge 2"),
    (("--dry-run", "--source=edge", "a", "b"), "takes one file"),
    (("--dry-run", "--sauce=edge"), "has no option"),
])
def test_called_wrongly(ship, args, said):
    done = ship(*args)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()


def test_file_that_is_not_there(ship):
    done = ship("--dry-run", "--source=edge", "/nonexistent")
    assert (done.returncode, done.stdout) == (1, b"")
    assert "cannot open /nonexistent" in done.stderr.decode()


def test_a_line_too_long(ship):
    done = ship("--dry-run", "--source=2", stdin="x" * (2 << 20))
    assert done.returncode == 1
    assert "line 1 has more than 1 MiB" in done.stderr.decode()


def test_help(ship):
    done = ship("--help")
    assert done.returncode == 0
    assert b"--dry-run" in done.stdout and b"--source=NAME" in done.stdout


def test_the_platforms_settings_are_accepted():
    settings = ROOT / "deploy/config/logs.yml"
    done = subprocess.run([VEDETTE, "check", "--config.file", settings], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_platforms_traceback_is_one_entry():
    lines = [("ERROR:    Exception in ASGI application\n", "stderr"), ("Traceback (most recent call last):\n", "stderr"),
             ("  File \"/app/db.py\", line 3, in get\n", "stderr"), ("INFO:     else\n", "stdout"),
             ("psycopg2.pool.PoolError: connection pool exhausted\n", "stderr")]
    text = "".join(json.dumps({"log": log, "stream": stream, "time": "2026-11-23T01:02:03Z"}) + "\n"
                   for log, stream in lines)
    done = subprocess.run([VEDETTE, "ship", "--dry-run", "--config.file", ROOT / "deploy/config/logs.yml",
                           "--source=fastapi"], input=text.encode(), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0
    shown = done.stdout.decode()
    assert "\n5 lines, 2 entries shipped, 0 dropped\n" in shown and "\napp_pool_errors_total 1\n" in shown
    assert '{service_name="fastapi", stream="stderr", level="error"}' in shown
