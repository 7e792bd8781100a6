"""Logs arrive at a real Loki: all of them, once, whatever happens meanwhile."""
import collections
import os
import random
import threading

import pytest

import support
from loki import loki, program  # noqa: F401  pylint: disable=unused-import

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

    def value(self, name):
        return self.agent.metrics("/metrics/agent").value(name)

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
def shipping(start_agent, tmp_path, loki):  # noqa: F811
    return Shipping(start_agent, tmp_path, loki.url)


def test_lines_arrive_once_with_their_labels(shipping, loki):  # noqa: F811
    lines = numbers(5000)
    write(shipping.file(), lines)
    wait_for_all(loki, lines)
    entries = loki.entries()
    assert [line for _, line, _ in entries] == lines  # in order, and no two at one time
    assert len({t for t, _, _ in entries}) == len(lines)
    assert entries[0][2]["filename"] == str(shipping.file())
    assert entries[0][2]["service_name"] == "test"
    assert entries[0][2]["deployment"] == "test"


def test_repeats_are_not_merged(shipping, loki):  # noqa: F811
    lines = ["the same again"] * 10000
    write(shipping.file(), lines)
    wait_for_all(loki, lines)
