"""What becomes of log lines when something fails. The first line of each docstring is its row in README.md's table."""
import inspect
import os
import random
import sys
import time

import pytest

import log_scenarios
import loki_faults
import support

LONG = bool(os.environ.get("VEDETTE_LONG"))


@pytest.fixture
def wire(scenario):
    """A proxy of bytes between the scenario's agent and its Loki."""
    made = loki_faults.Wire(scenario.server.port)
    scenario.url = made.url
    yield made
    made.end()


def test_the_readme_has_each_scenario():
    here = {name: f for name, f in vars(sys.modules[__name__]).items() if name.startswith("test_")}
    titles = {log_scenarios.title(f) for f in here.values() if "scenario" in inspect.signature(f).parameters}
    readme = (support.ROOT / "README.md").read_text()
    rows = readme[readme.index("| scenario | written |"):].split("\n\n")[0].splitlines()[2:]
    assert {row.split(" | ")[0].removeprefix("| ") for row in rows} == titles


def test_agent_killed(scenario):
    """Agent killed (SIGKILL) at random points

    Small batches, so that a push is under way most of the time."""
    chance = random.Random(1)
    for _ in range(50 if LONG else 20):
        scenario.start(age="10ms", size="8KiB")
        before = scenario.value("vedette_logs_pushes_total")
        scenario.write(600)
        if chance.random() < 0.7:
            support.wait_until(lambda: scenario.value("vedette_logs_pushes_total") > before, what="a push")
        time.sleep(chance.uniform(0, 0.05))  # the point is to be random
        scenario.agent.kill()
    scenario.start()
    scenario.finish_whole()


def test_connections_cut(scenario, wire):
    """Connections cut in requests and in replies"""
    chance = random.Random(2)
    wire.limits = lambda: chance.choice([(chance.randrange(1, 20000), None), (None, chance.randrange(1, 200))])
    scenario.start(age="10ms", size="8KiB")
    support.wait_until(lambda: scenario.write(100) and wire.cuts >= 20, 60, "connections are cut")
    wire.limits = lambda: (None, None)
    scenario.finish_whole()


def test_rotated_all_the_time(scenario):
    """Renamed to .1 all the time"""
    scenario.start()
    for _ in range(100 if LONG else 30):
        scenario.write(100)
        scenario.rotate()
        scenario.write(3)
        time.sleep(1 if LONG else 0.05)  # as it happens: whatever the agent is at
    scenario.finish_whole()


def test_rotated_twice_while_loki_is_down(scenario, wire):
    """Renamed to .1 twice while Loki is down"""
    scenario.start()
    scenario.write(100)
    scenario.see_last()
    wire.down()
    for _ in range(3):
        scenario.write(4000)
        scenario.rotate()
    support.wait_until(lambda: scenario.value("vedette_logs_retries_total") > 0, what="a push is tried again")
    wire.up = True
    scenario.finish_whole()


def test_many_of_the_same(scenario):
    """10,000 identical lines within one second"""
    scenario.start(age="1s", size="1MiB")
    scenario.lines += [log_scenarios.SAME] * 10000
    log_scenarios.append(scenario.path, scenario.lines)
    scenario.finish_whole()


def test_old_backlog(scenario):
    """A backlog of two hours that is hours old

    Loki takes nothing that is an hour older than the newest of its stream: only the right order gets it in. (What is
    older than 160 minutes it does not show before it is on its disk.)"""
    begin = int(time.time()) - 150 * 60
    lines = [f"{begin + n * 2} line {n}" for n in range(3600)]
    scenario.lines += lines
    log_scenarios.append(scenario.path, lines)
    scenario.start(stages="{regex: {expression: '^(?P<ts>\\d+) '}}, {timestamp: {source: ts, format: unix}}")
    scenario.finish_whole()
    assert scenario.server.lines(scenario.selector) == scenario.lines
