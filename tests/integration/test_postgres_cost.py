"""What watching costs the server: the questions that make it look at every file."""
import postgres as pg
from support import wait_until

SIZES = ("pg_database_size_bytes", "pg_stat_user_tables_table_size_bytes", "pg_stat_user_tables_index_size_bytes")


def asked(server, function):
    """How often the agent has called it, in all databases."""
    return int(server.sql("SELECT COALESCE(sum(calls), 0) FROM pg_stat_statements JOIN pg_roles r ON r.oid = userid "
                          f"WHERE rolname = 'vedette' AND query LIKE '%{function}(%'"))


def test_sizes_are_asked_once_a_minute(start_postgres, start_agent):
    server = start_postgres(settings="shared_preload_libraries = 'pg_stat_statements'")
    server.sql("CREATE EXTENSION pg_stat_statements; CREATE TABLE documents (id int PRIMARY KEY)")
    agent = start_agent(pg.agent_config(server.config()))
    first = agent.metrics("/metrics/postgres")
    server.sql("INSERT INTO documents SELECT generate_series(1, 100000)")
    server.sql("CREATE DATABASE later CONNECTION LIMIT 7")
    for _ in range(5):
        metrics = agent.metrics("/metrics/postgres")
        for name in SIZES:
            assert first.named(name) and metrics.named(name) == first.named(name)
    assert metrics.value("pg_database_connection_limit", datname="later") == 7
    assert (asked(server, "pg_database_size"), asked(server, "pg_table_size")) == (1, 1)

    # a reply is the connection's: the next one may be another server's
    assert server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'vedette'") == "t"
    metrics = agent.metrics("/metrics/postgres")
    assert metrics.has("pg_database_size_bytes", datname="later")
    table = {"datname": "postgres", "schemaname": "public", "relname": "documents"}
    assert metrics.value(SIZES[1], **table) > first.value(SIZES[1], **table) + 1e6
    assert (asked(server, "pg_database_size"), asked(server, "pg_table_size")) == (2, 2)


def test_no_kept_reply_of_a_server_that_is_gone(start_postgres, start_agent):
    server = start_postgres()
    server.sql("CREATE TABLE documents (id int PRIMARY KEY)")
    agent = start_agent(pg.agent_config(server.config()))
    assert all(agent.metrics().named(name) for name in SIZES)
    agent.expect_log("collector failed")
    server.stop()
    metrics = agent.metrics()
    assert metrics.value("pg_up") == 0
    assert not any(metrics.named(name) for name in SIZES)
    server.start()
    wait_until(lambda: agent.metrics().value("pg_up") == 1, what="the agent is let in again")
    assert all(agent.metrics().named(name) for name in SIZES)
