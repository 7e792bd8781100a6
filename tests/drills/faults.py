"""What is broken in a drill, and mended: each fault is a function that breaks, yields, and mends."""
import concurrent.futures
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import support

POOL = 10
FAULTS = []


class Fault:
    def __init__(self, act, title, alert, beside, ends_itself):
        self.act, self.title, self.alert, self.beside, self.ends_itself = act, title, alert, beside, ends_itself


def fault(title, alert, beside=False, ends_itself=False):
    """The alert is what has to be heard of. One with `beside` is played together with the ones around it that have it
    too; one that ends itself has nothing to be mended, so its end may be told before the others are."""
    def add(act):
        FAULTS.append(Fault(act, title, alert, beside, ends_itself))
        return act
    return add


class Unable(Exception):
    """This machine does not let us play that."""


def mounted(stage, name):
    point = stage.mount(name)
    if not point:
        raise Unable("no file system can be mounted")
    return point


def fill(point, share):
    """Writes until that share of the file system is used."""
    size = os.statvfs(point)
    used = size.f_blocks - size.f_bavail
    with open(point / f"{time.monotonic_ns()}", "wb") as out:
        out.write(bytes(max(0, int(size.f_blocks * share) - used) * size.f_frsize))
        out.flush()
        os.fsync(out.fileno())


def at_once(stage, paths, over):
    """Asks for the paths together, again and again until it is over."""
    def again(path):
        while not over.is_set():
            try:
                support.request(stage.platform.app_port, path, timeout=120)
            except OSError:
                over.wait(0.1)

    threads = [threading.Thread(target=again, args=(path,), daemon=True) for path in paths]
    for thread in threads:
        thread.start()
    return threads


@fault("PostgreSQL hangs (all its processes stopped by a signal)", "PostgresDown")
def postgres_hangs(stage):
    stage.platform.postgres.signal_all(signal.SIGSTOP)
    yield
    stage.platform.postgres.signal_all(signal.SIGCONT)


@fault("A disk fills by 0.1 % each second of the drill", "DiskFullIn4h", beside=True)
def disk_fills(stage):
    point, over = mounted(stage, "filling"), threading.Event()
    fill(point, 0.72)

    def go_on():
        share = 0.72
        while not over.wait(0.5) and share < 0.88:
            share += 0.0005
            fill(point, share)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    for path in point.glob("[0-9]*"):
        path.unlink()


@fault("A disk is 91 % full", "DiskSpaceCritical", beside=True)
def disk_full(stage):
    point = mounted(stage, "full")
    fill(point, 0.91)
    yield
    for path in point.glob("[0-9]*"):
        path.unlink()


@fault("Someone empties the search index", "SearchEmpty", beside=True)
def search_empty(stage):
    index = stage.platform.meilisearch.indexes["documents"]
    kept = list(index)
    index.clear()
    yield
    index.extend(kept)


@fault("MinIO is killed", "ObjectStorageDown", beside=True)
def minio_killed(stage):
    stage.platform.minio.kill()
    yield
    stage.platform.minio.start()


@fault("A process is killed for memory in its cgroup", "HostOomKill", beside=True, ends_itself=True)
def out_of_memory(_stage):
    old = pathlib.Path("/sys/fs/cgroup/memory")
    parent, limit = (old, "memory.limit_in_bytes") if old.exists() else (old.parent, "memory.max")
    group = parent / f"vedette-drill-{os.getpid()}"
    try:
        group.mkdir()
        (group / limit).write_text(str(20 << 20))
    except OSError as error:
        raise Unable(f"no memory cgroup: {error.strerror}") from error
    hog = f"import os; open('{group}/cgroup.procs', 'w').write(str(os.getpid())); b'x' * (200 << 20)"
    try:
        assert subprocess.run([sys.executable, "-c", hog], check=False).returncode == -signal.SIGKILL
    finally:
        group.rmdir()
    yield


@fault("The kernel makes a disk read-only", "FilesystemReadOnly", beside=True)
def read_only(stage):
    point = stage.mounts / "data"
    if not os.path.ismount(point):
        raise Unable("no file system can be mounted")
    subprocess.run(["mount", "-o", "remount,ro", point], check=True)
    yield
    subprocess.run(["mount", "-o", "remount,rw", point], check=True)


@fault("No backup has succeeded for 51 hours", "BackupMissing", beside=True)
def backup_missing(stage):
    stage.backup("documents", age=51 * 3600 / stage.factor, success=0)
    yield
    stage.backup("documents", age=0, success=1)


@fault("A certificate has expired", "TlsCertExpiry", beside=True)
def certificate_expired(stage):
    stage.new_certificate(days=1, when="2 days ago")
    yield
    stage.new_certificate(days=90)


@fault("Loki is killed", "LokiDown", beside=True)
def loki_killed(stage):
    stage.agent.expect_log("Loki cannot be reached")
    stage.loki.kill()
    yield
    stage.loki.start()


@fault("Prometheus is told to read a broken configuration", "PrometheusConfigReloadFailed", beside=True)
def prometheus_misled(stage):
    good = stage.config.read_text()
    stage.config.write_text(good + "scrape_configs: twice\n")
    assert stage.prometheus.get("/-/reload", method="POST").status == 500
    yield
    stage.config.write_text(good)
    assert stage.prometheus.get("/-/reload", method="POST").status == 200


@fault("Caddy is stopped", "EdgeDown", beside=True)
def caddy_stopped(stage):
    stage.platform.caddy.stop()
    yield
    stage.platform.caddy.start()


@fault("The role of the agent may not log in", "PostgresLoginFailing")
def login_fails(stage):
    stage.platform.postgres.sql("ALTER ROLE vedette NOLOGIN")
    yield
    stage.platform.postgres.sql("ALTER ROLE vedette LOGIN")


@fault("Meilisearch closes every connection", "MeilisearchDown")
def meilisearch_gone(stage):
    stage.platform.meilisearch.fault = lambda _handler: None
    yield
    stage.platform.meilisearch.fault = None


@fault("The agent is killed", "AgentDown")
def agent_killed(stage):
    stage.agent.kill()
    yield
    stage.start_agent()


@fault("Someone deletes the search index", "SearchRefused")
def search_index_deleted(stage):
    indexes = stage.platform.meilisearch.indexes
    kept = indexes.pop("documents")
    yield
    indexes["documents"] = kept


@fault("One request in five takes 1.5 s", "HighLatencyP95")
def app_slow(stage):
    over = threading.Event()
    threads = at_once(stage, ["/slow?seconds=1.5"] * 5, over)
    yield
    over.set()
    for thread in threads:
        thread.join()


@fault("Bursts want more connections than the pool has", "DbPoolTimeouts")
def pool_bursts(stage):
    over = threading.Event()

    def bursts():
        with concurrent.futures.ThreadPoolExecutor(POOL + 4) as people:
            while not over.wait(1):
                list(people.map(lambda _: support.request(stage.platform.app_port, "/slow?seconds=0.2"),
                                range(POOL + 4)))

    thread = threading.Thread(target=bursts)
    thread.start()
    yield
    over.set()
    thread.join()


@fault("The application is killed", "AppDown")
def app_killed(stage):
    stage.platform.end_app()
    yield
    stage.platform.start_app()


@fault("Slow queries hold 10 of 10 connections", "DbPoolExhausted")
def pool_exhausted(stage):
    over = threading.Event()
    threads = at_once(stage, ["/slow?seconds=60"] * POOL, over)
    yield
    over.set()
    # as the runbook says
    stage.platform.postgres.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")
    for thread in threads:
        thread.join()


@fault("PostgreSQL is stopped", "PostgresDown")
def postgres_stopped(stage):
    stage.platform.postgres.stop()
    yield
    stage.platform.postgres.start()


@fault("A migration renames a column that the application reads", "ErrorBudgetBurnFast")
def column_renamed(stage):
    stage.platform.postgres.sql("ALTER TABLE documents RENAME COLUMN metadata TO details")
    yield
    stage.platform.postgres.sql("ALTER TABLE documents RENAME COLUMN details TO metadata")
