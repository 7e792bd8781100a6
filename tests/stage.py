"""Where drills are played and dashboards are looked at: the whole platform with traffic on it, the agent, Prometheus with
the project's rules, Alertmanager with its configuration, Loki, and a telephone that notes when each message came.

Everything runs `factor` times as fast as it is configured: scrapes, rules, and the waits of Alertmanager's routes. The
machine's own disks are not watched, only those that a drill mounts."""
import contextlib
import json
import pathlib
import re
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import yaml

import alertmanager
import loki
import rulefiles
import scale
import support
import whole_platform
import wild_server

SCRAPE = EVALUATION = 10
PROMETHEUS = """
global:
  scrape_interval: {interval}ms
  scrape_timeout: {interval}ms
  evaluation_interval: {interval}ms
  external_labels: {{deployment: drill}}
rule_files: [{rules}/*.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]}}]}}
scrape_configs:
  - job_name: agent
    http_sd_configs: [{{url: 'http://127.0.0.1:{agent}/sd', refresh_interval: 1s}}]
  - {{job_name: prometheus, static_configs: [{{targets: ['127.0.0.1:{prometheus}']}}]}}
  - {{job_name: alertmanager, static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]}}
  - {{job_name: loki, static_configs: [{{targets: ['127.0.0.1:{loki}']}}]}}
"""
CERTIFICATE = "certificate"  # the probe of a server whose certificate a drill changes


class Telephone(alertmanager.Inbox):
    """Where pages and tickets arrive, and the heartbeat."""

    def messages(self, receiver, status):
        """(moment, message) in order."""
        return [(moment, body) for (path, body), moment in zip(list(self.got), self.times)
                if path == "/people" and body["receiver"] == receiver and body["status"] == status]

    def heartbeats(self):
        return len(self.at("/heartbeat"))


class Traffic:
    """People at work, through the edge: documents are read, searched for and written, `threads` at a time."""

    def __init__(self, stage, threads=4, pause=0.5):
        self.stage, self.pause, self.over = stage, pause, threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(n,), daemon=True) for n in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self, number):
        while not self.over.wait(self.pause):
            for path in (f"/documents/{number + 1}", "/search?q=Document"):
                self.stage.visit(path)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


class Stage:
    def __init__(self, directory, python, factor, pool="psycopg2"):
        self.directory, self.factor, self.pool = directory, factor, pool
        self.parts = contextlib.ExitStack()
        try:
            self.build(self.parts, python)
        except BaseException:
            self.end()
            raise

    def build(self, parts, python):
        self.telephone = Telephone()
        parts.callback(self.telephone.end)
        self.platform = self.make("platform", lambda d: whole_platform.Platform(
            d, python, pathlib.Path(python).parent / "caddy", self.pool))
        parts.callback(self.platform.end)
        self.context = ssl.create_default_context(cafile=str(self.platform.authority[0]))
        self.loki = self.make("loki", loki.Loki)
        parts.callback(self.loki.kill)
        self.start_certified(parts)
        self.mounts, self.textfiles = self.folder("mounts"), self.folder("textfiles")
        self.mount("data")
        self.backup("postgres", age=0, success=1)
        self.agent_port, self.agent = support.free_port(), None
        self.start_agent()
        parts.callback(lambda: self.agent.kill())
        self.alertmanager = self.make("alertmanager", self.start_alertmanager)
        parts.callback(self.alertmanager.end)
        self.prometheus = self.make("prometheus", self.start_prometheus)
        parts.callback(self.prometheus.end)

    def folder(self, name):
        path = self.directory / name
        path.mkdir(exist_ok=True)
        return path

    def make(self, name, maker):
        return maker(self.folder(name))

    def start_certified(self, parts):
        """A server of its own: Caddy would have to be told of another certificate."""
        self.certified = wild_server.WildServer(wild_server.says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
        parts.callback(self.certified.__exit__)
        self.new_certificate(90)

    def new_certificate(self, days, when=None):
        pair = wild_server.certificate(self.directory, "localhost", days=days, issuer=self.platform.authority, when=when)
        self.certified.context = wild_server.context_of(pair)

    def backup(self, name, age, success):
        """What the script of a backup leaves behind: when it last succeeded, and whether it has just done so."""
        text = (f'vedette_backup_last_success_timestamp_seconds{{backup="{name}"}} {time.time() - age}\n'
                f'vedette_backup_last_run_success{{backup="{name}"}} {success}\n'
                f'vedette_backup_size_bytes{{backup="{name}"}} 1e9\n')
        (self.directory / "backup.prom").write_text(text)
        (self.directory / "backup.prom").rename(self.textfiles / f"backup-{name}.prom")

    def logs(self):
        """Where each service writes its log; what the stand-in of Meilisearch and the kernel write is the test's."""
        platform, others = self.platform, self.folder("logs")
        return {"fastapi": platform.app.log, "caddy": f"{platform.caddy.directory}/log", "postgresql": platform.postgres.log,
                "minio": platform.minio.directory / "minio.log", "meilisearch": others / "meilisearch.log",
                "kernel": others / "kernel.log", "loki": self.loki.directory / "loki.log"}

    def settings(self):
        settings = yaml.safe_load(self.platform.settings())
        exporters = settings["exporters"]
        exporters["host"] = {"textfile": {"directory": str(self.textfiles)},
                             "filesystem": {"mount_points_exclude": f"^(?!{re.escape(str(self.mounts))}/)"}}
        exporters["postgres"][0]["pools"] = [{"name": "fastapi", "application_name": "fastapi-app", "max": 10}]
        exporters["pools"][0]["timeouts"] = "database_pool_timeouts_total"
        exporters["http"].append({"name": CERTIFICATE, "url": f"https://localhost:{self.certified.port}/",
                                  "tls": {"ca_file": str(self.platform.authority[0])}})
        settings["logs"] = {"loki": {"url": self.loki.url}, "sources": [
            {"name": service, "file": {"paths": [str(path)]}, "labels": {"service_name": service},
             "stages": [{"multiline": None}, {"level": None}, {"labels": ["level"]}]}
            for service, path in self.logs().items()]}
        return yaml.safe_dump(settings)

    def start_agent(self):
        """At first, or again after it was killed."""
        self.agent = support.Agent(self.folder("agent"), self.settings(), [f"--storage.path={self.folder('state')}"],
                                   port=self.agent_port)

    def start_alertmanager(self, directory):
        secrets = alertmanager.put_secrets(directory / "secrets", {
            "webhook_url": f"{self.telephone.url}/people", "deadman_url": f"{self.telephone.url}/heartbeat"})
        done = alertmanager.render(secrets, directory)
        assert done.returncode == 0, done.stderr
        config = directory / "alertmanager.yml"
        config.write_text(alertmanager.faster(alertmanager.by_day(config.read_text()), self.factor))
        return alertmanager.Alertmanager(config, directory)

    def start_prometheus(self, directory):
        port, rules = support.free_port(), self.folder("rules")
        for path in rulefiles.files():
            (rules / path.name).write_text(scale.rules(path.read_text(), self.factor))
        self.config = directory / "prometheus.yml"
        self.config.write_text(PROMETHEUS.format(
            interval=SCRAPE * 1000 // self.factor, rules=rules, alertmanager=self.alertmanager.port,
            agent=self.agent_port, prometheus=port, loki=self.loki.port))
        return support.Daemon([
            support.monitoring("prometheus"), f"--config.file={self.config}", f"--storage.tsdb.path={directory}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle",
            f"--rules.alert.resend-delay={60 * 1000 // self.factor}ms",
            "--rules.alert.for-grace-period=0s"], directory, port, "/-/ready")

    def visit(self, path):
        """What somebody sees through the edge. Answers may be missing: that is what drills are for."""
        with contextlib.suppress(OSError, ValueError):
            with urllib.request.urlopen(f"https://localhost:{self.platform.edge}{path}", timeout=5,
                                        context=self.context) as reply:
                reply.read()

    def ask(self, expression):
        reply = self.prometheus.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        assert reply.status == 200, reply.body
        return json.loads(reply.body)["data"]["result"]

    def firing(self, since):
        """Names of the alerts that have been firing in Prometheus, sent or not, since that moment."""
        window = max(1, round((time.monotonic() - since) * 1000))
        found = self.ask(f'count by (alertname) (last_over_time(ALERTS{{alertstate="firing"}}[{window}ms]))')
        return {series["metric"]["alertname"] for series in found}

    def story(self, alert, moment):
        """When it fired in Prometheus, in seconds from that moment, and what Alertmanager knows of it."""
        zero = time.time() - (time.monotonic() - moment)
        fired = [[round(float(series["values"][n][0]) - zero) for n in (0, -1)]
                 for series in self.ask(f'ALERTS{{alertname="{alert}", alertstate="firing"}}[10m]')]
        known = support.request(self.alertmanager.port, f"/api/v2/alerts?filter=alertname%3D{alert}").body
        return f"in Prometheus it fired from and until {fired}, Alertmanager knows {known}"

    def mount(self, name, megabytes=64):
        """A file system of its own below what the agent watches; its path, or None where that is not allowed."""
        image, point = self.directory / f"{name}.img", self.mounts / name
        point.mkdir()
        with open(image, "wb") as out:
            out.truncate(megabytes << 20)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True, capture_output=True)
        done = subprocess.run(["mount", "-o", "loop", image, point], capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        self.parts.callback(subprocess.run, ["umount", "--lazy", str(point)], check=False, capture_output=True)
        return point

    def end(self):
        self.parts.close()
