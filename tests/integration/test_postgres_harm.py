"""What the agent does to the database at the most: how long it waits, how long it asks, what stands behind it."""
import re
import subprocess

import pytest

import postgres as pg
from support import SANITIZED, Exposition

# A view in front of pg_roles shows, as names of roles, what the agent's own session is like.
MIRROR = "CREATE SCHEMA mirror; GRANT USAGE ON SCHEMA mirror TO vedette; CREATE VIEW mirror.pg_roles AS " \
         "SELECT name || '=' || setting AS rolname, 1 AS rolconnlimit FROM pg_catalog.pg_settings; " \
         "GRANT SELECT ON mirror.pg_roles TO vedette; ALTER ROLE vedette SET search_path = mirror, pg_catalog"
BUDGET = {"statement_timeout": "4800", "lock_timeout": "100", "transaction_read_only": "on", "jit": "off"}


def settings_of_our_session(metrics):
    return dict(dict(labels)["rolname"].split("=", 1) for labels in metrics.named("pg_roles_connection_limit"))


@pytest.mark.parametrize("version", pg.VERSIONS)
def test_each_query_has_a_budget(start_postgres, start_agent, version):
    """A time of its own, 100 ms for locks, and nothing that writes; dead peers are noticed by both sides."""
    server = start_postgres(version)
    server.sql(MIRROR)
    seen = settings_of_our_session(start_agent(pg.agent_config(server.config())).metrics())
    assert BUDGET.items() <= seen.items()
    assert (seen["default_transaction_read_only"], seen["application_name"]) == ("on", "vedette")
    assert (seen["tcp_keepalives_idle"], seen["tcp_keepalives_interval"]) == ("60", "10")
    assert int(seen["idle_in_transaction_session_timeout"]) == 10000
    assert seen.get("client_connection_check_interval", "1000") == "1000"


def test_each_query_has_a_budget_also_behind_a_pooler(start_postgres, start_pgbouncer, start_agent):
    server = start_postgres()
    server.sql(MIRROR)
    bouncer = start_pgbouncer(server)
    seen = settings_of_our_session(start_agent(pg.agent_config(server.config(port=bouncer.port))).metrics())
    assert BUDGET.items() <= seen.items()
    assert seen["default_transaction_read_only"] == "off"  # the session's, which is not ours


def statements(log):
    return re.findall(r"^\d+\|vedette\|LOG:  statement: (.*(?:\n\t.*)*)", log, re.M)


@pytest.mark.parametrize("version", (pg.VERSIONS[0], 15, pg.VERSIONS[-1]))
def test_no_plan_is_dear(start_postgres, start_agent, version):
    """Whatever the agent asks, on a database with 200 tables and their indexes: it only reads, and the planner finds it
    cheap. (A scan of such a table of a million rows costs 14,000 or more.)"""
    server = start_postgres(version, "log_statement = all\nlog_line_prefix = '%p|%u|'\nmax_locks_per_transaction = 200\n"
                            "shared_preload_libraries = 'pg_stat_statements'")
    server.sql("CREATE EXTENSION pg_stat_statements; DO $$ BEGIN FOR i IN 1..200 LOOP EXECUTE "
               "format('CREATE TABLE t%s (id int PRIMARY KEY, x text, y int UNIQUE)', i); END LOOP; END $$")
    server.sql("ANALYZE")
    agent = start_agent(pg.agent_config(server.config(timeout="20s"), timeout="20s"))
    assert agent.metrics().value("pg_up") == 1
    asked = set(statements(server.log.read_text()))
    assert len(asked) > 15
    plain = [s for s in asked if not re.fullmatch(r"SHOW \w+", s)]
    assert not [s for s in plain if not re.match(r"SELECT\b|WITH\b", s)]
    plans = server.sql("SET ROLE vedette; " + "; ".join(f"EXPLAIN (FORMAT JSON) {s}" for s in plain))
    costs = dict(zip(plain, map(float, re.findall(r'^ {6}"Total Cost": ([0-9.]+)', plans, re.M))))
    assert len(costs) == len(plain)
    dearest = max(costs, key=costs.get)
    print(f"{costs[dearest]:.0f}: {dearest}")
    assert costs[dearest] < 10000, dearest


class Watch:
    """Looks from inside of the server, as fast as it can, for sessions that stand behind one of ours."""

    def __init__(self, server):
        self.server = server
        self.holder = server.session("CREATE TABLE behind (pid int, query text);\nSELECT pg_advisory_lock(7);")
        self.session = server.session()
        self.session.stdin.write(
            "DO $$ DECLARE looks int := 0; BEGIN LOOP PERFORM pg_stat_clear_snapshot(); looks := looks + 1; "
            "INSERT INTO behind SELECT a.pid, a.query FROM pg_stat_activity a JOIN pg_stat_activity o "
            "ON o.pid = ANY (pg_blocking_pids(a.pid)) WHERE o.usename = 'vedette'; "
            "EXIT WHEN pg_try_advisory_lock(7); END LOOP; INSERT INTO behind VALUES (-looks); END $$;\n\\echo done\n")
        self.session.stdin.flush()

    def end(self):
        """How often it looked, and what it saw."""
        self.holder.stdin.close()
        for line in self.session.stdout:
            if line.strip() == "done":
                break
        self.session.stdin.close()
        looks = -int(self.server.sql("SELECT pid FROM behind WHERE pid < 0"))
        return looks, self.server.sql("SELECT DISTINCT query FROM behind WHERE pid > 0")


def test_nothing_stands_behind_us(start_postgres, start_agent):
    """One alters a table, one waits to, one waits to read: through 20 scrapes none of them waits for us."""
    server = start_postgres()
    server.sql("CREATE TABLE documents (id int PRIMARY KEY, t text)")
    server.sql("CREATE TABLE users (id int)")
    watch = Watch(server)
    holder = server.session("BEGIN; ALTER TABLE documents ADD COLUMN x int;")
    waiters = [subprocess.Popen(server.psql_command("-c", statement), env=server.environment(),
                                stdout=subprocess.DEVNULL)
               for statement in ("ALTER TABLE documents ADD COLUMN y int", "SELECT * FROM documents",
                                 "REINDEX TABLE documents")]
    for _ in range(20):
        # an agent of its own each time: sizes are asked at most once a minute
        agent = start_agent(pg.agent_config(server.config()))
        metrics = agent.metrics("/metrics/postgres")
        assert set(success(metrics).values()) == {1}
        assert metrics.has("pg_stat_user_tables_table_size_bytes", datname="postgres", schemaname="public",
                           relname="users")
        agent.stop()
    holder.stdin.close()
    for waiter in waiters:
        assert waiter.wait(20) == 0
    looks, seen = watch.end()
    assert looks > 20 and seen == ""


def success(metrics):
    return {dict(k)["collector"]: v for k, v in metrics.named("pg_scrape_collector_success").items()}


@pytest.mark.parametrize("catalogue, without", [
    ("pg_tablespace", set()), ("pg_database", {"login", "database"}), ("pg_class", {"stat_user_tables"})])
def test_lock_waits_end_at_100_ms(start_postgres, start_agent, catalogue, without):
    """Somebody locks a catalogue itself, which our queries cannot leave out: each waits 100 ms, the rest comes."""
    server = start_postgres()
    agent = start_agent(pg.agent_config(server.config(timeout="1s")))
    agent.expect_log("collector failed")
    agent.metrics()
    holder = server.session(f"BEGIN; LOCK TABLE pg_catalog.{catalogue} IN ACCESS EXCLUSIVE MODE;")
    response = agent.get("/metrics/postgres")
    metrics = Exposition(response.body)
    failed = {name for name, value in success(metrics).items() if not value}
    assert metrics.value("pg_up") == 1 and without <= failed
    for labels, seconds in metrics.named("pg_scrape_collector_duration_seconds").items():
        name = dict(labels)["collector"]
        if name in failed and name != "login":  # a login waits as long as it may: no setting of ours is known yet
            assert SANITIZED or 0.1 <= seconds < 0.3, (name, seconds)
    words = ("no answer to our login", "gave up waiting for a lock")  # of the first one that failed
    assert not failed or any(w in agent.get("/metrics/agent").body for w in words)
    assert response.seconds < 5
    holder.stdin.close()
    holder.wait(10)
    assert [set(success(agent.metrics("/metrics/postgres")).values()) for _ in range(2)][-1] == {1}
