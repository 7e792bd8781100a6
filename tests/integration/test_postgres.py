"""PostgreSQL as the agent sees it: real servers of each version, passwords, locks, poolers, TLS."""
import json
import os
import signal
import subprocess
import urllib.parse

import pytest

import postgres as pg
from support import VEDETTE, Exposition, wait_until

COLLECTORS = {"up", "rights", "process_idle", "stat_wal_receiver", "xlog_location", "login", "database", "locks", "pools", "postmaster", "replication", "replication_slot", "roles", "settings",
              "stat_activity", "stat_archiver", "stat_bgwriter", "stat_checkpointer", "stat_database", "wal",
              "database_wraparound", "long_running_transactions", "stat_progress_vacuum", "stat_replication",
              "stat_user_tables", "statements", "statio_user_tables"}


STATEMENTS = "shared_preload_libraries = 'pg_stat_statements'"


def scrape(tmp_path, config, env=None, args=()):
    """One scrape from the command line: exposition text and messages."""
    path = tmp_path / "vedette.yml"
    path.write_text(config)
    done = subprocess.run([str(VEDETTE), "scrape", "postgres", f"--config.file={path}", *args], capture_output=True,
                          text=True, timeout=60, env=env, check=False)
    return done


def successes(metrics):
    return {dict(labels)["collector"]: value for labels, value in
            metrics.named("pg_scrape_collector_success").items()}


@pytest.mark.parametrize("version", pg.VERSIONS)
def test_all_collectors_work_on_every_version(start_postgres, start_agent, version):
    server = start_postgres(version, STATEMENTS)
    server.sql("CREATE EXTENSION pg_stat_statements")
    server.sql("SELECT count(*) FROM pg_class WHERE relname <> 'some literal'")
    server.sql("ALTER ROLE vedette PASSWORD '%s'" % pg.PASSWORD)
    metrics = start_agent(pg.agent_config(server.config())).metrics("/metrics/postgres")
    texts = [dict(labels).get("query", "") for labels in metrics.named("pg_stat_statements_query_id")]
    assert "SELECT count(*) FROM pg_class WHERE relname <> $1" in texts
    assert "(hidden)" in texts and pg.PASSWORD not in metrics.text
    assert successes(metrics) == {name: 1 for name in COLLECTORS}
    assert metrics.value("pg_up") == 1
    assert metrics.value("vedette_pg_login_success") == 1
    assert metrics.value("pg_database_size_bytes", datname="postgres") > 1e6
    assert metrics.value("pg_settings_max_connections", server=f"127.0.0.1:{server.port}") == 20
    static = dict(next(iter(metrics.named("pg_static"))))
    assert static["short_version"].startswith(f"{version}.")
    new = version >= 17
    assert metrics.has("pg_stat_checkpointer_num_timed_total") == new
    assert metrics.has("pg_stat_bgwriter_checkpoints_timed_total") == (not new)


def test_settings_do_not_show_our_own(start_postgres, start_agent):
    server = start_postgres()
    metrics = start_agent(pg.agent_config(server.config())).metrics("/metrics/postgres")
    where = {"server": f"127.0.0.1:{server.port}"}
    assert metrics.value("pg_settings_statement_timeout_seconds", **where) == 0
    assert metrics.value("pg_settings_default_transaction_read_only", **where) == 0
    assert metrics.value("pg_settings_shared_buffers_bytes", **where) == 16 << 20
    assert metrics.value("pg_settings_checkpoint_timeout_seconds", **where) == 300


def down(agent, *words):
    """pg_up is 0, the words say why, and the host's own series are there all the same."""
    agent.expect_log("collector failed")
    metrics = agent.metrics()
    assert metrics.value("pg_up") == 0
    assert metrics.has("node_load1")
    agent_metrics = agent.metrics("/metrics/agent")
    assert [v for k, v in agent_metrics.named("vedette_target_up").items() if ("exporter", "postgres") in k] == [0]
    error = [dict(k)["error"] for k in agent_metrics.named("vedette_target_error_info")
             if ("exporter", "postgres") in k][0]
    for word in words:
        assert word in error
    assert agent.get("/metrics/postgres").status == 503
    assert pg.PASSWORD not in agent.log.read_text() + agent.get("/").body + metrics.text + agent_metrics.text
    return metrics


def test_refused_logins_in_words(postgres, start_agent):
    for settings, words in (({"password": "wrong"}, "wrong password"),
                            ({"database": "nowhere"}, "no such database"),
                            ({"user": "nobody"}, "wrong password"),  # the server does not tell which roles there are
                            ({"password": None}, "asks for a password"),
                            ({"port": 1}, "connection refused"),
                            ({"host": "no-such-name.invalid"}, "name not found"),
                            ({"host": "/nowhere"}, "connection refused"),
                            ({"sslmode": "require"}, "TLS failed"),
                            ({"host": "a,b"}, "name one host")):
        metrics = down(start_agent(pg.agent_config(postgres.config(**settings))), words)
        assert metrics.value("vedette_pg_login_success") == 0
        assert {name for name, value in successes(metrics).items() if value} <= {"pools"}  # none is to be watched


def test_more_refused_logins_in_words(start_postgres, start_agent):
    """What only the server's own settings can bring about."""
    server = start_postgres()
    server.sql("CREATE ROLE idle NOLOGIN PASSWORD 'x'; CREATE ROLE limited LOGIN PASSWORD 'x' CONNECTION LIMIT 0; "
               "CREATE ROLE unwanted LOGIN PASSWORD 'x'")
    server.sql("CREATE DATABASE closed")
    server.sql("ALTER DATABASE closed ALLOW_CONNECTIONS false")
    hba = server.data / "pg_hba.conf"
    hba.write_text("host all unwanted 127.0.0.1/32 reject\n" + hba.read_text())
    server.sql("SELECT pg_reload_conf()")
    for user, words in (("idle", "does not let this user in"), ("limited", "too many connections")):
        down(start_agent(pg.agent_config(server.config(user=user, password="x"))), words)
    agent = start_agent(pg.agent_config(server.config(user="unwanted", password="x")))
    wait_until(lambda: agent.get() and "does not let this user in" in agent.get("/metrics/agent").body,
               what="the server has read pg_hba.conf")
    down(agent, "pg_hba.conf")
    down(start_agent(pg.agent_config(server.config(database="closed"))), "not currently accepting connections")


def test_unix_socket(postgres, start_agent):
    agent = start_agent(pg.agent_config(postgres.config(host=postgres.directory)))
    assert agent.metrics().value("pg_up") == 1


def test_address_from_the_environment(postgres, tmp_path):
    password = urllib.parse.quote(pg.PASSWORD, safe="")
    base = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    url = f"postgresql+asyncpg://vedette:{password}@localhost:{postgres.port}/postgres"
    service = tmp_path / "pg_service.conf"
    service.write_text(f"[app]\nhost=localhost\nport={postgres.port}\ndbname=postgres\nuser=vedette\n"
                       f"password={pg.PASSWORD}\n")
    keywords = {"PGHOST": "localhost", "PGPORT": str(postgres.port), "PGUSER": "vedette", "PGDATABASE": "postgres",
                "PGPASSWORD": pg.PASSWORD}
    for config, env in (("{timeout: 5s}", {"DATABASE_URL": url}), ("{timeout: 5s}", keywords),
                        ("{service: app}", {"PGSERVICEFILE": str(service)})):
        done = scrape(tmp_path, pg.agent_config(config), env={**base, **env})
        assert "\npg_up 1\n" in done.stdout, done.stdout + done.stderr
    for env in ({"DATABASE_URL": url}, keywords):  # also without a config file
        done = subprocess.run([str(VEDETTE), "scrape", "postgres"], capture_output=True, text=True, timeout=60,
                              env={**base, **env}, check=False)
        assert "\npg_up 1\n" in done.stdout, done.stdout + done.stderr
    bad = f"postgresql://vedette:{pg.PASSWORD}%zz@localhost/x"
    done = scrape(tmp_path, pg.agent_config("{timeout: 5s}"), env={**base, "DATABASE_URL": bad})
    assert "pg_up 0" in done.stdout and pg.PASSWORD not in done.stdout + done.stderr


def test_full_server_still_tells(start_postgres, start_agent):
    """The kept connection reports who fills the server; a new client does not get in."""
    server = start_postgres(settings="max_connections = 8\nsuperuser_reserved_connections = 2")
    server.sql("CREATE ROLE app LOGIN PASSWORD 'app'")
    agent = start_agent(pg.agent_config(server.config()))
    agent.expect_log("collector failed")
    assert agent.metrics().value("vedette_pg_login_success") == 1
    clients = [server.session(user="app", password="app") for _ in range(5)]
    metrics = agent.metrics()
    assert metrics.value("pg_up") == 1
    assert metrics.value("vedette_pg_login_success") == 0
    assert "too many connections" in agent.get("/metrics/agent").body
    for c in clients:
        c.stdin.close()
        c.wait(10)
    wait_until(lambda: agent.metrics().value("vedette_pg_login_success") == 1, what="a new client gets in")


def test_restart_between_scrapes(start_postgres, start_agent):
    server = start_postgres()
    agent = start_agent(pg.agent_config(server.config()))
    agent.expect_log("collector failed")
    assert agent.metrics().value("pg_up") == 1
    for number in (signal.SIGINT, signal.SIGQUIT):
        server.stop(number)
        server.start()
        assert agent.metrics().value("pg_up") == 1
    server.stop()
    down(agent, "connection refused")
    server.start()
    assert agent.metrics().value("pg_up") == 1


def test_a_killed_backend_is_replaced(postgres, start_agent):
    agent = start_agent(pg.agent_config(postgres.config()))
    agent.metrics()
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'vedette'")
    assert agent.metrics().value("pg_up") == 1


def test_alter_table_blocks_nothing(start_postgres, start_agent):
    server = start_postgres()
    server.sql("CREATE TABLE documents (id int)")
    server.sql("CREATE TABLE users (id int)")
    agent = start_agent(pg.agent_config(server.config()))
    documents = {"datname": "postgres", "schemaname": "public", "relname": "documents"}
    assert agent.metrics().has("pg_stat_user_tables_table_size_bytes", **documents)
    holder = server.session("BEGIN; ALTER TABLE documents ADD COLUMN x int;")
    waiter = subprocess.Popen(server.psql_command("-c", "SELECT * FROM documents"), env=server.environment(),
                              stdout=subprocess.DEVNULL)
    wait_until(lambda: server.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == "1",
               what="one waits")
    # on a new connection it asks for the sizes anew
    assert server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'vedette'") == "t"
    response = agent.get("/metrics/postgres")
    assert response.status == 200 and response.seconds < 2
    assert 'vedette_pg_blocked_sessions{datname="postgres",usename="postgres",application_name="psql",' \
           'blocked_by="psql"} 1' in response.body
    metrics = Exposition(response.body)
    assert set(successes(metrics).values()) == {1}
    assert metrics.has("pg_stat_user_tables_n_live_tup", **documents)
    assert not metrics.has("pg_stat_user_tables_table_size_bytes", **documents)
    assert metrics.has("pg_stat_user_tables_table_size_bytes", **{**documents, "relname": "users"})
    holder.stdin.close()
    assert waiter.wait(20) == 0


def test_without_pg_monitor(start_postgres, start_agent):
    server = start_postgres()
    server.sql("REVOKE pg_monitor FROM vedette")
    agent = start_agent(pg.agent_config(server.config()))
    agent.expect_log("collector failed")
    metrics = agent.metrics()
    assert metrics.value("pg_up") == 1
    assert {name for name, value in successes(metrics).items() if value == 0} == {"rights", "wal"}


def test_two_targets_one_down(postgres, start_agent):
    agent = start_agent(pg.agent_config(postgres.config(name="app"), postgres.config(name="gone", port=1)))
    agent.expect_log("collector failed")
    entries = {e["labels"]["instance"].rsplit("/", 1)[1]: e for e in json.loads(agent.get("/sd").body)
               if e["labels"]["job"] == "postgresql"}
    for _ in range(3):
        assert agent.get(entries["app"]["labels"]["__metrics_path__"]).status == 200
        assert agent.get(entries["gone"]["labels"]["__metrics_path__"]).status == 503
    metrics = agent.metrics()
    assert metrics.value("pg_up", target="app") == 1
    assert metrics.value("pg_up", target="gone") == 0


@pytest.mark.parametrize("settings", ["", "ignore_startup_parameters = options"])
def test_transaction_pool_keeps_the_application_as_it_is(start_postgres, start_pgbouncer, start_agent, settings):
    """One server connection, shared with an application that writes: none of our settings may stay on it."""
    server = start_postgres()
    server.sql("CREATE TABLE documents (id int)")
    bouncer = start_pgbouncer(server, f"default_pool_size = 1\n{settings}",
                              users=(("vedette", pg.PASSWORD), ("postgres", pg.SUPERUSER_PASSWORD)))
    agent = start_agent(pg.agent_config(server.config(port=bouncer.port, user="postgres",
                                                      password=pg.SUPERUSER_PASSWORD)))
    app = subprocess.Popen([*server.psql_command(), "-p", str(bouncer.port)], env=server.environment(), text=True,
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    script = "INSERT INTO documents VALUES (1);\nSHOW statement_timeout;\nSHOW lock_timeout;\n" \
             "SHOW default_transaction_read_only;\nSHOW application_name;\n"
    for i in range(20):
        metrics = agent.metrics()
        assert metrics.value("pg_up") == 1
        assert metrics.value("vedette_pg_login_success") == 1
        app.stdin.write(script)
        app.stdin.flush()
        assert [app.stdout.readline().strip() for _ in range(4)] == ["0", "0", "off", "psql"]
    assert set(successes(metrics).values()) == {1}
    app.stdin.close()
    assert app.wait(10) == 0
    assert server.sql("SELECT count(*) FROM documents") == "20"


def statements(metrics, name="calls_total"):
    return {dict(labels)["queryid"]: value for labels, value in metrics.named(f"pg_stat_statements_{name}").items()}


def test_statements_keep_their_places(start_postgres, start_agent):
    """Of many statements a few are reported; the set stays while ranks change, and the sums are true."""
    server = start_postgres(settings=STATEMENTS)
    server.sql("CREATE EXTENSION pg_stat_statements")
    columns = ", ".join(f"c{i} int" for i in range(40))
    server.sql(f"CREATE TABLE wide ({columns})")
    config = pg.agent_config(server.config()[:-1] + ", statements: {top: 5}}")
    agent = start_agent(config)
    for i in range(40):
        server.sql(f"SELECT c{i} FROM wide")
    first = statements(agent.metrics())
    assert len(first) == 6 and first["other"] > 40
    for i in range(0, 40, 3):
        server.sql(f"SELECT c{i} FROM wide")
    second = statements(agent.metrics())
    assert len(set(first) & set(second)) >= 5  # at most one has become twice as heavy as the lightest
    agent.metrics()
    total = sum(statements(agent.metrics()).values())
    real = int(server.sql("SELECT sum(calls) FROM pg_stat_statements"))
    assert total <= real <= total + 60
    texts = server.sql("SELECT calls FROM pg_stat_statements WHERE query LIKE '%pg_stat_statements(true)%'")
    assert sum(map(int, texts.split())) <= 3  # asked for new ones only


def test_a_slow_query_rests_and_hurts_no_other(start_postgres, start_agent):
    """A view in front of pg_roles that sleeps: the server ends it, then it is left out for some scrapes."""
    server = start_postgres()
    server.sql("CREATE SCHEMA slow; GRANT USAGE ON SCHEMA slow TO vedette; CREATE VIEW slow.pg_roles AS "
               "SELECT rolname, rolconnlimit FROM pg_catalog.pg_roles, pg_sleep(60); "
               "GRANT SELECT ON slow.pg_roles TO vedette; ALTER ROLE vedette SET search_path = slow, pg_catalog")
    agent = start_agent(pg.agent_config(server.config(timeout="1s")))
    agent.expect_log("collector failed")
    response = agent.get("/metrics/postgres")
    metrics = Exposition(response.body)
    assert response.seconds < 3
    assert {name for name, value in successes(metrics).items() if value != 1} == {"roles"}
    assert "roles: " in agent.get("/metrics/agent").body and "took too long" in agent.get("/metrics/agent").body
    backend = server.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'vedette'")
    left = []
    for _ in range(5):
        metrics = agent.metrics("/metrics/postgres")
        assert {name for name, value in successes(metrics).items() if value != 1} == {"roles"}
        left.append(metrics.value("vedette_pg_query_resting_scrapes", query="roles"))
    assert left == [5, 4, 3, 2, 1]
    server.sql("ALTER ROLE vedette RESET search_path")
    assert server.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'vedette'") == backend  # never reconnected
    server.sql("DROP SCHEMA slow CASCADE")
    metrics = agent.metrics("/metrics/postgres")
    assert set(successes(metrics).values()) == {1}
    assert not metrics.named("vedette_pg_query_resting_scrapes")


def test_a_scrape_that_waits_less_than_the_query(start_postgres, start_agent):
    """The scrape's own deadline costs the connection; beside what the server still does there is never a second one."""
    server = start_postgres()
    server.sql("CREATE SCHEMA slow; GRANT USAGE ON SCHEMA slow TO vedette; CREATE VIEW slow.pg_roles AS "
               "SELECT rolname, rolconnlimit FROM pg_catalog.pg_roles, pg_sleep(60); "
               "GRANT SELECT ON slow.pg_roles TO vedette; ALTER ROLE vedette SET search_path = slow, pg_catalog")
    agent = start_agent(pg.agent_config(server.config(timeout="60s"), timeout="1500ms"))
    agent.expect_log("collector failed")
    for _ in range(4):
        response = agent.get("/metrics/postgres")
        assert response.seconds < 3
        assert server.connections() <= 2
    wait_until(lambda: agent.metrics("/metrics/postgres").named("pg_up") == {frozenset(): 1}, what="it is asked again")
    wait_until(lambda: server.connections() <= 1, what="the server has ended the query that nobody waits for")
