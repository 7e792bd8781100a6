"""What Grafana is started with fits the dashboards, the rules and the logs."""
import re

import yaml

import dashboards
import stage
import support

HERE = support.ROOT / "deploy/grafana/provisioning"
SOURCES = {source["uid"]: source for source in yaml.safe_load((HERE / "datasources/vedette.yml").read_text())["datasources"]}


def test_dashboards_find_their_data_sources():
    for name in dashboards.NAMES:
        for variable in dashboards.variables(dashboards.load(name)).values():
            if variable["type"] == "datasource":
                source = SOURCES[variable["current"]["value"]]
                assert (source["type"], source["name"]) == (variable["query"], variable["current"]["text"])
    assert SOURCES["prometheus"]["jsonData"]["alertmanagerUid"] in SOURCES
    assert SOURCES["prometheus"]["jsonData"]["timeInterval"] == f"{stage.SCRAPE}s"


def test_nothing_is_secret_and_nothing_can_be_changed():
    for source in SOURCES.values():
        assert source["editable"] is False and not source.keys() & {"secureJsonData", "basicAuthPassword", "password"}
        assert re.fullmatch(r"http://(prometheus:9090|loki:3100|alertmanager:9093)", source["url"])
    provider, = yaml.safe_load((HERE / "dashboards/vedette.yml").read_text())["providers"]
    assert provider["disableDeletion"] and not provider["allowUiUpdates"]
    assert provider["options"] == {"path": "/var/lib/grafana/dashboards", "foldersFromFilesStructure": False}


def test_a_request_leads_to_its_lines():
    field, = SOURCES["loki"]["jsonData"]["derivedFields"]
    for line in ('{"level":"error","request_id":"5f3c2a10-77aa"}', "GET /x request_id=5f3c2a10-77aa 200",
                 "X-Request-Id: 5f3c2a10-77aa"):
        assert re.search(field["matcherRegex"], line)[1] == "5f3c2a10-77aa"
    assert not re.search(field["matcherRegex"], "nothing of the kind")
    assert field["datasourceUid"] == "loki" and "$${__value.raw}" in field["url"]
