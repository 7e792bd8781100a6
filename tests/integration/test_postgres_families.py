"""Which families PostgreSQL's exporter has, on each version, with and without rights, and how many series at most."""
import json
import pathlib
import re
import subprocess

import pytest

import postgres as pg
from support import VEDETTE

COMMUNITY = pathlib.Path(__file__).with_name("postgres_exporter_names.txt")


def test_every_name_of_the_community_is_here():
    """What postgres_exporter 0.17.1 emits by default, but for what it says of itself: name, type, labels."""
    done = subprocess.run([str(VEDETTE), "metrics", "--json"], capture_output=True, text=True, check=True, timeout=60)
    ours = {m["name"]: (m["type"], set(filter(None, m["labels"].split(",")))) for m in json.loads(done.stdout)}
    theirs = re.findall(r"^(\w+) (\w+) \{(.*)\}$", COMMUNITY.read_text(), re.M)
    assert len(theirs) > 50
    for name, kind, labels in theirs:
        assert ours.get(name) == (kind, set(filter(None, labels.split(",")))), name


def enabled(server, *collectors, **settings):
    target = server.config(**settings)[1:-1]
    return pg.agent_config("{%s, collectors: {enable: [%s]}}" % (target, ", ".join(collectors)))


@pytest.mark.parametrize("version", pg.VERSIONS)
def test_what_is_off_by_default(start_postgres, start_agent, version):
    server = start_postgres(version)
    server.sql("CREATE TABLE t (n int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000)")
    server.sql("SET enable_seqscan = off; SELECT n FROM t WHERE n = 7")
    available = server.sql("SELECT count(*) FROM pg_available_extension_versions "
                           "WHERE name = 'pg_buffercache' AND version::float >= 1.4") != "0"
    if available:
        server.sql("CREATE EXTENSION pg_buffercache")
    agent = start_agent(enabled(server, "buffercache_summary", "statio_user_indexes"))
    if not available:
        agent.expect_log("CREATE EXTENSION pg_buffercache")
    page = agent.metrics("/metrics/postgres")
    index = {"datname": "postgres", "schemaname": "public", "relname": "t", "indexrelname": "t_pkey"}
    assert page.value("pg_stat_user_indexes_idx_scan_total", **index) >= 1
    assert page.value("pg_statio_user_indexes_idx_blks_hit_total", **index) > 0
    assert page.has("pg_buffercache_summary_buffers_used") == available
    assert page.value("pg_xlog_location_bytes") > 1 << 20
    assert page.value("vedette_pg_monitor_granted") == 1


def test_idle_sessions(postgres, start_agent):
    session = postgres.session("SET application_name = 'sleeper';")
    page = start_agent(pg.agent_config(postgres.config())).metrics("/metrics/postgres")
    session.kill()
    session.wait()
    idle = {"application_name": "sleeper", "state": "idle"}
    assert page.value("pg_process_idle_seconds_bucket", le="300", **idle) == 1
    assert page.value("pg_process_idle_seconds_count", **idle) == 1


@pytest.mark.parametrize("version", pg.VERSIONS)
def test_what_a_bare_role_misses_is_said_once(start_postgres, start_agent, version):
    server = start_postgres(version)
    server.sql("REVOKE pg_monitor FROM vedette")
    agent = start_agent(pg.agent_config(server.config()))
    agent.expect_log("GRANT pg_monitor TO vedette")
    for _ in range(3):
        page = agent.metrics("/metrics/postgres")
    assert page.value("pg_up") == 1 and page.value("vedette_pg_monitor_granted") == 0
    assert page.has("pg_stat_database_xact_commit", datid="1", datname="template1") or page.named("pg_locks_count")
    warnings = [line for line in agent.log_lines() if "level=warn" in line]
    assert len(warnings) == 1 and "GRANT pg_monitor TO vedette" in warnings[0]
    assert "GRANT pg_monitor" in agent.get("/").body


def test_a_family_has_no_end_of_series(start_postgres, start_agent):
    server = start_postgres()
    server.sql("DO $$ BEGIN FOR i IN 1..1500 LOOP EXECUTE format('CREATE ROLE role_%s', i); END LOOP; END $$")
    agent = start_agent(pg.agent_config(server.config()))
    first, second = agent.metrics("/metrics/postgres"), agent.metrics("/metrics/postgres")
    roles = first.named("pg_roles_connection_limit")
    assert len(roles) == 1000 and second.named("pg_roles_connection_limit") == roles
    assert first.value("vedette_pg_cut_rows", query="roles") == int(server.sql("SELECT count(*) FROM pg_roles")) - 1000
    fewer = start_agent(pg.agent_config(server.config(max_series=10))).metrics("/metrics/postgres")
    assert len(fewer.named("pg_roles_connection_limit")) == 10
    names = {name for name, _ in fewer.samples if name.startswith("pg_") and not name.startswith("pg_scrape_")}
    most = max(len(fewer.named(name)) for name in names if not name.startswith(("pg_stat_statements_", "pg_process_")))
    assert most == 10
