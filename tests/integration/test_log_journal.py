"""The journal's entries arrive once, through kills, rotation, damage and vacuuming."""
import os
import random
import threading
import time

import pytest

import journals
import support
from test_logs import differences, numbers

CONFIG = """
logs:
  loki: {{url: {url}, batch: {{max_age: 100ms}}}}
  sources:
    - journal: {{directory: {directory}, {more}}}
      {rest}
"""
ALL = '{service_name=~".+"}'


@pytest.fixture
def journal(tmp_path):
    return journals.Journal(tmp_path / "journal")


@pytest.fixture
def ship(start_agent, loki, tmp_path):
    def start(more="max_age: 1d", rest="", directory=tmp_path / "journal"):
        agent = start_agent(CONFIG.format(url=loki.url, directory=directory, more=more, rest=rest),
                            args=[f"--storage.path={tmp_path / 'state'}"])
        agent.expect_log("Loki cannot be reached|Loki does not take logs now")
        return agent

    return start


def wait_for(loki, expected, timeout=30):
    support.wait_until(lambda: len(loki.lines(ALL)) >= len(expected), timeout, f"{len(expected)} lines in Loki")
    assert differences(expected, loki.lines(ALL)) == (0, 0)


def test_fields_labels_and_times(ship, journal, loki):
    journal.print("hello", unit="nginx.service", priority=3, SYSLOG_IDENTIFIER="nginx")
    journal.print("of a session", unit="session-12.scope", priority=7)
    journal.print("started by hand", unit="run-r1234.service")
    journal.print("nginx.service: Failed", unit="init.scope", UNIT="nginx.service", _PID=1)
    journal.print("first line\nsecond line", unit=None)
    ship(rest="stages: [structured_metadata: [syslog_identifier, hostname]]")
    support.wait_until(lambda: len(loki.lines(ALL)) == 5, what="five entries")
    found = {line: ({k: v for k, v in labels.items() if k != "detected_level"}, time)
             for time, line, labels in loki.entries(ALL)}
    assert found["hello"][0] == {"service_name": "nginx", "unit": "nginx.service", "level": "error",
                                 "syslog_identifier": "nginx", "hostname": "testhost"}
    assert found["hello"][1] == (journal.start + 1) * 1000
    assert found["of a session"][0] == {"service_name": "journal", "level": "debug", "hostname": "testhost"}
    assert "unit" not in found["started by hand"][0]
    assert found["nginx.service: Failed"][0]["unit"] == "nginx.service"
    assert "first line\nsecond line" in found


def test_units_matches_and_own_labels(ship, journal, loki):
    for unit in ("nginx.service", "ssh.service", "cron.service"):
        journal.print(f"a {unit}", unit=unit, _TRANSPORT="stdout")
        journal.print(f"b {unit}", unit=unit, _TRANSPORT="syslog")
    journal.print("about ssh", unit="init.scope", UNIT="ssh.service", _PID=1, _TRANSPORT="stdout")
    ship("units: [nginx, ssh.service], matches: {_TRANSPORT: stdout}, max_age: 1d", "labels: {service_name: mine}")
    wait_for(loki, ["a nginx.service", "a ssh.service", "about ssh"])
    assert {labels["service_name"] for _, _, labels in loki.entries(ALL)} == {"mine"}


def test_age_of_the_first_start(ship, journal, loki):
    journal.print("old")
    journal.start += 55_000_000
    journal.print("young")
    ship("max_age: 30s")
    wait_for(loki, ["young"])


def test_killed_in_a_backlog(ship, journal, loki):
    lines = numbers(20000)
    journal.print(*lines)
    agent = ship(rest="stages: [multiline: {first_line: '^line', max_wait: 100ms}]")
    for n in range(8):
        wanted = random.Random(n).randrange(200, 3000) * (n + 1)
        support.wait_until(lambda: len(loki.lines(ALL)) >= min(wanted, len(lines)), what="some lines have come")
        agent.kill()
        agent = ship(rest="stages: [multiline: {first_line: '^line', max_wait: 100ms}]")
    wait_for(loki, lines)


def test_follows_through_rotation_and_vacuuming(ship, journal, loki):
    agent = ship()
    agent.expect_log("the journal cannot be read yet")
    expected = []
    for n in range(6):
        lines = numbers(50, len(expected))
        expected += lines
        journal.print(*lines)
        wait_for(loki, expected)
        if n % 2:
            journal.rotate()
        if n == 4:
            for old in journal.directory.glob("system@*"):
                old.unlink()


def test_loki_down_and_the_agent_restarted(ship, journal, loki):
    lines = numbers(100)
    journal.print(*lines)
    agent = ship()
    wait_for(loki, lines)
    loki.kill()
    more = numbers(5000, 100)
    journal.print(*more)
    support.wait_until(lambda: agent.metrics("/metrics/agent").value("vedette_logs_retries_total") > 0, what="a try")
    agent.stop()
    ship()
    loki.start()
    wait_for(loki, lines + more)


def test_its_place_is_gone(ship, journal, loki):
    journal.print("one", "two")
    agent = ship()
    wait_for(loki, ["one", "two"])
    agent.stop()
    (journal.directory / "system.journal").unlink()
    journal.print("three", "four", name="other.journal")
    agent = ship()
    agent.expect_log("does not have the entry any more")
    wait_for(loki, ["one", "two", "three", "four"])
    assert "does not have the entry any more" in agent.log.read_text()


@pytest.mark.parametrize("damage", ["in the middle", "cut off", "zeros at its head"])
def test_damaged_file_costs_only_itself(ship, journal, loki, damage):
    journal.print(*numbers(3000), name="bad.journal")
    bad = journal.directory / "bad.journal"
    with open(bad, "r+b") as f:
        if damage == "cut off":
            f.truncate(bad.stat().st_size // 20)
        elif damage == "zeros at its head":
            f.write(bytes(4096))
        else:
            f.seek(400_000)
            f.write(os.urandom(4096))
    journal.start += 1_000_000
    journal.print("of a good file", name="good.journal")
    agent = ship()
    agent.expect_log("the journal is opened anew")
    support.wait_until(lambda: "of a good file" in loki.lines(ALL), what="the good file")
    journal.print("and later", name="good.journal")
    support.wait_until(lambda: "and later" in loki.lines(ALL), what="what came later")
    got = loki.lines(ALL)
    assert len(got) == len(set(got))


def test_odd_messages(ship, journal, loki):
    journal.write([journal.entry(b"broken \xff\x00 bytes"), journal.entry(None), journal.entry(""),
                   journal.entry("x" * 300000), journal.entry("the last")])
    ship()
    support.wait_until(lambda: "the last" in loki.lines(ALL), what="the last entry")
    lines = loki.lines(ALL)
    assert lines[0] == "broken \ufffd\x00 bytes"
    assert len(lines[1]) == 262144 and lines[1].endswith("[cut]")
    assert len(lines) == 3


def test_may_not_be_read(tmp_path, loki, start_agent, journal):
    journal.print("secret")
    (journal.directory / "system.journal").chmod(0)
    agent = start_agent(CONFIG.format(url=loki.url, directory=journal.directory, more="units: []", rest=""),
                        args=[f"--storage.path={tmp_path / 'state'}"],
                        wrapper=["setpriv", "--bounding-set=-all", "--inh-caps=-all"])
    agent.expect_log("the journal cannot be read yet")
    support.wait_until(lambda: "group systemd-journal" in agent.log.read_text(), what="what to do about it")
    (journal.directory / "system.journal").chmod(0o600)
    wait_for(loki, ["secret"])


def test_standard_input(start_agent, tmp_path, loki):
    config = f"logs: {{loki: {{url: '{loki.url}', batch: {{max_age: 100ms}}}}, sources: [{{stdin: , labels: {{service_name: pipe}}}}]}}"
    end, mine = os.pipe()
    agent = start_agent(config, args=[f"--storage.path={tmp_path / 'state'}"], stdin=end)
    agent.expect_log("Loki cannot be reached|Loki does not take logs now")
    os.close(end)
    lines, more = numbers(2000), numbers(40000, 2000)
    with open(mine, "w", encoding="utf-8") as out:

        def write(some):
            out.write("".join(line + "\n" for line in some))
            out.flush()

        write(lines)
        wait_for(loki, lines)
        loki.kill()
        writer = threading.Thread(target=write, args=[more])
        writer.start()  # it has to wait for us, as we for Loki
        tries = "vedette_logs_retries_total"
        support.wait_until(lambda: agent.metrics("/metrics/agent").value(tries) >= 1, what="a try")
        begun, spent = time.monotonic(), agent.processor_seconds()
        support.wait_until(lambda: agent.metrics("/metrics/agent").value(tries) >= 4, what="more tries")
        assert agent.processor_seconds() - spent < 0.3 * (time.monotonic() - begun)
        loki.start()
        writer.join()
        wait_for(loki, lines + more, 60)
        out.write("without an end")
    wait_for(loki, lines + more + ["without an end"])
    assert agent.get("/-/healthy").status == 200
