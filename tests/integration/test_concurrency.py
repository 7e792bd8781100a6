"""Many scrapes at once, with reloads between them. These also run under the thread sanitizer."""
import concurrent.futures
import signal

import pytest

import support


@pytest.mark.parametrize("n", [2, 32])
def test_scrapes_at_once(agent, n):
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        for _ in range(3):
            for response in pool.map(lambda _: agent.get(), range(n)):
                assert response.status == 200
                assert support.Exposition(response.body).has("node_load1")


def test_different_scrapes_at_once(agent):
    paths = ["/metrics", "/metrics?collect[]=loadavg", "/metrics/host", "/metrics/agent", "/", "/sd", "/-/healthy",
             "/metrics?exclude[]=filesystem"]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for response in pool.map(agent.get, paths * 12):
            assert response.status == 200, response.body


def test_scrapes_during_reloads(start_agent):
    agent = start_agent("web: {scrape_timeout: 3s}\n")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        scrapes = [pool.submit(agent.get) for _ in range(64)]
        for _ in range(10):
            agent.send(signal.SIGHUP)
            assert agent.get("/-/reload", method="POST").status == 200
        for scrape in scrapes:
            assert scrape.result().status == 200
            assert support.Exposition(scrape.result().body).has("node_load1")
