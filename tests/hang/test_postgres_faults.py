"""Whatever befalls the database: all else arrives in time, the words say why, it is up again at once after the cure,
and the agent has lost nothing by it, over many rounds."""
import os
import re

import pytest

import postgres as pg
from postgres_faults import FAULTS
from support import SANITIZED, Exposition, wait_until
from test_hanging_postgres import threads_of

ROUNDS = 2 if SANITIZED else 100 if os.environ.get("VEDETTE_LONG") else 20
WARM_UP = 1 if SANITIZED else 2


def resident(agent):
    """What it holds of memory that is its own."""
    with open(f"/proc/{agent.pid}/smaps_rollup", encoding="ascii") as f:
        return int(re.search(r"^Anonymous:\s+(\d+) kB", f.read(), re.M)[1]) * 1024


def shows_down(agent, words):
    response = agent.get()
    assert response.seconds < (5 if SANITIZED else 2)
    metrics = Exposition(response.body)
    assert metrics.value("pg_up") == 0
    assert metrics.has("node_load1") and metrics.value("node_scrape_collector_success", collector="meminfo") == 1
    own = agent.metrics("/metrics/agent")
    state = {dict(k)["exporter"]: v for k, v in own.named("vedette_target_up").items()
             if not dict(k).get("target")}
    assert state["postgres"] == 0 and state["host"] == 1
    error = [dict(k)["error"] for k in own.named("vedette_target_error_info") if ("exporter", "postgres") in k][0]
    assert any(w in error for w in words), error
    assert any(w in agent.get("/").body for w in words)


def is_up_again(agent):
    """Within two scrapes."""
    values = [agent.metrics().value("pg_up") for _ in range(2)]
    assert values[-1] == 1, [dict(k) for k in agent.metrics("/metrics/agent").named("vedette_target_error_info")]
    assert agent.get("/metrics/postgres").status == 200


@pytest.fixture
def start_fault(start_postgres):
    faults = []

    def start(kind):
        faults.append(kind(start_postgres(settings=kind.settings)))
        return faults[-1]

    yield start
    for fault in faults:
        fault.end()


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_fault(start_fault, start_agent, kind):
    fault = start_fault(kind)
    agent = start_agent(pg.agent_config(fault.config(), timeout=kind.timeout))
    agent.expect_log("collector failed")
    before = None
    is_up_again(agent)
    for i in range(WARM_UP + ROUNDS):
        if i == WARM_UP:
            before = threads_of(agent), agent.descriptors(), resident(agent)
        fault.strike(agent)
        shows_down(agent, fault.words)
        fault.cure()
        is_up_again(agent)
    threads, descriptors, memory = before
    wait_until(lambda: len(threads_of(agent)) <= len(threads) and agent.descriptors() <= descriptors,
               what=f"no thread or descriptor is gained: {before}")
    gained = resident(agent) - memory
    print(f"{kind.__name__}: {gained >> 10} KiB gained in {ROUNDS} rounds")
    assert SANITIZED or gained < 512 << 10
    assert fault.connections() <= 2
    assert pg.PASSWORD not in agent.log.read_text()
