"""Processes that count with prometheus_client, and what its own collector makes of their files.

workers.py count DIRECTORY N    N processes count until standard input ends; a line with their process ids comes first
workers.py make DIRECTORY N     N processes' files as they are after some work, without running that many
workers.py make-web DIRECTORY N the same of a web application that has many handlers and few kinds of metrics
workers.py tell DIRECTORY       the text format of all in it, merged in the order of names
workers.py cost DIRECTORY N     CPU milliseconds of each of N such tellings
"""
import glob
import os
import shutil
import sys
import time

REAL = 8  # processes whose files are made one by one
MODES = ("all", "liveall", "min", "livemin", "max", "livemax", "sum", "livesum", "mostrecent", "livemostrecent")


class Metrics:
    """What a web application has, and whatever else there is."""

    def __init__(self):
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary
        r = CollectorRegistry()
        labels = ["method", "handler", "status"]
        self.requests = Counter("http_requests", "Requests that were answered.", labels, registry=r)
        self.seconds = Histogram("http_request_duration_seconds", "Time that requests took.", labels, registry=r)
        self.sizes = Histogram("upload_size_bytes", "Sizes of uploads.", buckets=(1000, 1e6, 2.5e7), registry=r)
        self.renders = Summary("render_seconds", "Time of rendering \u2013 \"templates\" \\ only.", ["template"], registry=r)
        self.odd = Counter("odd", "Labels that need escapes.", ["text"], registry=r)
        self.names = Counter("names.with dots\u00e9", "A name of other characters.", ["la.bel"], registry=r)
        self.gauges = [Gauge(f"gauge_{m}", f"Mode {m}.", ["zone"], multiprocess_mode=m, registry=r) for m in MODES]
        self.plain = Gauge("plain", "No labels.", multiprocess_mode="livesum", registry=r)
        self.nothing = Gauge("nothing", "Of which one worker says NaN.", multiprocess_mode="min", registry=r)

    def count(self, i, handlers=5):
        handler = f"/api/v1/things/{i % handlers}"
        self.requests.labels("GET", handler, "2xx").inc()
        self.requests.labels("POST", handler, "5xx").inc(0.1)
        self.seconds.labels("GET", handler, "2xx").observe(i % 97 / 7)
        self.sizes.observe(i * 1000)
        self.renders.labels("page.html").observe(i % 11 / 3)
        self.odd.labels(("quote \" back\\slash", "new\nline\ttab", "\u00e9\u4e16 \U0001f642", "")[i % 4]).inc()
        self.names.labels("x").inc()
        for k, g in enumerate(self.gauges):
            g.labels("ab"[i % 2]).set((i * 7919 + os.getpid() * 31 + k) % 1000 / 8)
        self.plain.inc() if i % 2 else self.plain.dec(0.5)


def count(directory, n):
    children = []
    stop, stopped = os.pipe()
    for k in range(n):
        pid = os.fork()
        if not pid:
            count_on(stop, stopped, k)
        children.append(pid)
    os.close(stop)
    print(*children, flush=True)
    sys.stdin.read()
    os.close(stopped)
    for pid in children:
        os.waitpid(pid, 0)


def count_on(stop, stopped, k):
    os.close(stopped)
    os.set_blocking(stop, False)
    metrics, i = Metrics(), 0
    metrics.nothing.set(float("nan") if k == 0 else k)
    while True:
        metrics.count(i, handlers=5 + i // 2000)  # files grow meanwhile
        i += 1
        if i % 50 == 0:
            time.sleep(0.001)
            try:
                if not os.read(stop, 1):
                    os._exit(0)
            except BlockingIOError:
                pass


def everything(k):
    metrics = Metrics()
    for i in range(40):
        metrics.count(i + k, handlers=20)


def web(k):
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary
    r = CollectorRegistry()
    labels = ["method", "handler", "status"]
    requests = Counter("http_requests", "Requests that were answered.", labels, registry=r)
    seconds = Histogram("http_request_duration_seconds", "Time that requests took.", labels, registry=r)
    sizes = Summary("http_response_size_bytes", "Sizes of responses.", ["handler"], registry=r)
    connections = Gauge("active_connections", "Connections in use.", ["pool"], multiprocess_mode="livesum", registry=r)
    for i in range(20):
        handler = f"/api/v1/things/{i}"
        requests.labels("GET", handler, "2xx").inc(i + k)
        seconds.labels("GET", handler, "2xx").observe(i / 10)
        sizes.labels(handler).observe(i * 1000)
    for i in range(10):
        connections.labels(f"pool-{i}").set(i)


def make(directory, n, work):
    """Files of one process after another, each with the id that it says; those after the eighth are copies."""
    from prometheus_client import metrics, values
    current = [0]
    metrics.values.ValueClass = values.MultiProcessValue(lambda: current[0])
    for k in range(min(n, REAL)):
        current[0] = 1000 + k
        work(k)
        values.close_all_multiprocess_files()
    for k in range(REAL, n):
        for file in glob.glob(f"{directory}/*_{1000 + k % REAL}.db"):
            shutil.copyfile(file, file.replace(f"_{1000 + k % REAL}.db", f"_{1000 + k}.db"))


def tell(directory):
    from prometheus_client import generate_latest, multiprocess

    class Sorted:
        def collect(self):
            return multiprocess.MultiProcessCollector.merge(sorted(glob.glob(f"{directory}/*.db")))

    return generate_latest(Sorted())


def main():
    command, directory, *more = sys.argv[1:]
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
    if command == "count":
        count(directory, int(more[0]))
    elif command == "make":
        make(directory, int(more[0]), everything)
    elif command == "make-web":
        make(directory, int(more[0]), web)
    elif command == "tell":
        sys.stdout.buffer.write(tell(directory))
    elif command == "cost":
        for _ in range(int(more[0])):
            before = time.process_time()
            tell(directory)
            print((time.process_time() - before) * 1000)


main()
