"""What becomes of log lines when something fails. The first line of each docstring is its row in README.md's table."""
import ctypes.util
import errno
import inspect
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

import log_scenarios
import loki as loki_server
import loki_faults
import support

LONG = bool(os.environ.get("VEDETTE_LONG"))


# Times in whole seconds at the beginning of the line.
SECONDS = "{regex: {expression: '^(?P<ts>\\d+) '}}, {timestamp: {source: ts, format: unix}}"


@pytest.fixture
def wire(scenario):
    """A proxy of bytes between the scenario's agent and its Loki."""
    made = loki_faults.Wire(scenario.server.port)
    scenario.url = made.url
    yield made
    made.end()


@pytest.fixture
def faults(scenario):
    """A proxy of pushes between the scenario's agent and its Loki, with a script to be given."""
    made = loki_faults.Faults(scenario.server.port)
    scenario.url = made.url
    yield made
    made.end()


@pytest.fixture
def tmpfs():
    """tmpfs(directory, size): a small disk of its own, mounted there until the test ends."""
    mounted = []

    def mount(directory, size):
        directory.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", directory]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("a small disk cannot be mounted here; it needs root")
        mounted.append(directory)
        return directory

    yield mount
    for directory in mounted:
        subprocess.run(["umount", "-l", directory], check=True)


def fill(directory):
    """Takes all the room that is left."""
    path = directory / "filler"
    with open(path, "ab", buffering=0) as f:
        try:
            while f.write(b"x" * 4096):
                pass
        except OSError as e:
            assert e.errno == errno.ENOSPC
    return path


def test_the_readme_has_each_scenario():
    here = {name: f for name, f in vars(sys.modules[__name__]).items() if name.startswith("test_")}
    titles = {log_scenarios.title(f) for f in here.values() if "scenario" in inspect.signature(f).parameters}
    readme = (support.ROOT / "README.md").read_text()
    rows = readme[readme.index("| scenario | written |"):].split("\n\n")[0].splitlines()[2:]
    assert {row.split(" | ")[0].removeprefix("| ") for row in rows} == titles


def test_agent_killed(scenario, wire):
    """Agent killed (SIGKILL) at random points

    Small batches and a slow network, so that a push is under way most of the time."""
    chance = random.Random(1)
    wire.delay = 0.005
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


def test_everything_at_once(scenario, wire):
    """Agent killed, ended and reloaded, connections cut, files renamed and compressed, lines held by multiline"""
    chance, cuts = random.Random(4), random.Random(5)
    wire.limits = lambda: cuts.choice([(cuts.randrange(1, 100000), None), (None, cuts.randrange(1, 2000))])
    paths = [scenario.path.with_name(f"file{n}.log") for n in range(3)]
    for _ in range(50 if LONG else 12):
        scenario.start(age="10ms", size="8KiB", stages="{multiline: {first_line: '^(line|the) ', max_wait: 20ms}}")
        for _ in range(chance.randrange(1, 5)):
            path = chance.choice(paths)
            scenario.write(chance.randrange(2, 400), path)  # one line alone might begin a file as another begins
            if chance.random() < 0.4:
                scenario.rotate(path=path, compress=chance.randrange(3))
                scenario.write(2, path)
            if chance.random() < 0.1:
                assert scenario.agent.get("/-/reload", method="POST").status == 200
            time.sleep(chance.uniform(0, 0.03))  # the point is to be random
        if chance.random() < 0.3:
            scenario.agent.stop()
        else:
            scenario.agent.kill()
    wire.limits = lambda: (None, None)
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


def test_killed_while_it_catches_up(scenario, faults):
    """Files renamed while the agent is away, agent killed while it catches up"""
    scenario.start(size="8KiB")
    scenario.write(100)
    scenario.see_last()
    scenario.agent.stop()
    for _ in range(3):
        scenario.write(1000)
        scenario.rotate()
    written = time.time()
    support.wait_until(lambda: time.time() > written + 3, what="the files are older than the next positions")
    faults.script = ["pass", "pass", "hold"]
    scenario.start()
    support.wait_until(faults.held.is_set, what="a push is under way")
    scenario.agent.kill()
    faults.script = []
    scenario.start()
    scenario.finish_whole()


def test_compressed_while_away(scenario):
    """Files renamed and compressed (gzip) while the agent is away"""
    scenario.start()
    scenario.write(100)
    scenario.see_last()
    scenario.write(500)
    scenario.agent.kill()
    for n in range(4):
        scenario.write(1000)
        scenario.rotate(compress=1 + n % 2)
    scenario.start()
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
    scenario.start(stages=SECONDS)
    scenario.finish_whole()
    assert scenario.server.lines(scenario.selector) == scenario.lines


def test_loki_killed(scenario, loki):
    """Loki killed (SIGKILL) at random points and started again"""
    chance = random.Random(3)
    scenario.start(age="10ms", size="8KiB")
    for _ in range(20 if LONG else 5):
        before = scenario.value("vedette_logs_pushes_total")
        scenario.write(1000)
        support.wait_until(lambda: scenario.value("vedette_logs_pushes_total") > before, what="a push")
        time.sleep(chance.uniform(0, 0.05))  # the point is to be random
        loki.kill()
        scenario.write(200)
        support.wait_until(lambda: scenario.value("vedette_logs_delivering") == 0, what="Loki is missed")
        loki.start()
        support.wait_until(lambda: scenario.value("vedette_logs_delivering") == 1, what="Loki is found again")
    scenario.finish_whole()


def test_loki_away_for_long(scenario, loki):
    """Loki down for a minute (ten with --long), files rotated meanwhile"""
    scenario.start()
    scenario.write(100)
    scenario.see_last()
    loki.kill()
    for _ in range(60 if LONG else 6):
        scenario.write(1000)
        scenario.rotate()
        time.sleep(10)  # an outage takes its time
    loki.start()
    scenario.finish_whole()


def test_loki_answers_errors(scenario, faults):
    """Loki answers 500 for ten seconds"""
    faults.script = [500] * 1000
    scenario.start()
    for _ in range(10):
        scenario.write(100)
        time.sleep(1)  # an outage takes its time
    faults.script = []
    scenario.finish_whole()


def test_disk_of_loki_full(request, scenario, tmpfs, tmp_path):
    """Loki's disk full for a while"""
    directory = tmp_path / "loki"
    directory.mkdir()
    disk = tmpfs(directory / "data", "32m")
    scenario.server = server = loki_server.Loki(directory)
    request.addfinalizer(server.kill)
    scenario.start()
    scenario.write(500)
    scenario.see_last()
    filler = fill(disk)
    scenario.write(5000)
    support.wait_until(lambda: scenario.value("vedette_logs_read_lines_total", source="1") >= 5000, what="lines are read")
    filler.unlink()
    scenario.finish_whole()


def test_loki_limits_the_rate(request, scenario, tmp_path):
    """429 for minutes: more than Loki lets in"""
    directory = tmp_path / "loki"
    directory.mkdir()
    scenario.server = loki_server.Loki(directory, "  ingestion_rate_mb: 0.05\n  ingestion_burst_size_mb: 0.1\n")
    request.addfinalizer(scenario.server.kill)
    scenario.start(size="32KiB")
    scenario.write(120000 if LONG else 20000)
    support.wait_until(lambda: scenario.value("vedette_logs_retries_total") >= 3, what="Loki refuses for the rate")
    scenario.finish_whole(timeout=600 if LONG else 120)


def stopped(agent, work):
    """Does something while the agent stands still."""
    tasks = pathlib.Path(f"/proc/{agent.pid}/task")
    agent.send(signal.SIGSTOP)
    try:
        support.wait_until(lambda: all(") T " in (task / "stat").read_text() for task in tasks.iterdir()))
        work()
    finally:
        agent.send(signal.SIGCONT)


def test_copied_and_truncated(scenario, wire):
    """Copied and truncated (copytruncate), the copy being whole

    What is not read yet is found in the copy."""

    def rotate():
        scenario.write(3000)
        shutil.copy(scenario.path, scenario.path.with_name(f"app.log.{n}"))
        os.truncate(scenario.path, 0)
        scenario.write(10)

    scenario.start()
    scenario.write(50)
    scenario.see_last()
    wire.down()
    for n in range(1, 4):
        stopped(scenario.agent, rotate)
        support.wait_until(lambda: scenario.value("vedette_logs_files_truncated_total") == n, what="the cut is seen")
    wire.up = True
    scenario.finish_whole()


def test_copied_and_truncated_and_killed(scenario):
    """Copied and truncated again and again, agent killed at random points"""
    chance = random.Random(6)
    for _ in range(50 if LONG else 12):
        scenario.start(age="10ms", size="8KiB")
        scenario.write(chance.randrange(50, 600))
        time.sleep(chance.uniform(0, 0.02))  # the point is to be random
        if chance.random() < 0.5:
            scenario.agent.kill()
        scenario.rotate(copy=True)
        scenario.write(chance.randrange(1, 50))
        time.sleep(chance.uniform(0, 0.05))  # the point is to be random
        scenario.agent.kill()
    scenario.start()
    scenario.finish_whole()


def test_written_between_copy_and_truncation(scenario):
    """Copied and truncated, 20 lines written in between and not read: they are nowhere"""
    scenario.start()
    scenario.write(100)
    scenario.see_last()

    def rotate():
        shutil.copy(scenario.path, scenario.path.with_name("app.log.1"))
        scenario.write(20)
        os.truncate(scenario.path, 0)
        scenario.write(5)

    stopped(scenario.agent, rotate)
    result = scenario.finish(lost=20)
    assert (result.lost + result.merged, result.duplicated) == (20, 0), result
    assert scenario.value("vedette_logs_files_truncated_total") == 1


def test_clock_stepped_back(scenario, tmp_path):
    """Clock stepped back by an hour"""
    if support.SANITIZED:
        pytest.skip("a library before the sanitizer's does not work")
    library = ctypes.util.find_library("faketime") or "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
    clock = tmp_path / "clock"
    clock.write_text("+0")
    scenario.start(wrapper=["env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={clock}", "FAKETIME_NO_CACHE=1",
                            "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1"])
    scenario.write(1000)
    scenario.see_last()
    clock.write_text("-3600")
    scenario.write(1000)
    scenario.see_last()
    times = [t for t, _, _ in scenario.server.entries(scenario.selector)]
    assert max(times) - min(times) > 3500 * 10 ** 9, "the clock was not stepped"
    scenario.finish_whole()


def test_times_go_back(scenario):
    """Times in the lines go back by an hour, and all lines come again

    As on the night when local time is put back: the same lines with the same times, and each of them counts."""
    begin = int(time.time()) - 7200
    lines = [f"{begin + n} beat" for n in range(0, 3600, 2)] * 2
    scenario.lines += lines
    log_scenarios.append(scenario.path, lines)
    scenario.start(stages=SECONDS)
    scenario.finish_whole()


def test_times_out_of_order(scenario):
    """Times in the lines to and fro, with lines that are the same"""
    begin = int(time.time()) - 600
    lines = [f"{begin + n} beat" for n in (0, 1, 0, 2, 1, 0, 1, 1, 3, 0, 2, 4, 3, 0)] * 3
    scenario.lines += lines
    log_scenarios.append(scenario.path, lines)
    scenario.start(stages=SECONDS)
    scenario.finish_whole()


def test_state_directory_read_only(scenario, tmpfs):
    """State directory read-only, agent killed: what it could not note comes twice"""
    tmpfs(scenario.state, "4m")
    scenario.start()
    scenario.write(100)
    scenario.see_last()
    scenario.agent.stop()
    subprocess.run(["mount", "-o", "remount,ro", scenario.state], check=True)
    scenario.start()
    scenario.write(100)
    scenario.see_last()
    assert scenario.value("vedette_logs_storage_writable") == 0
    scenario.agent.kill()
    scenario.start().expect_log("positions of logs cannot be written")
    result = scenario.finish()
    assert (result.lost, result.duplicated, result.merged) == (0, 101, 0), result


def test_state_directory_full(scenario, tmpfs):
    """State directory full, agent killed"""
    disk = tmpfs(scenario.state, "4m")
    scenario.start()
    scenario.write(100)
    scenario.see_last()
    fill(disk)
    for _ in range(40):
        scenario.write(100)
        scenario.see_last()
    assert scenario.value("vedette_logs_storage_writable") == 0
    scenario.agent.kill()
    scenario.start().expect_log("positions of logs cannot be written")
    scenario.finish_whole()


def test_positions_damaged(scenario):
    """Positions damaged in their middle

    What stands behind the damage counts, also for the file whose push was not the last one."""
    scenario.start()
    for n in range(6):
        path = scenario.path.with_name(f"file{n % 2}.log")
        scenario.write(100, path)
        scenario.see_last(path)
    scenario.agent.stop()
    positions = scenario.state / "positions"
    damaged = bytearray(positions.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    positions.write_bytes(damaged)
    scenario.start().expect_log("damaged and set aside")
    scenario.finish_whole()


def test_inflight_damaged(scenario, faults):
    """Agent killed, and the push that was under way damaged: it comes twice"""
    scenario.start(age="1s", size="1MiB")
    scenario.write(100)
    scenario.see_last()
    faults.script = ["cut reply", "hold"]
    scenario.write(50)
    support.wait_until(faults.held.is_set, what="a push is under way")
    scenario.agent.kill()
    inflight = scenario.state / "inflight"
    damaged = bytearray(inflight.read_bytes())
    damaged[200] ^= 1
    inflight.write_bytes(damaged)
    faults.script = []
    scenario.start()
    result = scenario.finish()
    assert (result.lost, result.duplicated, result.merged) == (0, 50, 0), result


def test_killed_between_halves(scenario, faults):
    """Push too large (413), agent killed between its halves"""
    scenario.start(age="1s", size="1MiB")
    scenario.write(100)
    scenario.see_last()
    faults.script = [413, "pass", "hold"]
    scenario.write(1000)
    support.wait_until(faults.held.is_set, what="a half is under way")
    scenario.agent.kill()
    faults.script = [413]
    scenario.start()
    scenario.finish_whole()


def test_killed_before_the_first_half(scenario, faults):
    """Push too large (413), agent killed in its first half"""
    scenario.start(age="1s", size="1MiB")
    scenario.write(100)
    scenario.see_last()
    faults.script = [413, "cut reply", "hold"]
    scenario.write(1000)
    support.wait_until(faults.held.is_set, what="a half is under way")
    scenario.agent.kill()
    faults.script = [413]
    scenario.start()
    scenario.finish_whole()


def test_deleted_while_loki_is_down(scenario, wire, tmpfs, tmp_path):
    """Files deleted while Loki is down, more than may be held: what is given up is counted

    On a small disk, of which no more may be taken than the limit says."""
    scenario.path = tmpfs(tmp_path / "disk", "64m") / "app.log"
    scenario.paths = scenario.path
    scenario.start(held="2MiB")
    scenario.agent.expect_log("a deleted log file is given up")
    scenario.write(100)
    scenario.see_last()
    wire.down()
    for _ in range(10):
        scenario.write(8000)
        scenario.see_opened()
        scenario.rotate(keep=1)
        assert scenario.value("vedette_logs_held_bytes") <= 2 * 1024 * 1024
    wire.up = True
    support.wait_until(lambda: scenario.value("vedette_logs_delivering") == 1, 60, "Loki is found again")
    scenario.see_last()
    dropped = scenario.value("vedette_logs_dropped_entries_total", reason="deleted file held for too long")
    result = scenario.finish(lost=int(dropped))
    assert (result.lost + result.merged, result.duplicated) == (dropped, 0) and dropped > 0, (result, dropped)


def test_restarted_while_loki_is_down(scenario, wire):
    """Agent restarted while Loki is down, files deleted before it is back"""
    scenario.start()
    scenario.write(100)
    scenario.see_last()
    wire.down()
    scenario.write(5000)
    support.wait_until(lambda: scenario.value("vedette_logs_delivering") == 0, what="Loki is missed")
    scenario.agent.kill()
    scenario.start()
    scenario.see_opened()
    scenario.rotate(keep=0)
    scenario.write(100)
    wire.up = True
    scenario.finish_whole()


def test_rotated_before_it_was_seen(scenario):
    """File created and renamed before it was seen"""
    scenario.start()
    scenario.write(10, path=scenario.path.with_name("other.log"))
    scenario.see_last(path=scenario.path.with_name("other.log"))

    def rotate():
        for _ in range(3):
            scenario.write(100)
            scenario.rotate()

    stopped(scenario.agent, rotate)
    scenario.finish_whole()


def test_two_agents_on_one_state_directory(scenario):
    """A second agent on the same state directory: it refuses to start"""
    scenario.start()
    scenario.write(100)
    first = scenario.agent
    with pytest.raises(AssertionError, match="in use by another agent; give each its own --storage.path"):
        scenario.start()
    scenario.agent = first
    scenario.finish_whole()
