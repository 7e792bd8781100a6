"""The host's series are those of Debian's node_exporter: same names, labels, types and values.

Both run on this machine at once. Each of its collectors is asked alone, between two scrapes of ours: what stands
still must be equal, what moves must lie between our two values.
"""
import math
import re
import subprocess

import pytest

import support

COLLECTORS = """arp conntrack cpu cpufreq diskstats dmi edac entropy filefd filesystem hwmon loadavg meminfo netclass
netdev netstat os powersupplyclass pressure schedstat selinux sockstat softnet stat textfile thermal_zone time timex
udp_queues uname vmstat""".split()

# What is not compared at all, with the reason.
LEFT_OUT = {
    r"node_scrape_collector_duration_seconds": "how long the other program took",
    r"(process|go)_.*": "about the other program's process and its language",
    r"promhttp_.*": "about the other program's HTTP server",
    r"node_exporter_build_info": "the other program's version",
}
# Series that we lack or that have another value on purpose.
DIFFERENT = {
    r'node_scrape_collector_success': "a collector without its thing on this machine fails there and is quiet here",
}
# Names that promtool dislikes and only newer versions of the other program have.
NEWER = {"node_netstat_TcpExt_TCPOFOQueue", "node_netstat_TcpExt_TCPRcvQDrop"}
# Gauges that the kernel changes all the time, in both directions: as far from our two values as this share of them.
RESTLESS = 0.02
ROUNDS = 12


@pytest.fixture(scope="module")
def node_exporter(peers, tmp_path_factory):
    port = support.free_port()
    daemon = support.Daemon([peers / "prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}",
                             "--collector.textfile.directory="], tmp_path_factory.mktemp("peer"), port)
    yield daemon
    daemon.end()


def listed(table, name):
    return any(re.fullmatch(pattern, name) for pattern in table)


def show(key):
    name, labels = key
    return name + "{" + ",".join(f'{k}="{v}"' for k, v in sorted(labels)) + "}"


def agrees(kind, before, theirs, after):
    """Whether a value read between our two could be theirs."""
    if any(math.isnan(v) for v in (before, theirs, after)):
        return all(math.isnan(v) for v in (before, theirs, after))
    if before == after:
        return theirs == before
    low, high = min(before, after), max(before, after)
    slack = 0 if kind == "counter" else RESTLESS * max(abs(low), abs(high))
    return low - slack <= theirs <= high + slack


def of_collector(daemon, collector):
    m = support.Exposition(daemon.get(f"/metrics?collect[]={collector}").body)
    m.samples = {k: v for k, v in m.samples.items() if not listed(LEFT_OUT, k[0])}
    return m


@pytest.mark.parametrize("collector", COLLECTORS)
def test_same_series(agent, node_exporter, collector):
    theirs, ours = of_collector(node_exporter, collector), agent.metrics()
    missing = [k for k in theirs.samples if k not in ours.samples and not listed(DIFFERENT, k[0])]
    assert len(missing) <= len(theirs.samples) / 100, "not here: " + " ".join(map(show, missing))
    wrong = [f"{n} is {ours.type_of(n)}, not {theirs.type_of(n)}" for n in {n for n, _ in theirs.samples}
             if (n in {n for n, _ in ours.samples}) and ours.type_of(n) != theirs.type_of(n)]
    assert not wrong
    assert ours.value("node_scrape_collector_success", collector=collector) == 1


@pytest.mark.parametrize("collector", COLLECTORS)
def test_same_values(agent, node_exporter, collector):
    """Each series agrees in at least one of some rounds: what fluctuates may pass us by between two readings."""
    open_ends = None
    for _ in range(ROUNDS):
        before = agent.metrics()
        theirs = of_collector(node_exporter, collector)
        after = agent.metrics()
        off = {}
        for key, value in theirs.samples.items():
            if listed(DIFFERENT, key[0]) or key not in before.samples or key not in after.samples:
                continue
            if not agrees(theirs.type_of(key[0]), before.samples[key], value, after.samples[key]):
                off[key] = f"{show(key)}: {before.samples[key]!r} ≤ {value!r} ≤ {after.samples[key]!r}"
        open_ends = off if open_ends is None else {k: v for k, v in off.items() if k in open_ends}
        if not open_ends:
            return
    raise AssertionError("not as there:\n" + "\n".join(open_ends.values()))


def test_exceptions_are_needed(node_exporter):
    """The tables name nothing that is not there."""
    names = {n for c in COLLECTORS for n, _ in support.Exposition(node_exporter.get(f"/metrics?collect[]={c}").body).samples}
    for pattern in [*LEFT_OUT, *DIFFERENT]:
        assert any(re.fullmatch(pattern, n) for n in names), pattern


def complaints(peers, text):
    done = subprocess.run([str(peers / "promtool"), "check", "metrics"], input=text, capture_output=True, text=True,
                          check=False)
    return {line for line in (done.stdout + done.stderr).splitlines() if line and line.split()[0] not in NEWER}


def test_promtool_complains_no_more_than_there(agent, node_exporter, peers):
    theirs = complaints(peers, node_exporter.get("/metrics").body)
    more = complaints(peers, agent.get().body) - theirs
    assert theirs and not more
