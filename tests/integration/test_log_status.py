"""What the agent tells about its logs: by source and for Loki, in metrics and on the status page."""
import html
import re

import support
from test_logs import numbers, wait_for_all, write

CONFIG = """
logs:
  loki: {{url: {url}, batch: {{max_age: 100ms}}}}
  sources:
    - name: app
      file: {{paths: ['{directory}/*.log']}}
    - name: none
      file: {{paths: ['{directory}/none/*.log']}}
"""


def rows(agent):
    """The page's table of logs: {first cell: the others}"""
    page = agent.get("/").body
    table = page[page.index("<h2 id=\"more\">Logs</h2>"):]
    table = table[:table.index("</table>")]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in table.split("<tr>")[2:]]
    return {row[0]: [html.unescape(cell) for cell in row[1:]] for row in cells}


def test_sources_and_loki(start_agent, tmp_path, loki):
    agent = start_agent(CONFIG.format(url=loki.url, directory=tmp_path), args=[f"--storage.path={tmp_path / 'state'}"])
    agent.expect_log("Loki cannot be reached|Loki does not take logs now")
    lines = numbers(100)
    write(tmp_path / "app.log", lines)
    wait_for_all(loki, lines)
    support.wait_until(lambda: rows(agent)["Loki"][0] == "takes all", what="Loki takes all")
    shown = rows(agent)
    assert shown["Loki"][2] == "100 entries"
    assert shown["source app"][:3] == ["up to date", "1 open", "100 lines"]
    assert shown["source none"][0] == "nothing to read"
    metrics = agent.metrics("/metrics/agent")
    assert metrics.value("vedette_logs_read_lines_total", source="app") == 100
    assert metrics.value("vedette_logs_read_bytes_total", source="app") == (tmp_path / "app.log").stat().st_size
    assert metrics.value("vedette_logs_files", source="none") == 0
    assert metrics.value("vedette_logs_lag_bytes", source="app") == 0
    assert metrics.value("vedette_logs_lag_seconds", source="app") == 0
    assert "Loki has not taken" not in agent.get("/").body

    loki.kill()
    write(tmp_path / "app.log", numbers(60000, 100))
    support.wait_until(lambda: "takes nothing" in rows(agent)["Loki"], what="trouble is shown")
    page = html.unescape(agent.get("/").body)
    assert page.index("Loki has not taken logs for") < page.index(">Targets<")
    assert "Loki cannot be reached" in page and loki.url in page
    support.wait_until(lambda: agent.metrics("/metrics/agent").value("vedette_logs_lag_bytes", source="app") > 0, what="a lag")
    support.wait_until(lambda: agent.metrics("/metrics/agent").value("vedette_logs_lag_seconds", source="app") > 0,
                       what="its seconds")
    assert rows(agent)["source app"][0] == "behind"
    loki.start()
    wait_for_all(loki, lines + numbers(60000, 100))
    support.wait_until(lambda: "takes all" in rows(agent)["Loki"], what="all is well again")
    assert "Loki has not taken" not in agent.get("/").body


def test_nothing_is_shown_without_logs(agent):
    assert "Logs</h2>" not in agent.get("/").body
