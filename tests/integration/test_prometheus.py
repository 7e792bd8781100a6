"""Debian's Prometheus finds the agent by /sd, scrapes it, and answers queries with what /proc says."""
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.parse

import pytest

import support

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: vedette-sd
    http_sd_configs: [{{url: 'http://127.0.0.1:{port}/sd', refresh_interval: 1s}}]
"""
# What Prometheus asks with: 2.42 (Debian 12), 3.x, and one that knows no OpenMetrics.
ACCEPT = {
    "2.42": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "3": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
         "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
         "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    "old": "text/plain;version=0.0.4;q=1,*/*;q=0.1",
}


class Prometheus:
    def __init__(self, daemon):
        self.daemon = daemon

    def query(self, expression):
        """[(labels, value)]"""
        r = self.daemon.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        assert r.status == 200, r.body
        return [(x["metric"], float(x["value"][1])) for x in json.loads(r.body)["data"]["result"]]

    def one(self, expression):
        """The only value of a query, once there is one."""
        result = support.wait_until(lambda: self.query(expression), what=expression)
        assert len(result) == 1, result
        return result[0][1]


@pytest.fixture
def prometheus(agent, start_daemon, peers, tmp_path):
    config, port = tmp_path / "prometheus.yml", support.free_port()
    config.write_text(CONFIG.format(port=agent.port))
    daemon = start_daemon([peers / "prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}",
                           f"--web.listen-address=127.0.0.1:{port}"], port, "/-/ready")
    return Prometheus(daemon)


def proc(path):
    return pathlib.Path("/proc", path).read_text()


def meminfo(name):
    return int(re.search(rf"^{name}:\s+(\d+) kB", proc("meminfo"), re.M)[1]) * 1024


def stat(name):
    return int(re.search(rf"^{name} (\d+)", proc("stat"), re.M)[1])


def root_sizes():
    st = os.statvfs("/")
    return st.f_blocks * st.f_frsize, st.f_bavail * st.f_frsize


# query, what it should be near to, and how near: a share of it
QUERIES = {
    "memory": ("node_memory_MemTotal_bytes", lambda: meminfo("MemTotal"), 0),
    "free memory": ("node_memory_MemAvailable_bytes", lambda: meminfo("MemAvailable"), 0.2),
    "processors": ('count(count by (cpu) (node_cpu_seconds_total{mode="idle"}))',
                   lambda: len(re.findall(r"^cpu\d", proc("stat"), re.M)), 0),
    "disk size": ('max(node_filesystem_size_bytes{mountpoint="/"})', lambda: root_sizes()[0], 0),
    "disk free": ('max(node_filesystem_avail_bytes{mountpoint="/"})', lambda: root_sizes()[1], 0.05),
    "boot": ("node_boot_time_seconds", lambda: stat("btime"), 0),
    "clock": ("node_time_seconds", time.time, 1e-8),
    "kernel": ('node_uname_info{release="%s"}' % os.uname().release, lambda: 1, 0),
    "file handles": ("node_filefd_maximum", lambda: int(proc("sys/fs/file-nr").split()[2]), 0),
    "context switches": ("node_context_switches_total", lambda: stat("ctxt"), 0.05),
    "received bytes": ('sum(node_network_receive_bytes_total{device!="lo"})',
                       lambda: sum(int(n) for dev, n in re.findall(r"^\s*(\S+):\s*(\d+)", proc("net/dev"), re.M)
                                   if dev != "lo"), 0.1),
    "the agent": ("count(vedette_build_info)", lambda: 1, 0),
}


def test_scrapes(agent, prometheus):
    jobs = {e["labels"]["job"] for e in json.loads(agent.get("/sd").body)}
    assert {"node", "vedette"} <= jobs
    support.wait_until(lambda: len(prometheus.query("up == 1")) == len(jobs), what="all targets are up")
    assert prometheus.one('up{job="node"}') == 1
    for what, (query, real, share) in QUERIES.items():
        value, want = prometheus.one(query), real()
        assert abs(value - want) <= share * abs(want), f"{what}: {query} is {value}, {want} is true"
    active = json.loads(prometheus.daemon.get("/api/v1/targets").body)["data"]["activeTargets"]
    assert len(active) == len(jobs) and not [t["lastError"] for t in active if t["lastError"]]
    assert not {t["scrapeUrl"] for t in active if urllib.parse.urlsplit(t["scrapeUrl"]).path == "/metrics"}
    assert len({t["labels"]["instance"] for t in active}) == len(active)


def test_rates_move(prometheus):
    """Counters count: a rate over some scrapes is what the machine did, within what it can do."""
    rate = 'sum(rate(node_cpu_seconds_total[10s]))'
    support.wait_until(lambda: prometheus.query(rate), what=rate)
    cpus = os.sysconf("SC_NPROCESSORS_ONLN")
    support.wait_until(lambda: 0.5 * cpus < prometheus.query(rate)[0][1] < 1.5 * cpus, 30, rate)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("version", ACCEPT)
def test_formats(agent, peers, version, zipped):
    r = agent.get(headers={"Accept": ACCEPT[version], "Accept-Encoding": "gzip" if zipped else "identity"})
    assert r.status == 200
    assert r.headers.get("Content-Encoding") == ("gzip" if zipped else None)
    if version == "old":
        assert r.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        done = subprocess.run([str(peers / "promtool"), "check", "metrics"], input=r.body, capture_output=True,
                              text=True, check=False)
        assert "error while linting" not in done.stderr, done.stderr
    else:
        assert r.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
        assert r.body.endswith("\n# EOF\n")
    assert support.Exposition(r.body).value("node_memory_MemTotal_bytes") == meminfo("MemTotal")
