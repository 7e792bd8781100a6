"""What the workers of Python programs count: the same as their own client's collector says, whatever happens to the files."""
import contextlib
import math
import os
import random
import signal
import struct
import subprocess
import threading

import pytest

from support import ROOT, SANITIZED, VEDETTE, Daemon, Exposition, free_port, request, wait_until

WORKERS = ROOT / "tests/platform/workers.py"
PATH = "/metrics/multiprocess/app"
FILES, SKIPPED = "vedette_multiprocess_files", "vedette_multiprocess_files_skipped"


def settings(directory, *more):
    return ("exporters:\n  multiprocess:\n"
            f"    - {{{', '.join(['name: app', f'directory: {directory}', *more])}}}\n")


def run(python, *args):
    return subprocess.run([python, WORKERS, *map(str, args)], capture_output=True, check=True, timeout=120).stdout.decode()


@contextlib.contextmanager
def working(python, directory, n=8):
    """n processes that count; their process ids."""
    with subprocess.Popen([python, WORKERS, "count", directory, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as load:
        try:
            yield [int(pid) for pid in load.stdout.readline().split()]
        finally:
            load.stdin.close()
            load.wait(30)


def helps(text):
    return {line for line in text.splitlines() if line.startswith("# HELP ") and "vedette_" not in line}


def same(agent, python, directory):
    """Fails unless the agent tells exactly what the client's collector tells."""
    got, want = agent.metrics(PATH), Exposition(run(python, "tell", directory))
    ours = {(name, labels - {("target", "app")}): value for (name, labels), value in got.samples.items()
            if not name.startswith("vedette_")}
    assert ours.keys() == want.samples.keys()
    assert {k: (v, ours[k]) for k, v in want.samples.items() if ours[k] != v and not math.isnan(ours[k] + v)} == {}
    assert {k for k, v in ours.items() if math.isnan(v)} == {k for k, v in want.samples.items() if math.isnan(v)}
    told = {name: kind for name, kind in got.types.items() if not name.startswith("vedette_")}
    assert told.items() <= want.types.items() and helps(got.text) <= helps(want.text)
    return got


def going_up(metrics):
    """Whatever must never go back."""
    return {key: value for key, value in metrics.samples.items()
            if metrics.type_of(key[0]) in ("counter", "histogram", "summary") and not key[0].startswith("vedette_")}


def check_histograms(metrics):
    series = {}
    for (name, labels), value in metrics.samples.items():
        if name.endswith("_bucket"):
            le = dict(labels)["le"]
            series.setdefault((name, labels - {("le", le)}), []).append((float(le), value))
    for (name, labels), buckets in series.items():
        counts = [count for _, count in sorted(buckets)]
        assert counts == sorted(counts) and counts[-1] == metrics.samples[name.replace("_bucket", "_count"), labels]
    return series


def test_under_load_and_to_the_last_sample_after_it(python, start_agent, tmp_path):
    agent = start_agent(settings(tmp_path))
    seen, scrapes = {}, 30 if SANITIZED else 150
    with working(python, tmp_path) as pids:
        wait_until(lambda: agent.metrics(PATH).value(FILES, target="app") >= 8 * 13, what="all files are there")
        for _ in range(scrapes):
            metrics = agent.metrics(PATH)
            assert check_histograms(metrics)
            now = going_up(metrics)
            assert seen.keys() <= now.keys()
            assert {k: (seen[k], now[k]) for k in seen if now[k] < seen[k]} == {}
            assert metrics.value(SKIPPED, target="app") == 0
            seen = now
    metrics = same(agent, python, tmp_path)
    assert metrics.value("http_requests_total", target="app", method="GET", handler="/api/v1/things/1", status="2xx") > 0
    assert {dict(labels)["pid"] for labels in metrics.named("gauge_all")} == {str(pid) for pid in pids}
    assert agent.get(PATH).status == 200 and not agent.metrics().named("http_requests_total")


def test_files_of_workers_that_ended(python, start_agent, tmp_path):
    with working(python, tmp_path, 4) as pids:
        pass
    with working(python, tmp_path, 2):
        pass
    agent = start_agent(settings(tmp_path))
    before = same(agent, python, tmp_path).value(FILES, target="app")
    for file in tmp_path.glob(f"gauge_live*_{pids[0]}.db"):  # what mark_process_dead deletes
        file.unlink()
    metrics = same(agent, python, tmp_path)
    assert metrics.value(FILES, target="app") == before - 5
    assert str(pids[0]) not in {dict(labels)["pid"] for labels in metrics.named("gauge_liveall")}
    assert str(pids[0]) in {dict(labels)["pid"] for labels in metrics.named("gauge_all")}
    for file in tmp_path.glob("*.db"):
        file.unlink()
    assert agent.metrics(PATH).value(FILES, target="app") == 0 and agent.get(PATH).status == 200


def test_a_thousand_files(python, start_agent, tmp_path):
    run(python, "make", tmp_path, 77)
    assert len(list(tmp_path.glob("*.db"))) == 1001
    same(start_agent(settings(tmp_path)), python, tmp_path)


def test_in_main_where_that_is_wanted(python, start_agent, tmp_path):
    run(python, "make", tmp_path, 2)
    agent = start_agent(settings(tmp_path, "in_main: true"))
    assert agent.metrics().value("upload_size_bytes_count", target="app") == 80


@pytest.mark.parametrize(("item", "words"), [
    ("{directory: /run/x, in_main: true}", "needs a name"),
    ("{name: app, directory: run/x}", "no absolute path"),
    ("{name: app}", "directory"),
    ("{name: app, directory: /run/x, max_files: 0}", "max_files"),
])
def test_what_the_settings_cannot_be(tmp_path, item, words):
    (tmp_path / "vedette.yml").write_text(f"exporters:\n  multiprocess:\n    - {item}\n")
    done = subprocess.run([VEDETTE, "check", f"--config.file={tmp_path}/vedette.yml"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and words in done.stdout + done.stderr


def test_no_directory_yet(start_agent, tmp_path):
    agent = start_agent(settings(tmp_path / "later"))
    agent.expect_log("later: no such directory; it is what PROMETHEUS_MULTIPROC_DIR names")
    assert agent.get(PATH).status == 503
    (tmp_path / "later").mkdir()
    assert agent.get(PATH).status == 200
    wait_until(lambda: any("recovered" in line for line in agent.log_lines()), what="the log says that it is well")


def test_too_many_files(start_agent, tmp_path):
    agent = start_agent(settings(tmp_path, "max_files: 3"))
    for i in range(4):
        (tmp_path / f"counter_{i}.db").write_bytes(b"")
    agent.expect_log(r"more than 3 files \(max_files\)")
    assert agent.get(PATH).status == 503
    (tmp_path / "counter_0.db").unlink()
    assert agent.metrics(PATH).value(FILES, target="app") == 3


def test_damaged_files_are_left_out_and_named(python, start_agent, tmp_path):
    run(python, "make", tmp_path, 2)
    agent = start_agent(settings(tmp_path))
    agent.expect_log("counter_1000.db: is shorter than it says")
    whole = agent.metrics(PATH)
    assert whole.value("upload_size_bytes_count", target="app") == 80
    os.truncate(tmp_path / "counter_1000.db", 100)
    (tmp_path / "counter_dir.db").mkdir()
    os.mkfifo(tmp_path / "counter_pipe.db")
    (tmp_path / "counter_link.db").symlink_to(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("not for us")
    metrics = agent.metrics(PATH)
    assert metrics.value(SKIPPED, target="app") == 3
    assert metrics.value(FILES, target="app") == whole.value(FILES, target="app") - 1
    assert metrics.value("upload_size_bytes_count", target="app") == 80
    odd = {"text": "\u00e9\u4e16 \U0001f642", "target": "app"}
    assert metrics.value("odd_total", **odd) == whole.value("odd_total", **odd) / 2
    assert sum("is shorter than it says" in line for line in agent.log_lines()) == 1


class Vandal(threading.Thread):
    """Deletes, makes, truncates, fills and grows files until it is told to end."""

    def __init__(self, directory):
        super().__init__(daemon=True)
        self.directory, self.ended, self.rounds = directory, threading.Event(), 0
        self.originals = {file.name: file.read_bytes() for file in directory.glob("*.db")}

    def run(self):
        rng = random.Random(7)
        deeds = (self.delete, self.truncate, self.restore, self.grow, self.fill, self.lie)
        while not self.ended.is_set():
            file = self.directory / rng.choice(sorted(self.originals))
            with contextlib.suppress(FileNotFoundError):
                rng.choice(deeds)(file, rng)
            self.rounds += 1

    def delete(self, file, _rng):
        file.unlink()

    def truncate(self, file, rng):
        os.truncate(file, rng.randrange(70000))

    def restore(self, file, _rng):
        file.write_bytes(self.originals[file.name])

    def grow(self, file, rng):
        os.truncate(file, 1 << rng.randrange(16, 22))

    def fill(self, file, rng):
        file.write_bytes(rng.randbytes(rng.randrange(200)))

    def lie(self, file, rng):
        with open(file, "r+b") as f:
            f.write(struct.pack("i", rng.randrange(-10, 1 << 25)))


def test_vandalism_while_it_is_scraped(python, start_agent, tmp_path):
    run(python, "make", tmp_path, 4)
    keep = tmp_path / "summary_keep.db"
    keep.write_bytes((tmp_path / "summary_1000.db").read_bytes())
    agent = start_agent(settings(tmp_path))
    agent.expect_log(f"{tmp_path}/[a-z0-9_]+.db: ")
    vandal = Vandal(tmp_path)
    vandal.originals.pop("summary_keep.db")
    vandal.start()
    for _ in range(50 if SANITIZED else 300):
        reply = agent.get(PATH)
        assert reply.status == 200
        metrics = Exposition(reply.body)
        check_histograms(metrics)
        assert metrics.value("render_seconds_count", target="app", template="page.html") >= 40
    wait_until(lambda: vandal.rounds > 500, what="it did its worst")
    vandal.ended.set()
    vandal.join(10)
    for name, data in vandal.originals.items():
        (tmp_path / name).write_bytes(data)
    same(agent, python, tmp_path)


APPLICATION = '''
import os
from fastapi import FastAPI
from prometheus_client import Counter, Histogram
app = FastAPI()
requests = Counter("app_requests", "Requests.", ["worker"])
seconds = Histogram("app_request_seconds", "Time of a request.")

@app.get("/")
def root():
    requests.labels(str(os.getpid())).inc()
    seconds.observe(0.01)
    return {"worker": os.getpid()}
'''


def test_a_web_application_with_workers(python, start_agent, tmp_path):
    (tmp_path / "workers_app.py").write_text(APPLICATION)
    directory = tmp_path / "multiproc"
    directory.mkdir()
    port = free_port()
    server = Daemon([python, "-m", "uvicorn", "workers_app:app", "--workers", "2", "--port", port], tmp_path, port,
                    env=dict(os.environ, PROMETHEUS_MULTIPROC_DIR=str(directory)))
    try:
        agent = start_agent(settings(directory))
        asked = len([request(port, "/") for _ in range(30)])
        wait_until(lambda: sum(agent.metrics(PATH).named("app_requests_total").values()) >= asked + 1,
                   what="all requests are counted")
        metrics = same(agent, python, directory)
        total = metrics.value("app_request_seconds_count", target="app")
        assert total == sum(metrics.named("app_requests_total").values())
        victim = int(dict(next(iter(metrics.named("app_requests_total"))))["worker"])
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: request(port, "/").status == 200, what="it serves again")
        assert same(agent, python, directory).value("app_request_seconds_count", target="app") > total
    finally:
        server.end()
