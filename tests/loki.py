"""A real Loki for the tests: built once from its pinned module, one process, files below a temporary directory."""
import json
import os
import pathlib
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

import support

BUILT = support.ROOT / "build/peers/loki"

CONFIG = """
auth_enabled: {auth}
server:
  http_listen_address: 127.0.0.1
  http_listen_port: {port}
  grpc_listen_address: 127.0.0.1
  grpc_listen_port: {grpc_port}
  log_level: error
  grpc_server_max_recv_msg_size: 268435456
  grpc_server_max_send_msg_size: 268435456
common:
  instance_addr: 127.0.0.1
  path_prefix: {path}
  replication_factor: 1
  storage:
    filesystem:
      chunks_directory: {path}/chunks
      rules_directory: {path}/rules
  ring:
    instance_addr: 127.0.0.1
    kvstore:
      store: inmemory
ingester:
  lifecycler:
    min_ready_duration: 0s
    final_sleep: 0s
  wal:
    enabled: true
    dir: {path}/wal
schema_config:
  configs:
    - from: 2020-10-24
      store: tsdb
      object_store: filesystem
      schema: v13
      index: {{prefix: index_, period: 24h}}
limits_config:
  reject_old_samples: false
  max_entries_limit_per_query: 1000000
  volume_enabled: false
  max_query_length: 0
  split_queries_by_interval: 0
{limits}
frontend_worker:
  frontend_address: 127.0.0.1:{grpc_port}  # else it looks for schedulers, which takes ten seconds
  grpc_client_config: {{max_recv_msg_size: 268435456, max_send_msg_size: 268435456}}
query_range:
  cache_results: false
analytics:
  reporting_enabled: false
"""


def program():
    """The built program; the tests are skipped without one, and fail where everything has to run."""
    found = os.environ.get("LOKI") or (BUILT if BUILT.exists() else None)
    if found:
        return pathlib.Path(found)
    if os.environ.get("CI") == "true":
        pytest.fail("no Loki was built; see tests/peers/go_build.sh loki")
    pytest.skip("no Loki was built (tests/peers/go_build.sh loki; it needs Go)")


class Loki:
    def __init__(self, directory, limits=""):
        self.directory, self.port = directory, support.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = directory / "loki.yml"
        self.config.write_text(CONFIG.format(auth="false", port=self.port, grpc_port=support.free_port(),
                                             path=directory / "data", limits=limits))
        self.process = None
        self.start()

    def start(self):
        with open(self.directory / "loki.log", "ab") as log:
            self.process = subprocess.Popen([program(), f"-config.file={self.config}", "-target=all"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        support.wait_until(self.ready, 90, "Loki is ready")

    def ready(self):
        assert self.process.poll() is None, (self.directory / "loki.log").read_text()[-3000:]
        return support.answers(self.port, "/ready")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def get(self, path, **parameters):
        url = f"{self.url}{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=60) as reply:
            return json.load(reply)

    def entries(self, selector='{filename=~".+"}'):
        """All (nanoseconds, line, labels) of the last and the next day that Loki has, oldest first."""
        now = time.time_ns()
        day = 86400 * 10 ** 9
        result = self.get("/loki/api/v1/query_range", query=selector, start=now - day, end=now + day, limit=1000000,
                          direction="forward")["data"]["result"]
        return sorted(((int(t), line, s["stream"]) for s in result for t, line in s["values"]), key=lambda e: e[0])

    def lines(self, selector='{filename=~".+"}'):
        try:
            return [line for _, line, _ in self.entries(selector)]
        except (urllib.error.URLError, OSError):
            return []


@pytest.fixture
def loki(tmp_path_factory):
    directory = tmp_path_factory.mktemp("loki")
    server = Loki(directory)
    yield server
    server.kill()
    shutil.rmtree(directory / "data", ignore_errors=True)
