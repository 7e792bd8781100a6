"""What ends a query of ours from the server's side: a crash of its process, and replay on a hot standby."""
import os
import signal
import subprocess
import threading

import postgres as pg
from postgres_faults import OURS, SLOW
from support import Exposition, wait_until

SLOWLY = "ALTER ROLE vedette SET search_path = slow, pg_catalog"


def success(metrics):
    return {dict(k)["collector"]: v for k, v in metrics.named("pg_scrape_collector_success").items()}


class Asking(threading.Thread):
    """A scrape in the background."""

    def __init__(self, agent):
        super().__init__()
        self.agent, self.response = agent, None
        self.start()

    def run(self):
        self.response = self.agent.get()

    def end(self):
        self.join()
        assert "\nnode_load1 " in self.response.body
        return Exposition(self.response.body)


def wait_for_our_query(server):
    return wait_until(lambda: server.sql(f"SELECT pid {OURS} AND wait_event = 'PgSleep'"), what="our query runs")


def test_backend_killed_in_the_middle_of_a_query(start_postgres, start_agent):
    """kill -9: the server ends all sessions, recovers, and lets us in again, as often as it happens."""
    server = start_postgres()
    server.sql(SLOW)
    agent = start_agent(pg.agent_config(server.config(), timeout="5s"))
    agent.expect_log("collector failed")
    for _ in range(5):
        server.sql(SLOWLY)
        server.sql(f"SELECT pg_terminate_backend(pid) {OURS}")
        asking = Asking(agent)
        os.kill(int(wait_for_our_query(server)), signal.SIGKILL)
        asking.end()
        assert asking.response.seconds < 5
        wait_until(server.ready, what="the server has recovered")
        server.sql("ALTER ROLE vedette RESET search_path")
        metrics = [agent.metrics() for _ in range(2)][-1]
        assert metrics.value("pg_up") == 1 and set(success(metrics).values()) == {1}
        assert int(server.sql(f"SELECT count(*) {OURS}")) == 1


def make_standby(primary, server):
    """Turns a new server into a standby of the primary that never makes replay wait."""
    server.stop()
    subprocess.run(["rm", "-rf", str(server.data)], check=True)
    subprocess.run([str(primary.bin / "pg_basebackup"), "-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres",
                    "-D", str(server.data), "-R", "-c", "fast", "-X", "stream"], check=True, timeout=60, cwd="/",
                   env=primary.environment(), capture_output=True, **primary.user)
    with open(server.data / "postgresql.conf", "a", encoding="utf-8") as f:
        f.write(f"port = {server.port}\nunix_socket_directories = '{server.directory}'\n"
                "max_standby_streaming_delay = 0\nhot_standby_feedback = off\n")
    server.start()


def wait_for_replay(primary, standby):
    where = primary.sql("SELECT pg_current_wal_lsn()")
    wait_until(lambda: standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{where}'") == "t", what="all is replayed")


def test_hot_standby_conflicts(start_postgres, start_agent):
    """A vacuum on the primary ends our query on the standby; dropping our database there ends our session."""
    primary, standby = start_postgres(), start_postgres()
    primary.sql("CREATE TABLE documents AS SELECT generate_series(1, 100) AS id; CREATE SCHEMA slow; "
                "GRANT USAGE ON SCHEMA slow TO vedette; CREATE VIEW slow.pg_roles AS SELECT 'r' || id AS rolname, "
                "1 AS rolconnlimit FROM public.documents, pg_sleep(60); GRANT SELECT ON slow.pg_roles TO vedette; "
                "ALTER ROLE vedette SET search_path = slow, pg_catalog; ALTER ROLE vedette CONNECTION LIMIT 6")
    primary.sql("CREATE DATABASE documents")
    make_standby(primary, standby)
    wait_for_replay(primary, standby)
    agent = start_agent(pg.agent_config(standby.config(name="a"), standby.config(name="b", database="documents"),
                                        timeout="5s"))
    agent.expect_log("collector failed")
    for _ in range(3):
        asking = Asking(agent)
        wait_for_our_query(standby)
        primary.sql("DELETE FROM documents WHERE id % 2 = 0")
        primary.sql("INSERT INTO documents SELECT generate_series(1, 100)")
        primary.sql("VACUUM documents")
        metrics = asking.end()
        failed = {dict(k)["target"]: dict(k)["collector"] for k, v in
                  metrics.named("pg_scrape_collector_success").items() if not v}
        assert failed == {"a": "roles"}
        assert "conflict with replication" in agent.get("/metrics/agent").body
        assert "conflict with replication" in agent.get("/").body
        assert metrics.value("pg_up", target="a") == 1
    primary.sql("ALTER ROLE vedette RESET search_path")
    wait_for_replay(primary, standby)
    standby.sql(f"SELECT pg_terminate_backend(pid) {OURS}")
    for _ in range(3):
        assert [agent.metrics().value("pg_up", target="b") for _ in range(2)][-1] == 1
        primary.sql("DROP DATABASE documents")
        wait_for_replay(primary, standby)
        metrics = agent.metrics()
        assert metrics.value("pg_up", target="a") == 1 and metrics.value("pg_up", target="b") == 0
        assert "no such database" in agent.get("/metrics/agent").body
        assert agent.get("/metrics/postgres/b").status == 503
        primary.sql("CREATE DATABASE documents")
        wait_for_replay(primary, standby)
