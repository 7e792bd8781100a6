"""Beside pgbouncer_exporter 0.12.1 on one PgBouncer: every series of it is here, with its value."""
import re
import shutil
import subprocess

import pytest

import postgres as pg
import support

SOURCE = support.ROOT / "tests/peers/pgbouncer_exporter"
PROGRAM = support.ROOT / "build/peers/pgbouncer_exporter"
# these depend on who is on the console at the moment: the exporter logs in anew for each scrape
SESSIONS = re.compile("pgbouncer_(free|used|login)_clients|pgbouncer_client_connections")


def exporter_program():
    """Built once from its pinned module."""
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if not PROGRAM.exists():
        if not go:
            pytest.skip("pgbouncer_exporter is built from its Go module, and there is no Go (golang.org)")
        done = subprocess.run([go, "build", "-trimpath", "-o", str(PROGRAM),
                               "github.com/prometheus-community/pgbouncer_exporter"], cwd=SOURCE, timeout=600,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"pgbouncer_exporter could not be built; is there a Go module proxy? {done.stderr[-200:]}")
    return PROGRAM


def test_every_series_of_it_is_here(postgres, start_pgbouncer, start_agent, start_daemon):
    program = exporter_program()
    bouncer = start_pgbouncer(postgres, "ignore_startup_parameters = extra_float_digits",
                              databases=["app = SERVER dbname=postgres user=postgres", "postgres = SERVER"])
    for _ in range(5):
        assert bouncer.client("SELECT 1; SELECT 2", database="app", PGAPPNAME="a b").wait(20) == 0
    assert bouncer.client("SELECT 1").wait(20) == 0
    port = support.free_port()
    address = f"postgres://postgres:super%20secret@127.0.0.1:{bouncer.port}/pgbouncer?sslmode=disable"
    exporter = start_daemon([program, f"--web.listen-address=127.0.0.1:{port}",
                             f"--pgBouncer.connectionString={address}"], port)
    theirs = support.Exposition(exporter.get("/metrics").body)
    ours = start_agent(pg.agent_config(bouncer.config(), exporter="pgbouncer")).metrics("/metrics/pgbouncer")
    assert theirs.value("pgbouncer_up") == 1
    seen, missing, different = 0, [], []
    for (name, labels), value in theirs.samples.items():
        if not name.startswith("pgbouncer_") or name.startswith("pgbouncer_exporter_"):
            continue
        console = ("database", "pgbouncer") in labels
        if SESSIONS.match(name):
            if not ours.named(name):
                missing.append(name)
        elif (name, labels) not in ours.samples:
            missing.append((name, dict(labels)))
        elif not console and ours.samples[name, labels] != value:
            different.append((name, dict(labels), value, ours.samples[name, labels]))
        assert ours.type_of(name) == theirs.type_of(name), name
        seen += 1
    assert not missing and not different, (missing, different)
    assert seen > 90
