"""Logs while other things go on: scrapes, and nothing at all. The first also runs under the thread sanitizer."""
import concurrent.futures
import itertools
import threading
import time

import support
from test_logs import numbers, rotate, wait_for_all, write

CONFIG = """
logs:
  loki: {{url: {url}{batch}}}
  sources:
    - file: {{paths: [{paths}]}}
      labels: {{service_name: test}}
      stages: [{{regex: {{expression: '^line (?P<number>[0-9]+)'}}}}, {{metrics: [{{name: app_lines_total, match: line}}]}}]
"""


def start(start_agent, directory, loki, batch=""):
    config = CONFIG.format(url=loki.url, batch=batch, paths=directory / "*.log")
    return start_agent(config, args=[f"--storage.path={directory / 'state'}"])


def test_scrapes_while_shipping(start_agent, tmp_path, loki):
    agent = start(start_agent, tmp_path, loki, ", batch: {max_age: 20ms, max_bytes: 64KiB}")
    path, lines, done = tmp_path / "app.log", [], threading.Event()

    def scrape(path):
        while not done.is_set():
            assert agent.get(path).status == 200

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        scrapes = [pool.submit(scrape, path) for path in ("/metrics/agent", "/metrics", "/")]
        try:
            for n in range(10):
                more = numbers(1000, 1000 * n)
                lines += more
                write(path, more)
                support.wait_until(lambda: agent.metrics("/metrics/agent").value("app_lines_total") >= len(lines),
                                   what="lines are counted")
                if n % 3 == 2:
                    rotate(path)
        finally:
            done.set()
        for scraped in scrapes:
            scraped.result()
    wait_for_all(loki, lines)


def test_a_quiet_line_comes_within_a_second_and_a_half(start_agent, tmp_path, loki):
    """With the default batches. One of many lines, because a busy machine may hold up any of them."""
    start(start_agent, tmp_path, loki)
    for n in itertools.count():
        line = f"quiet line {n}"
        began = time.monotonic()
        write(tmp_path / "quiet.log", [line])
        support.wait_until(lambda: line in loki.lines(), what="the line comes")
        if time.monotonic() - began < 1.5:
            break
        assert n < 10, "each line took longer"
