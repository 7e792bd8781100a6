"""A mount whose statfs never returns costs nobody else anything.

The agent runs in a mount and a process namespace of its own, where it is the only user of a FUSE mount that hangs
on command; when the namespace's first process ends, nothing of it is left.
"""
import os
import pathlib
import signal
import subprocess

import pytest

import support

HERE = pathlib.Path(__file__).parent
# $1 mount point, $2 gate, $3 the file system; then the agent's command
START = """
/usr/bin/python3 "$3" "$1" "$2" &
until grep -q " $1 " /proc/self/mountinfo; do
    kill -0 $! || exit 70
    sleep 0.02
done
shift 3
"$@"
"""
SIZES = ["size_bytes", "free_bytes", "avail_bytes", "files", "files_free", "readonly"]


def why_not():
    if os.geteuid() != 0:
        return "needs root to mount"
    if not os.path.exists("/dev/fuse"):
        return "this machine has no /dev/fuse"
    tried = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--mount-proc", "true"], capture_output=True,
                           text=True, check=False)
    if tried.returncode:
        return "this machine forbids namespaces: " + tried.stderr.strip()
    try:
        with open("/dev/fuse", "rb"):
            return None
    except OSError as e:
        return f"this machine forbids FUSE: {e}"


pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))


class Mount:
    def __init__(self, directory):
        self.point, self.gate = directory / "mount", directory / "gate"
        self.point.mkdir()
        self.labels = {"device": "hanging", "fstype": "fuse", "mountpoint": str(self.point)}

    def hang(self):
        self.gate.touch()

    def recover(self):
        self.gate.unlink(missing_ok=True)


def children(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def named(pids, name):
    return next((p for p in pids if pathlib.Path(f"/proc/{p}/comm").read_text().strip() == name), None)


@pytest.fixture
def mount(tmp_path):
    mount = Mount(tmp_path)
    yield mount
    mount.recover()


def start_beside(mount, start_agent, env=()):
    wrapper = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "env", *env, "sh", "-c", START,
               "sh", mount.point, mount.gate, HERE / "hanging_fs.py"]
    agent = start_agent(wrapper=wrapper)
    first = children(agent.process.pid)[0]
    agent.pid = support.wait_until(lambda: named(children(first), "vedette"), what="the agent in its namespace")
    return agent


@pytest.fixture
def agent(start_agent, mount):
    yield start_beside(mount, start_agent)
    mount.recover()


def full_scrape(agent):
    response = agent.get("/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": "10"})
    assert response.status == 200
    return response.seconds, support.Exposition(response.body)


def healthy_in_ms(agent):
    return min(agent.get("/-/healthy").seconds for _ in range(5)) * 1000


def check_stuck(m, mount, before):
    """Every series of before but the mount's sizes; the mount says why it has none."""
    assert m.value("node_filesystem_device_error", **mount.labels, device_error="mountpoint timeout") == 1
    assert not m.has("node_filesystem_device_error", **mount.labels)
    for size in SIZES:
        assert not m.has("node_filesystem_" + size, **mount.labels)
    gone = {k for k in before.samples.keys() - m.samples.keys() if dict(k[1]).get("mountpoint") != str(mount.point)}
    assert not gone
    assert m.value("node_scrape_collector_success", collector="filesystem") == 1
    assert m.value("vedette_target_up", exporter="host") == 1


def check_well(m, mount):
    assert m.value("node_filesystem_device_error", **mount.labels) == 0
    assert m.value("node_filesystem_size_bytes", **mount.labels) == 4096 * 1000
    assert m.value("node_filesystem_avail_bytes", **mount.labels) == 4096 * 400
    assert m.value("node_filesystem_files_free", **mount.labels) == 5


def test_hanging_mount(agent, mount):
    for _ in range(3):
        _, well = full_scrape(agent)
    check_well(well, mount)
    threads = agent.threads()

    mount.hang()
    seconds, m = full_scrape(agent)
    assert seconds < 5
    check_stuck(m, mount, well)
    assert agent.threads() == threads + 1
    descriptors = agent.descriptors()

    for _ in range(10):
        seconds, m = full_scrape(agent)
        assert seconds < 0.5
        check_stuck(m, mount, well)
        assert support.SANITIZED or healthy_in_ms(agent) < 5
    assert agent.threads() == threads + 1
    support.wait_until(lambda: agent.descriptors() <= descriptors, what="connections are closed")

    mount.recover()
    support.wait_until(lambda: agent.threads() == threads, what="the surplus helper ends")
    check_well(full_scrape(agent)[1], mount)


def test_healthy_while_the_first_scrape_waits(agent, mount):
    full_scrape(agent)
    mount.hang()
    waiting = subprocess.Popen(["curl", "-sSf", "-o", "/dev/null", f"http://127.0.0.1:{agent.port}/metrics"])
    asked = 0
    while waiting.poll() is None:
        assert support.SANITIZED or healthy_in_ms(agent) < 5
        asked += 1
    assert waiting.returncode == 0 and asked > 0


def test_short_deadline(agent, mount):
    """Prometheus gives up after a second: it still gets everything else, at once."""
    _, well = full_scrape(agent)
    mount.hang()
    response = agent.get("/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": "1"})
    assert response.seconds < 1
    check_stuck(support.Exposition(response.body), mount, well)


def test_reload_does_not_ask_again(agent, mount):
    full_scrape(agent)
    mount.hang()
    _, m = full_scrape(agent)
    counts = []
    for _ in range(5):
        assert agent.get("/-/reload", method="POST").status == 200
        seconds, m = full_scrape(agent)
        assert seconds < 0.5
        assert m.value("node_filesystem_device_error", **mount.labels, device_error="mountpoint timeout") == 1
        counts.append(agent.threads())
    support.wait_until(lambda: agent.threads() <= min(counts), what="old lanes end")
    mount.recover()
    full_scrape(agent)


def state(pid):
    """The letter that ps shows; None when there is no such process."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
    except OSError:
        return None


def test_ends_while_it_hangs(mount, start_agent):
    """The agent is gone within two seconds and another can take its place. The kernel keeps the dead process as a
    zombie until the file system answers the call that it has taken: no signal reaches that. The leak sanitizer,
    which would wait for it, is switched off."""
    agent = start_beside(mount, start_agent, [f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"])
    full_scrape(agent)
    mount.hang()
    full_scrape(agent)
    agent.send(signal.SIGTERM)
    support.wait_until(lambda: state(agent.pid) in (None, "Z", "X"), 2, "SIGTERM ends the agent")
    successor = start_agent(port=agent.port)
    assert successor.metrics().has("node_load1")
    successor.stop()
    mount.recover()
    assert agent.process.wait(10) == 0
    agent.ended = True
