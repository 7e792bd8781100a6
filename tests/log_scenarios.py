"""Delivery scenarios: numbered lines go through an agent into a real Loki, and are counted there.

Between the numbered lines stand lines that are all the same. A number that is missing is lost, whatever is there too
often is duplicated, and where lines that are all the same have become fewer they were merged. pytest prints one table
of all scenarios at its end; README.md has the same rows."""
import collections
import gzip
import inspect
import os
import shutil
import time
import urllib.error

import pytest

import loki
import support

SAME = "the same line again"
SAME_EVERY = 8
LAST = "the last line of"

CONFIG = """
external_labels: {{scenario: {name}}}
logs:
  loki: {{url: "{url}", batch: {{max_age: {age}, max_bytes: {size}}}}}
  max_held_bytes: {held}
  sources:
    - file: {{paths: [{paths}]}}
      labels: {{service_name: test}}
      stages: [{stages}]
"""

Result = collections.namedtuple("Result", "written lost duplicated merged")


def title(function):
    """The first line of a test's docstring is what its scenario is called in the tables."""
    return inspect.getdoc(function).splitlines()[0].rstrip(".")


class Scenario:
    def __init__(self, start_agent, directory, server):
        self.start_agent, self.directory, self.server = start_agent, directory, server
        self.name = f"{directory.name}-{time.time_ns()}"
        self.selector = f'{{scenario="{self.name}"}}'
        self.state = directory / "state"
        self.path = directory / "app.log"
        self.paths, self.url = directory / "*.log", None
        self.lines = []  # in the order of their writing
        self.number = 0
        self.settings, self.agent, self.result, self.examples = {}, None, None, ""

    def start(self, wrapper=(), **settings):
        """Starts the agent; settings that are not given stay as they were the last time."""
        self.settings |= settings
        values = {"age": "50ms", "size": "64KiB", "held": "1GiB", "stages": ""} | self.settings
        config = CONFIG.format(name=self.name, url=self.url or self.server.url, paths=self.paths, **values)
        self.agent = self.start_agent(config, args=[f"--storage.path={self.state}"], wrapper=wrapper)
        for pattern in ("Loki cannot be reached", "Loki does not take logs now"):
            self.agent.expect_log(pattern)
        return self.agent

    def value(self, name, **labels):
        return self.agent.metrics("/metrics/agent").value(name, **labels)

    def compose(self, count):
        """The next lines, and that they are to come."""
        lines = []
        for _ in range(count):
            self.number += 1
            same = self.number % SAME_EVERY == 0
            lines.append(SAME if same else f"line {self.number:07d} of a log, long enough to be worth its trouble")
        self.lines += lines
        return lines

    def write(self, count, path=None):
        lines = self.compose(count)
        append(path or self.path, lines)
        return lines

    def rotate(self, keep=1000, path=None, copy=False, compress=0):
        """As logrotate does, by renaming, or by copying and truncating; what is beyond `keep` is deleted. From number
        `compress` on, the others are compressed; 0: none."""
        path = path or self.path
        n = 0
        while numbered(path, n + 1):
            n += 1
        for k in range(n, 0, -1):
            old = numbered(path, k)
            if k >= keep:
                old.unlink()
            else:
                old.rename(path.with_name(old.name.replace(f".log.{k}", f".log.{k + 1}")))
        first = path.with_name(f"{path.name}.1")
        if not keep:
            path.unlink()
        elif copy:
            shutil.copy(path, first)
            os.truncate(path, 0)
        else:
            path.rename(first)
        for k in range(compress, n + 2) if compress else ():
            old = numbered(path, k)
            if old and old.suffix != ".gz":
                zip_file(old)

    def arrived(self, text):
        """Whether a line with that text is there."""
        try:
            end = time.time_ns() + 10 ** 15
            found = self.server.get("/loki/api/v1/query_range", query=f"{self.selector} |= `{text}`", limit=1,
                                    start=end - 10 ** 15 - 2 * 86400 * 10 ** 9, end=end)["data"]["result"]
            return bool(found)
        except (urllib.error.URLError, OSError):
            return False

    def count(self):
        return len(self.server.lines(self.selector))

    def see_last(self, path=None, timeout=60, lines=()):
        """A last line, and that it has come: all before it in its file has then been dealt with."""
        self.number += 1
        last = [*lines, f"{LAST} {self.number:07d}"]
        self.lines += last
        append(path or self.path, last)
        support.wait_until(lambda: self.arrived(last[-1]), timeout, "the last line is in Loki")

    def see_opened(self):
        """The agent has the file open: it may then be deleted."""
        file = self.path.stat()
        fds = f"/proc/{self.agent.pid}/fd"

        def opened():
            for fd in os.listdir(fds):
                try:
                    if os.path.samestat(os.stat(f"{fds}/{fd}"), file):
                        return True
                except FileNotFoundError:
                    pass
            return False

        support.wait_until(opened, what="the file is open")

    def finish(self, timeout=60, lost=0):
        """What came of it all, once it has come; `lost` may be missing."""
        self.see_last(timeout=timeout)
        try:
            support.wait_until(lambda: self.count() >= len(self.lines) - lost, 20, "all lines are in Loki")
        except AssertionError:
            pass  # the table tells what is missing
        self.result = self.compare()
        return self.result

    def compare(self):
        want, have = collections.Counter(self.lines), collections.Counter(self.server.lines(self.selector))
        short, over = want - have, have - want
        lost, merged = (sum(n for line, n in short.items() if (want[line] > 1) == same) for same in (False, True))
        self.examples = f"too few of {list(short)[:3]} to {list(short)[-3:]}, too many of {list(over)[:3]} to {list(over)[-3:]}"
        return Result(len(self.lines), lost, sum(over.values()), merged)

    def finish_whole(self, timeout=60):
        """All came, once."""
        result = self.finish(timeout)
        assert (result.lost, result.duplicated, result.merged) == (0, 0, 0), (result, self.examples)


def numbered(path, n):
    """The rotated file with that number, compressed or not; None where there is none."""
    names = (f"{path.name}.{n}", f"{path.name}.{n}.gz")
    return next((path.with_name(name) for name in names if path.with_name(name).exists()), None)


def zip_file(path):
    """As gzip does: beside it, with its times, and then without it."""
    zipped = path.with_name(path.name + ".gz")
    with gzip.open(zipped, "wb") as out:
        out.write(path.read_bytes())
    os.utime(zipped, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    path.unlink()


def append(path, lines):
    with open(path, "a", encoding="utf-8") as f:
        f.write("".join(line + "\n" for line in lines))


@pytest.fixture(scope="session")
def shared_loki(tmp_path_factory):
    """For scenarios that leave it alone; each has a label of its own."""
    directory = tmp_path_factory.mktemp("loki")
    server = loki.Loki(directory)
    yield server
    server.kill()
    shutil.rmtree(directory / "data", ignore_errors=True)


@pytest.fixture
def scenario(request, start_agent, tmp_path):
    """A scenario on the shared Loki, or on the test's own where it has one; its result goes into the table."""
    own = "loki" in request.fixturenames
    made = Scenario(start_agent, tmp_path, request.getfixturevalue("loki" if own else "shared_loki"))
    yield made


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    made = getattr(item, "funcargs", {}).get("scenario")
    if call.when == "call" and made and made.result:
        outcome.get_result().user_properties.append(("delivery", [title(item.function), *made.result]))


def table(rows):
    head = ("scenario", *Result._fields)
    cells = [[f"{c:,}" if isinstance(c, int) else c for c in row] for row in (head, ("---",) * len(head), *rows)]
    return ["| " + " | ".join(row) + " |" for row in cells]


def pytest_terminal_summary(terminalreporter):
    reports = [r for group in terminalreporter.stats.values() for r in group if getattr(r, "when", "") == "call"]
    rows = [value for r in reports for name, value in r.user_properties if name == "delivery"]
    if rows:
        terminalreporter.section("what came of log lines")
        for line in table(sorted(rows)):
            terminalreporter.write_line(line)
