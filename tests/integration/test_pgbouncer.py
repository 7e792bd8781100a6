"""PgBouncer as the agent sees it: Debian's 1.18 in front of a real server."""
import postgres as pg


def bouncer_config(*targets, timeout="5s"):
    return pg.agent_config(*targets, timeout=timeout, exporter="pgbouncer")


def test_all_collectors_work(postgres, start_pgbouncer, start_agent):
    bouncer = start_pgbouncer(postgres)
    agent = start_agent(bouncer_config(bouncer.config()))
    metrics = agent.metrics("/metrics/pgbouncer")
    assert metrics.value("pgbouncer_up") == 1
    assert metrics.value("pgbouncer_version_info", version="PgBouncer 1.18.0") == 1
    assert metrics.value("pgbouncer_pools_client_active_connections", database="pgbouncer", user="pgbouncer") == 1
    assert set(metrics.named("vedette_pgbouncer_unknown_columns").values()) == {0}
