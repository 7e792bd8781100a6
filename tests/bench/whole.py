"""Measures the agent with every exporter on; tests/bench/whole.sh builds what this needs and runs it.

It watches the whole platform of the tests and is scraped as Prometheus does: each target of /sd, over TLS, with gzip,
on connections that are kept. CPU time is what the kernel counted for the process, the canaries and probes included."""
import http.client
import json
import os
import pathlib
import ssl
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ["VEDETTE"] = str(HERE.parents[1] / "build/release/vedette")

import support  # noqa: E402
import whole_platform  # noqa: E402
import wild_server  # noqa: E402
from program import process_cpu_ms  # noqa: E402

FULL = "--full" in sys.argv[1:]
BLOCKS, SCRAPES = (10, 40) if FULL else (5, 10)
INTERVAL = 15
RSS_MIB, ANONYMOUS_MIB, CORE_PERCENT = 22, 7, 0.2
NOISE = 1.2  # what other work on the machine, and the servers beside the agent, make of a figure


class Scraper:
    """Prometheus, as far as the agent sees it: a connection for each target."""

    def __init__(self, agent, authority):
        self.context = ssl.create_default_context(cafile=str(authority))
        self.agent = agent
        self.connections = {entry["labels"]["__metrics_path__"]: self.connect()
                            for entry in json.loads(self.ask(self.connect(), "/sd"))}
        self.connections["/metrics/agent"] = self.connect()

    def connect(self):
        return http.client.HTTPSConnection("localhost", self.agent.port, context=self.context, timeout=30)

    @staticmethod
    def ask(connection, path):
        connection.request("GET", path, headers={"Accept-Encoding": "gzip", "X-Prometheus-Scrape-Timeout-Seconds": "10"}
                           if path != "/sd" else {})
        reply = connection.getresponse()
        body = reply.read()
        assert reply.status == 200, (path, reply.status, body[:300])
        return body

    def scrape(self):
        return sum(len(self.ask(connection, path)) for path, connection in self.connections.items())


def memory_mib(pid):
    rows = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    sizes = {row.split(":")[0]: int(row.split()[1]) / 1024 for row in rows if row.endswith(" kB")}
    return sizes["Rss"], sizes["Anonymous"]


def start_agent(directory, platform):
    pair = wild_server.certificate(directory, "agent", alternative="DNS:localhost", issuer=platform.authority)
    web = directory / "web.yml"
    web.write_text(f"tls_server_config: {{cert_file: {pair[0]}, key_file: {pair[1]}}}\n")
    return support.Agent(directory, platform.settings().replace("min_interval: 1s", "min_interval: 60s"),
                         [f"--web.config.file={web}"], ready=lambda a: "listening" in a.log.read_text())


def measure(agent, platform):
    scraper = Scraper(agent, platform.authority[0])
    for _ in range(5):
        scraper.scrape()
    blocks, largest = [], [0, 0]
    for _ in range(BLOCKS):
        before = process_cpu_ms(agent.pid)
        for _ in range(SCRAPES):
            bytes_ = scraper.scrape()
        blocks.append((process_cpu_ms(agent.pid) - before) / SCRAPES)
        largest = [max(pair) for pair in zip(largest, memory_mib(agent.pid))]
    return blocks, largest, len(scraper.connections), bytes_


def main():
    failed = False
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        python = subprocess.run([str(support.ROOT / "tests/venv.sh")], capture_output=True, text=True, check=True)
        platform = whole_platform.Platform(directory, python.stdout.strip())
        try:
            agent = start_agent(directory, platform)
            blocks, (rss, anonymous), targets, size = measure(agent, platform)
            agent.kill()
        finally:
            platform.end()
    percent = [block / 10 / INTERVAL for block in blocks]
    print(f"{targets} targets, {size} bytes of gzip a scrape")
    for what, best, middle, want in (("CPU of one core every 15 s, %", min(percent), statistics.median(percent), CORE_PERCENT),
                                     ("resident memory, MiB", rss, rss, RSS_MIB),
                                     ("anonymous memory, MiB", anonymous, anonymous, ANONYMOUS_MIB)):
        failed = failed or best > want * NOISE
        print(f"{what:<36} {middle:>8.3f} (best {best:.3f})   wanted at most {want}{'   MISSED' if best > want else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
