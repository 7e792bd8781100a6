"""Logs arrive at a real Loki: all of them, once, whatever happens meanwhile."""
import collections
import os
import random
import shutil

import pytest

import loki_faults
import support

CONFIG = """
external_labels: {{deployment: test}}
logs:
  loki: {{url: {url}, batch: {{max_age: {age}}}}}
  sources:
    - file: {{paths: [{paths}]}}
      labels: {{service_name: test}}
"""


class Shipping:
    """An agent that ships files of a directory, and can be killed and started again."""

    def __init__(self, start_agent, directory, url, paths="*.log", age="100ms"):
        self.start_agent, self.directory = start_agent, directory
        self.state = directory / "state"
        self.config = CONFIG.format(url=url, paths=directory / paths, age=age)
        self.agent = None
        self.start()

    def start(self):
        self.agent = self.start_agent(self.config, args=[f"--storage.path={self.state}"])
        self.agent.expect_log("Loki cannot be reached|Loki does not take logs now")

    def value(self, name, **labels):
        return self.agent.metrics("/metrics/agent").value(name, **labels)

    def file(self, name="app.log"):
        return self.directory / name


def numbers(count, start=0):
    return [f"line {n:07d} of a log that is long enough to be worth the trouble" for n in range(start, start + count)]


def write(path, lines, mode="a"):
    with open(path, mode, encoding="utf-8") as f:
        f.write("".join(line + "\n" for line in lines))


def differences(expected, got):
    """(lost, twice or more)"""
    want, have = collections.Counter(expected), collections.Counter(got)
    return sum((want - have).values()), sum((have - want).values())


def wait_for_all(server, expected, timeout=60):
    """Waits until as many have come, and tells what is missing or too many."""
    support.wait_until(lambda: len(server.lines()) >= len(expected), timeout, f"{len(expected)} lines in Loki")
    assert differences(expected, server.lines()) == (0, 0)


@pytest.fixture
def shipping(start_agent, tmp_path, loki):
    return Shipping(start_agent, tmp_path, loki.url)


def test_lines_arrive_once_with_their_labels(shipping, loki):
    lines = numbers(5000)
    write(shipping.file(), lines)
    wait_for_all(loki, lines)
    entries = loki.entries()
    assert [line for _, line, _ in entries] == lines  # in order, and no two at one time
    assert len({t for t, _, _ in entries}) == len(lines)
    assert entries[0][2]["filename"] == str(shipping.file())
    assert entries[0][2]["service_name"] == "test"
    assert entries[0][2]["deployment"] == "test"


def test_repeats_are_not_merged(shipping, loki):
    lines = ["the same again"] * 10000
    write(shipping.file(), lines)
    wait_for_all(loki, lines)


def test_killed_at_random_points(shipping, loki):
    written = []
    for n in range(10):
        lines = numbers(3000, len(written))
        written += lines
        write(shipping.file(), lines)
        support.wait_until(lambda: shipping.value("vedette_logs_read_lines_total", source="1") or shipping.agent.alive(),
                           what="a line is read")
        wanted = random.Random(n).randrange(0, len(written))
        support.wait_until(lambda: len(loki.lines()) >= min(wanted, 1000 * n), what="some lines have come")
        shipping.agent.kill()
        shipping.start()
    wait_for_all(loki, written)


def test_loki_killed_and_back(shipping, loki):
    written = numbers(2000)
    write(shipping.file(), written)
    wait_for_all(loki, written)
    loki.kill()
    more = numbers(20000, len(written))
    write(shipping.file(), more)
    support.wait_until(lambda: shipping.value("vedette_logs_retries_total") > 0, what="a push is tried again")
    loki.start()
    wait_for_all(loki, written + more)


def rotate(path, keep=5):
    for n in range(keep, 0, -1):
        old = path.with_name(f"{path.name}.{n}")
        if old.exists():
            old.rename(path.with_name(f"{path.name}.{n + 1}"))
    path.rename(path.with_name(path.name + ".1"))


@pytest.mark.parametrize("paths", ["*.log", "app.log*"])
def test_rotated_again_and_again(start_agent, tmp_path, loki, paths):
    shipping = Shipping(start_agent, tmp_path, loki.url, paths)
    written = numbers(10)
    write(shipping.file(), written)
    wait_for_all(loki, written)
    for _ in range(12):
        lines = numbers(500, len(written))
        written += lines
        write(shipping.file(), lines)
        rotate(shipping.file(), 20)
    write(shipping.file(), ["the last"])
    wait_for_all(loki, written + ["the last"])
    assert loki.lines()[:-1] == written or paths != "*.log"


def test_rotated_twice_while_loki_is_down(shipping, loki):
    written = numbers(100)
    write(shipping.file(), written)
    wait_for_all(loki, written)
    loki.kill()
    for _ in range(3):
        lines = numbers(8000, len(written))
        written += lines
        write(shipping.file(), lines)
        rotate(shipping.file())
    loki.start()
    wait_for_all(loki, written)


def test_rotated_while_the_agent_is_away(shipping, loki):
    written = numbers(100)
    write(shipping.file(), written)
    wait_for_all(loki, written)
    shipping.agent.stop()
    for _ in range(3):
        lines = numbers(300, len(written))
        written += lines
        write(shipping.file(), lines)
        rotate(shipping.file())
    write(shipping.file(), numbers(5, len(written)))
    written += numbers(5, len(written))
    shipping.start()
    wait_for_all(loki, written)
    assert loki.lines() == written


def test_truncated_after_a_copy(shipping, loki):
    written = []
    for _ in range(3):
        lines = numbers(400, len(written))
        written += lines
        write(shipping.file(), lines)
        wait_for_all(loki, written)
        shutil.copy(shipping.file(), shipping.file("app.log.1"))
        os.truncate(shipping.file(), 0)
    assert shipping.value("vedette_logs_files_truncated_total") >= 1


def test_odd_lines(shipping, loki):
    shipping.file().write_bytes(b"crlf\r\n\r\nnul\x00inside\nbroken \xff utf-8\n" + b"x" * 400000 + b"\nunfinished")
    support.wait_until(lambda: len(loki.lines()) >= 5, 60, "five lines")
    lines = loki.lines()
    assert lines[:3] == ["crlf", "nul\x00inside", "broken \ufffd utf-8"]
    assert len(lines[3]) == 262144 and lines[3].endswith("x[cut]")
    assert lines[4] == "unfinished"


def test_a_thousand_files(start_agent, tmp_path, loki):
    for n in range(1000):
        write(tmp_path / f"f{n}.log", [f"file {n}"])
    Shipping(start_agent, tmp_path, loki.url)
    wait_for_all(loki, [f"file {n}" for n in range(1000)])


def test_two_agents_on_one_state_directory(shipping):
    with pytest.raises(AssertionError, match="in use by another agent"):
        shipping.start_agent(shipping.config, args=[f"--storage.path={shipping.state}"])


def test_damaged_positions_are_set_aside(shipping, loki):
    lines = numbers(10)
    write(shipping.file(), lines)
    wait_for_all(loki, lines)
    shipping.agent.stop()
    (shipping.state / "positions").write_text("nonsense\n")
    (shipping.state / "inflight").write_bytes(b"nonsense" * 100)
    shipping.start()
    shipping.agent.expect_log("damaged and set aside")
    support.wait_until(lambda: len(loki.lines()) == 20, what="the lines have come again")
    assert (shipping.state / "positions.corrupt").read_text() == "nonsense\n"


def test_reload(shipping, loki):
    written = numbers(100)
    write(shipping.file(), written)
    wait_for_all(loki, written)
    assert shipping.agent.get("/-/reload", method="POST").status == 200
    write(shipping.file(), numbers(100, 100))
    wait_for_all(loki, written + numbers(100, 100))


@pytest.mark.parametrize("script", [[260], [500, 503], [429], [401], ["cut request"], ["cut reply", "cut reply"]], ids=str)
def test_pushes_that_fail(start_agent, tmp_path, loki, script):
    faults = loki_faults.Faults(loki.port, script)
    try:
        shipping = Shipping(start_agent, tmp_path, faults.url)
        shipping.agent.expect_log("Loki does not let us in")
        lines = numbers(3000)
        write(shipping.file(), lines)
        support.wait_until(lambda: shipping.value("vedette_logs_sent_entries_total") == len(lines), 60, "all are sent")
        assert not faults.script
        assert shipping.value("vedette_logs_retries_total") >= len(script)
        wait_for_all(loki, lines)
        shipping.agent.stop()
    finally:
        faults.end()


def test_what_is_too_large_is_split(start_agent, tmp_path, loki):
    faults = loki_faults.Faults(loki.port, max_body=4000)
    try:
        shipping = Shipping(start_agent, tmp_path, faults.url)
        lines = numbers(3000)
        write(shipping.file(), lines)
        wait_for_all(loki, lines)
        shipping.agent.stop()
    finally:
        faults.end()
