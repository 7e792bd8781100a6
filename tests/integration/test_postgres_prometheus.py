"""Two databases behind /sd, one of them down: Debian's Prometheus sees one up and one down, and neither flickers."""
import json
import urllib.parse

import pytest

import postgres as pg
from support import free_port, wait_until

CONFIG = """
global: {{scrape_interval: 2s, scrape_timeout: 2s}}
scrape_configs:
  - job_name: vedette-sd
    http_sd_configs: [{{url: 'http://127.0.0.1:{port}/sd', refresh_interval: 1s}}]
"""
SCRAPES = 3


@pytest.fixture
def start_prometheus(start_daemon, peers, tmp_path):
    def start(agent):
        config, port = tmp_path / "prometheus.yml", free_port()
        config.write_text(CONFIG.format(port=agent.port))
        daemon = start_daemon([peers / "prometheus", f"--config.file={config}",
                               f"--storage.tsdb.path={tmp_path / 'data'}",
                               f"--web.listen-address=127.0.0.1:{port}"], port, "/-/ready")
        return lambda expression: query(daemon, expression)
    return start


def query(daemon, expression):
    """{target: the values of its series}"""
    r = daemon.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
    assert r.status == 200, r.body
    return {x["metric"]["instance"].rsplit("/", 1)[1]: [float(v) for _, v in x.get("values", [x.get("value")])]
            for x in json.loads(r.body)["data"]["result"]}


def test_one_of_two_is_down(start_postgres, start_agent, start_prometheus):
    app, archive = start_postgres(), start_postgres()
    agent = start_agent(pg.agent_config(app.config(name="app"), archive.config(name="archive")))
    agent.expect_log("collector failed")
    ask = start_prometheus(agent)

    def steady(wanted):
        """As many scrapes of each, without another value in between."""
        wait_until(lambda: {k: v[-1:] for k, v in ask('up{job="postgresql"}[1m]').items()} ==
                   {k: [v] for k, v in wanted.items()}, what=f"up is {wanted}")
        seen = {k: len(v) for k, v in ask('up{job="postgresql"}[10m]').items()}
        wait_until(lambda: all(len(v) >= seen[k] + SCRAPES for k, v in ask('up{job="postgresql"}[10m]').items()),
                   what=f"{SCRAPES} scrapes more")
        for target, values in ask('up{job="postgresql"}[10m]').items():
            assert set(values[seen[target] - 1:]) == {wanted[target]}

    steady({"app": 1, "archive": 1})
    archive.stop()
    steady({"app": 1, "archive": 0})
    assert ask('count by (instance) (pg_up{job="postgresql"} == 1)').keys() == {"app"}
    archive.start()
    steady({"app": 1, "archive": 1})
