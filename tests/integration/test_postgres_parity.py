"""Beside Debian's postgres_exporter on one server: what it reports and today's releases still do, we report too."""
import os
import re
import subprocess

import postgres as pg
import support

# names, or series, that today's releases of it do not have any more, or that are about the exporter itself
GONE = re.compile("pg_exporter_|pg_scrape_collector_|pg_stat_database_(active_time|checksum_|idle_in_transaction_time|"
                  "session)")
# these depend on who is connected at the moment, and on the exporter's own sessions
SESSIONS = re.compile("pg_stat_activity_|pg_locks_count|pg_stat_database_(numbackends|xact|blks|tup)|"
                      "pg_stat_bgwriter_buffers_alloc|pg_postmaster")
# our own login settings are not the server's: both report what other sessions get, which the exporter sees as it is
SETTINGS_OF_SESSION = ("pg_settings_extra_float_digits", "pg_settings_tcp_keepalives_idle_seconds",
                       "pg_settings_tcp_keepalives_interval_seconds")


def test_every_series_that_it_still_has_is_here(start_postgres, start_agent, tmp_path):
    server = start_postgres(settings="shared_preload_libraries = 'pg_stat_statements'\nstatement_timeout = 0")
    server.sql("CREATE TABLE documents (id int PRIMARY KEY); INSERT INTO documents SELECT generate_series(1, 100)")
    server.sql("CREATE ROLE exporter SUPERUSER LOGIN PASSWORD 'simple'")  # it cannot be given a password with a space
    programs = support.fetch_peers("prometheus-postgres-exporter")
    port = support.free_port()
    address = f"postgresql://exporter:simple@127.0.0.1:{server.port}/postgres?sslmode=disable"
    with open(tmp_path / "exporter.log", "wb") as log:
        exporter = subprocess.Popen([str(programs / "prometheus-postgres-exporter"),
                                     f"--web.listen-address=127.0.0.1:{port}"],
                                    env=dict(os.environ, DATA_SOURCE_NAME=address), stdout=log, stderr=log)
    agent = start_agent(pg.agent_config(server.config()))
    try:
        support.wait_until(lambda: support.answers(port, "/metrics"), what="the exporter serves")
        theirs = support.Exposition(support.request(port, "/metrics").body)
        ours = agent.metrics("/metrics/postgres")
    finally:
        exporter.kill()
        exporter.wait()
    missing, different, seen = [], [], 0
    for (name, labels), value in theirs.samples.items():
        if not name.startswith("pg_") or GONE.match(name) or ("datid", "0") in labels:
            continue
        plain = frozenset(pair for pair in labels if pair[0] != "server")
        key = next((k for k in ((name, labels), (name, plain)) if k in ours.samples), None)
        if SESSIONS.match(name):
            if name not in {n for n, _ in ours.samples}:
                missing.append((name, dict(labels)))
        elif not key:
            missing.append((name, dict(labels)))
        else:
            mine = ours.samples[key]
            seen += 1
            if mine != value and not (mine != mine and value != value) and name not in SETTINGS_OF_SESSION and \
                    abs(mine - value) > 0.05 * abs(value):
                different.append((name, dict(labels), value, mine))
    assert not missing and not different, (missing[:20], different[:20])
    assert seen > 250
