"""The logs of Docker's containers, from files as dockerd writes and rotates them."""
import datetime
import gzip
import json
import os
import shutil

import pytest

import support
from test_logs import differences

CONFIG = """
logs:
  loki: {{url: {url}, batch: {{max_age: 100ms}}}}
  sources:
    - docker: {{directory: {directory}, {more}}}
"""

PIECE = 16384  # dockerd writes what is longer in pieces


class Container:
    """Writes what dockerd writes; its formats are those of Docker 20 to 28."""

    def __init__(self, directory, name, image="shop/api:1.4", service=None, number=1):
        self.id = f"{number:064x}"
        self.folder = directory / self.id
        self.folder.mkdir(parents=True)
        self.log = self.folder / f"{self.id}-json.log"
        labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": service} if service else {}
        self.config = {"State": {"Running": True}, "Config": {"Env": ["DB_PASSWORD=hunter2-not-for-you"],
                                                              "Image": image, "Labels": labels}}
        self.rename(name)
        self.start = datetime.datetime.now(datetime.timezone.utc)
        self.written = 0

    def rename(self, name):
        """As dockerd does: a new file, moved into place."""
        self.config["Name"] = "/" + name
        new = self.folder / ".tmp-config.v2.json"
        new.write_text(json.dumps(self.config))
        new.rename(self.folder / "config.v2.json")

    def print(self, *lines, stream="stdout"):
        with open(self.log, "a", encoding="utf-8") as f:
            for line in lines:
                text = line + "\n"
                for at in range(0, len(text), PIECE):
                    self.written += 1
                    time = self.start + datetime.timedelta(microseconds=self.written)
                    f.write(json.dumps({"log": text[at:at + PIECE], "stream": stream,
                                        "time": time.strftime("%Y-%m-%dT%H:%M:%S.%f000Z")}) + "\n")

    def rotate(self, keep, compress=False):
        """As dockerd does with max-file=`keep`."""
        if keep == 1:
            self.log.unlink()
            return
        suffix = ".gz" if compress else ""
        for n in range(keep - 1, 1, -1):
            old = self.log.with_name(f"{self.log.name}.{n - 1}{suffix}")
            if old.exists():
                old.rename(self.log.with_name(f"{self.log.name}.{n}{suffix}"))
        first = self.log.with_name(self.log.name + ".1")
        self.log.rename(first)
        if compress:
            with gzip.open(str(first) + ".gz", "wb") as out:
                out.write(first.read_bytes())
            os.utime(str(first) + ".gz", ns=(first.stat().st_atime_ns, first.stat().st_mtime_ns))
            first.unlink()


@pytest.fixture
def docker(tmp_path):
    directory = tmp_path / "containers"
    directory.mkdir()
    return directory


@pytest.fixture
def ship(start_agent, loki, tmp_path, docker):
    def start(more="include: []"):
        return start_agent(CONFIG.format(url=loki.url, directory=docker, more=more),
                           args=[f"--storage.path={tmp_path / 'state'}"])

    return start


def entries(loki):
    return loki.entries('{container=~".+"}')


def lines(loki):
    return [line for _, line, _ in entries(loki)]


def wait_for(loki, expected):
    support.wait_until(lambda: len(lines(loki)) >= len(expected), 30, f"{len(expected)} lines in Loki")
    assert differences(expected, lines(loki)) == (0, 0)


def test_names_streams_times_and_pieces(ship, docker, loki):
    api = Container(docker, "shop-api-1", service="api")
    api.print("starting", "x" * 50000, "ready")
    api.print("Traceback", stream="stderr")
    agent = ship()
    wait_for(loki, ["starting", "x" * 50000, "ready", "Traceback"])
    found = {line[:9]: (time, labels) for time, line, labels in entries(loki)}
    time, labels = found["starting"]
    assert {k: v for k, v in labels.items() if k != "detected_level"} == {
        "container": "shop-api-1", "image": "shop/api:1.4", "compose_project": "shop", "compose_service": "api",
        "service_name": "api", "stream": "stdout"}
    assert found["Traceback"][1]["stream"] == "stderr"
    assert time // 1000 == int(api.start.timestamp() * 1_000_000 + 0.5) + 1
    assert "hunter2" not in agent.metrics("/metrics/agent").text + json.dumps(entries(loki))


def test_containers_come_go_and_are_rotated(ship, docker, loki):
    agent = ship()
    expected = []
    for number in range(1, 31):
        container = Container(docker, f"job-{number}", number=number)
        for round_ in range(3):
            new = [f"job {number} round {round_} line {n}" for n in range(20)]
            container.print(*new)
            expected += new
            support.wait_until(lambda: agent.holds(container.log), 10, "the file is found")
            container.rotate(keep=1 + number % 3, compress=number % 2 == 1)
        container.print(f"job {number} ends")
        support.wait_until(lambda: agent.holds(container.log), 10, "the last file is found")
        if number % 3 == 0:  # as a container that is removed when it ends
            shutil.rmtree(container.folder)
        expected.append(f"job {number} ends")
    wait_for(loki, expected)


def test_include_and_exclude(ship, docker, loki):
    for number, (name, service) in enumerate([("fastapi-1", None), ("fastapi-debug", None), ("db-1", "fastapi-db"),
                                              ("other", None)], 1):
        Container(docker, name, number=number, service=service).print(f"from {name}")
    ship("include: ['fastapi-*'], exclude: ['*-debug']")
    wait_for(loki, ["from fastapi-1", "from db-1"])


def test_renamed_while_it_runs(ship, docker, loki):
    container = Container(docker, "blue")
    container.print("one")
    ship()
    wait_for(loki, ["one"])
    container.rename("green")
    support.wait_until(lambda: container.print("two") or any(labels["container"] == "green"
                                                            for _, _, labels in entries(loki)), 30, "the new name")


def test_no_directory_is_said_and_comes_later(ship, docker, loki):
    docker.rmdir()
    agent = ship()
    agent.expect_log("there is nothing to read yet")
    support.wait_until(lambda: "there is nothing to read yet" in agent.log.read_text(), 10, "a word about it")
    Container(docker, "late").print("here I am")
    wait_for(loki, ["here I am"])


def test_a_description_that_is_damaged(ship, docker, loki):
    container = Container(docker, "damaged")
    (container.folder / "config.v2.json").write_text('{"Name": "/dam')
    container.print("still here")
    agent = ship()
    agent.expect_log("not known what a container is called.*is not what Docker writes")
    wait_for(loki, ["still here"])
    assert entries(loki)[0][2]["container"] == container.id[:12]
    assert "is not what Docker writes" in agent.log.read_text()
