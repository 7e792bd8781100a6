"""A running program that is scraped: what it costs in CPU, memory and waiting. What the benchmarks share."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def process_cpu_ms(pid):
    """Of all its threads so far, by the clock that the kernel keeps for each process."""
    return time.clock_gettime_ns(~pid << 3 | 2) / 1e6


class Program:
    def __init__(self, name, argv, path="/metrics", env=None):
        self.name, self.port = name, free_port()
        self.url = f"http://127.0.0.1:{self.port}{path}"
        self.process = subprocess.Popen([*map(str, argv), f"--web.listen-address=127.0.0.1:{self.port}"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env=env)
        self.cpu, self.latencies = [], []
        deadline = time.monotonic() + 15
        while True:
            try:
                self.text = self.get()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.end()
                    sys.exit(f"{name} does not answer")
                time.sleep(0.05)

    def get(self):
        with urllib.request.urlopen(self.url, timeout=60) as reply:
            return reply.read().decode()

    def memory_mib(self):
        time.sleep(0.1)  # the last reply is freed a moment after it was read
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return {key: int(re.search(rf"^{key}:\s+(\d+) kB", text, re.M)[1]) / 1024 for key in ("Rss", "Anonymous")}

    def most_anonymous_mib(self):
        """The most that it ever had: of what is mapped from files it never has less later."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        status = dict(re.findall(r"^(\w+):\s+(\d+) kB", text, re.M))
        return (int(status["VmHWM"]) - int(status["RssFile"])) / 1024

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def scrape(self, times, gzip=False):
        """CPU milliseconds per scrape of the program, and the latencies in milliseconds."""
        before = process_cpu_ms(self.process.pid)
        out = subprocess.run(["curl", "-sf", *(["-H", "Accept-Encoding: gzip"] if gzip else []), "-o", "/dev/null",
                              "-w", "%{time_total}\n", f"{self.url}#[1-{times}]"],
                             capture_output=True, text=True, check=True).stdout
        latencies = [float(line) * 1000 for line in out.split()]
        if len(latencies) != times:
            sys.exit(f"{self.name} answered {len(latencies)} of {times} scrapes")
        return (process_cpu_ms(self.process.pid) - before) / times, latencies

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
