#!/usr/bin/python3
"""Opens each dashboard in a real Grafana with headless Chromium, says which panels show an error or "No data" although
they should not, and saves a picture of each. usage: render.py DIRECTORY

No package registry ships Grafana: GRAFANA_URL names a running one (with user:password@ where it wants a login) that was
provisioned with deploy/grafana and dashboards/, or GRAFANA_HOME an unpacked one, which is started so, on the data sources
that PROMETHEUS_URL and LOKI_URL name. CHROMIUM is the browser, else Debian's."""
import contextlib
import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parents[1])]

import dashboards  # noqa: E402
import empty_when_healthy  # noqa: E402
import support  # noqa: E402

ROW_PIXELS = 38  # how high a unit of gridPos is drawn
PATIENCE_MS = 60000


class Page(html.parser.HTMLParser):
    """The panels of a page that Grafana has drawn: title -> the texts and marks below its heading."""

    def __init__(self):
        super().__init__()
        self.panels, self.title = {}, None

    def handle_starttag(self, _tag, attributes):
        mark = dict(attributes).get("data-testid") or ""
        heading = re.fullmatch(r"data-testid Panel header (.+)", mark)
        if heading:
            self.title = heading[1]
            self.panels[self.title] = []
        elif self.title and "Panel status error" in mark:
            self.panels[self.title].append("error")

    def handle_data(self, text):
        if self.title and text.strip() == "No data":
            self.panels[self.title].append("No data")


def findings(name, text):
    """What is wrong with a drawn page of that dashboard."""
    page = Page()
    page.feed(text)
    wanted = {panel["title"] for panel in dashboards.panels(dashboards.load(name))}
    excused = {panel for where, panel in [*empty_when_healthy.UNTIL_SOMETHING_HAPPENS, *empty_when_healthy.NEVER_HERE]
               if where == name}
    out = [f"{name}: {title}: was not drawn" for title in sorted(wanted - page.panels.keys())]
    for title, marks in page.panels.items():
        if "error" in marks or ("No data" in marks and title not in excused):
            out.append(f"{name}: {title}: {', '.join(sorted(set(marks)))}")
    return out


def browse(url, name, directory):
    """The drawn page's text; its picture is saved."""
    height = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in dashboards.load(name)["panels"]) * ROW_PIXELS + 200
    command = [os.environ.get("CHROMIUM") or "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
               f"--window-size=1600,{height}", f"--virtual-time-budget={PATIENCE_MS}"]
    page = f"{url}/d/vedette-{name}?kiosk&from=now-15m&to=now"
    for more in (["--dump-dom"], [f"--screenshot={directory / name}.png"]):
        done = subprocess.run([*command, *more, page], capture_output=True, text=True, timeout=300, check=True)
        if more == ["--dump-dom"]:
            text = done.stdout
    return text


@contextlib.contextmanager
def grafana():
    """The URL of a Grafana: the one that is given, or one that is started."""
    if os.environ.get("GRAFANA_URL"):
        yield os.environ["GRAFANA_URL"].rstrip("/")
        return
    home = pathlib.Path(os.environ["GRAFANA_HOME"])
    with tempfile.TemporaryDirectory() as directory:
        directory, port = pathlib.Path(directory), support.free_port()
        provisioning = directory / "provisioning"
        shutil.copytree(support.ROOT / "deploy/grafana/provisioning", provisioning)
        sources = provisioning / "datasources/vedette.yml"
        sources.write_text(sources.read_text().replace("http://prometheus:9090", os.environ["PROMETHEUS_URL"])
                           .replace("http://loki:3100", os.environ["LOKI_URL"]))
        provider = provisioning / "dashboards/vedette.yml"
        provider.write_text(provider.read_text().replace("/var/lib/grafana/dashboards", str(dashboards.DIRECTORY)))
        daemon = support.Daemon([home / "bin/grafana", "server", "--homepath", home], directory, port, "/api/health", env=dict(
            os.environ, GF_SERVER_HTTP_ADDR="127.0.0.1", GF_SERVER_HTTP_PORT=str(port), GF_PATHS_DATA=str(directory / "data"),
            GF_PATHS_PROVISIONING=str(provisioning), GF_AUTH_ANONYMOUS_ENABLED="true", GF_ANALYTICS_REPORTING_ENABLED="false",
            GF_ANALYTICS_CHECK_FOR_UPDATES="false", GF_PLUGINS_PREINSTALL_DISABLED="true"))
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            daemon.end()


def given():
    return os.environ.get("GRAFANA_URL") or os.environ.get("GRAFANA_HOME")


def render(directory):
    with grafana() as url:
        assert urllib.parse.urlsplit(url).scheme in ("http", "https"), f"{url} is no address of a Grafana"
        return [finding for name in dashboards.NAMES for finding in findings(name, browse(url, name, directory))]


def main():
    if len(sys.argv) != 2 or not given():
        sys.exit(__doc__)
    found = render(pathlib.Path(sys.argv[1]))
    sys.exit("\n".join(found) if found else 0)


if __name__ == "__main__":
    main()
