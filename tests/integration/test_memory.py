"""What many large scrapes at once leave behind."""
import concurrent.futures
import pathlib
import re

import pytest

import support

SAMPLES = 20000


def anonymous_mib(agent):
    text = pathlib.Path(f"/proc/{agent.pid}/smaps_rollup").read_text(encoding="ascii")
    return int(re.search(r"^Anonymous:\s+(\d+) kB", text, re.M)[1]) / 1024


@pytest.mark.skipif(support.SANITIZED, reason="a sanitizer keeps freed memory to itself")
def test_large_scrapes_at_once_leave_nothing(start_agent, tmp_path):
    lines = (f'large{{number="{i}",words="some words that make the line longer"}} {i}\n' for i in range(SAMPLES))
    (tmp_path / "large.prom").write_text("".join(lines))
    agent = start_agent("exporters: {host: {textfile: {directory: %s}}}\n" % tmp_path)
    path = "/metrics/host"
    for _ in range(3):
        assert len(agent.metrics(path).named("large")) == SAMPLES
    before = anonymous_mib(agent)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for response in pool.map(lambda _: agent.get(path), range(160)):
            assert response.status in (200, 503)
    assert agent.get(path).status == 200
    # the last reply is freed a moment after it was read
    support.wait_until(lambda: anonymous_mib(agent) < before + 4, what="the memory is given back")
