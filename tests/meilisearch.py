"""A Meilisearch for tests: the real one that $MEILISEARCH_BIN names, and a stand-in for it.

The stand-in answers with what a real server of version 1.50 was recorded to answer (tests/captures/meilisearch), or with
the same changed as little as the state asks for; it checks keys, paths and parameters, and knows the few writing requests
that tests need. test_meilisearch.py compares it with the recordings. Both are driven through the same HTTP interface."""
import collections
import datetime
import http.server
import json
import os
import re
import threading
import urllib.parse

import pytest

import support

CAPTURES = support.ROOT / "tests/captures/meilisearch"
MASTER = "the-master-key-of-tests"
BINARY = os.environ.get("MEILISEARCH_BIN")
TASK_PARAMETERS = {"limit", "from", "reverse", "statuses", "types", "indexUids", "uids"}


class Capture:
    def __init__(self, name):
        head = (CAPTURES / f"{name}.head").read_text().split("\n\n")[0].splitlines()
        self.status = int(head[0].split(" ")[1])
        self.headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = CAPTURES / f"{name}.body"
        self.body = body.read_bytes() if body.exists() and self.headers["content-length"] != "0" else b""

    def json(self, **changes):
        return {**json.loads(self.body), **changes}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body in one segment

    def log_message(self, *_args):
        pass

    def handle_any(self):
        self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, dict(self.headers), self.content))
        if self.server.fault:
            self.close_connection = True
            self.server.fault(self)
        else:
            self.server.reply(self)

    do_GET = do_POST = do_PATCH = do_DELETE = do_HEAD = do_PUT = handle_any  # noqa: N815

    def send(self, capture, body=None):
        """The capture's status and headers, with another body where there is one."""
        if isinstance(body, dict):
            body = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        elif body is None:
            body = capture.body
        self.send_response_only(capture.status)
        for name, value in capture.headers.items():
            if name != "content-length":
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")


class StandIn(http.server.ThreadingHTTPServer):
    """As recorded, it holds the index `movies` with 2000 documents and `logs` with none; `empty`: nothing at all."""

    kind = "a stand-in that replays a recorded 1.50.0"
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, empty=True, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.lock = threading.Lock()
        self.master = MASTER
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.port = self.server_address[1]
        self.keys = {}
        self.recorded = not empty
        self.tasks = [] if empty else json.loads(Capture("tasks").body)["results"]
        self.indexes = {} if empty else {"movies": None, "logs": []}  # None: the 2000 that were recorded
        self.metrics_on = True
        self.unmatched = collections.Counter()  # (method, raw path)
        self.batch = 4
        self.seen, self.fault = [], None
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def handle_error(self, *_args):
        pass  # a client that went away

    def end(self):
        self.shutdown()
        self.server_close()
        self.thread.join()

    def allowed(self, handler, action):
        given = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        if not given:
            handler.send(Capture("err-401-noauth"))
        elif given != self.master and action not in self.keys.get(given, ()):
            handler.send(Capture("err-403-badkey"))
        else:
            return True
        return False

    def reply(self, handler):
        url = urllib.parse.urlsplit(handler.path)
        for method, pattern, action, answer in ROUTES:
            match = re.fullmatch(pattern, url.path)
            if not match or (method != handler.command and (method, handler.command) != ("GET", "HEAD")):
                continue
            if handler.command == "HEAD":
                handler.send(Capture("stats-head"))
            elif not action or self.allowed(handler, action):
                with self.lock:
                    answer(self, handler, dict(urllib.parse.parse_qsl(url.query)), *match.groups())
            return
        with self.lock:
            self.unmatched[handler.command, url.path] += 1
        handler.send(Capture("err-404-route"))

    def enqueue(self, handler, kind, index, **end):
        """A task that is done at once."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        task = {**Capture("task0").json(), "uid": len(self.tasks), "batchUid": len(self.tasks), "indexUid": index,
                "type": kind, "enqueuedAt": now, "startedAt": now, "finishedAt": now, **end}
        self.tasks.insert(0, task)
        self.batch += 1
        handler.send(Capture("docs-add"), Capture("docs-add").json(taskUid=task["uid"], indexUid=index, type=kind))

    # what each route answers

    def health(self, handler, _query):
        handler.send(Capture("health"))

    def version(self, handler, _query):
        handler.send(Capture("version"))

    def stats(self, handler, _query):
        capture = Capture("stats" if self.recorded else "stats-empty")
        known = Capture("stats").json()["indexes"]
        indexes = {uid: known["movies"] if documents is None else {**known["logs"], "numberOfDocuments": len(documents)}
                   for uid, documents in sorted(self.indexes.items())}
        handler.send(capture, capture.json(indexes=indexes))

    def list_tasks(self, handler, query):
        assert query.keys() <= TASK_PARAMETERS, query  # the real one answers 400
        wanted = query.get("statuses", "").split(",") if "statuses" in query else None
        found = [t for t in self.tasks if not wanted or t["status"] in wanted]
        total = len(found)
        found = found[::-1] if query.get("reverse") == "true" else found
        limit = int(query.get("limit", 20))
        handler.send(Capture("tasks"), {"results": found[:limit], "total": total, "limit": limit,
                                        "from": found[0]["uid"] if found and limit else None,
                                        "next": found[limit]["uid"] if len(found) > limit else None})

    def one_task(self, handler, _query, uid):
        for task in self.tasks:
            if task["uid"] == int(uid):
                return handler.send(Capture("task0"), task)
        return handler.send(Capture("err-404-task"), Capture("err-404-task").json(message=f"Task `{uid}` not found."))

    def search(self, handler, _query, index):
        if handler.headers.get("Content-Type") != "application/json":
            return handler.send(Capture("err-415"))
        try:
            asked = json.loads(handler.content)
        except ValueError:
            return handler.send(Capture("err-400-json"))
        if index not in self.indexes:
            return handler.send(*missing("err-404-search", index))
        if "rating" in asked.get("filter", ""):
            return handler.send(Capture("err-400-filter"))
        limit, word, documents = asked.get("limit", 20), asked.get("q", ""), self.indexes[index]
        if documents is None:
            capture = Capture({"star wars": "search-hits"}.get(word, "search-zero"))
            reply = capture.json(query=word, limit=limit)
            reply["hits"] = reply["hits"][:limit]
        else:
            capture = Capture("search-zero")
            found = [d for d in documents if word.lower() in json.dumps(d, ensure_ascii=False).lower()]
            reply = capture.json(query=word, limit=limit, estimatedTotalHits=len(found), hits=found[:limit])
        if asked.get("attributesToRetrieve") == []:
            reply["hits"] = [{} for _ in reply["hits"]]
        return handler.send(capture, reply)

    def add_documents(self, handler, _query, index):
        documents = self.indexes.setdefault(index, [])
        bad = [d["id"] for d in json.loads(handler.content) if not re.fullmatch(r"[a-zA-Z0-9_-]+", str(d["id"]))]
        if bad:
            failed = Capture("tasks-failed").json()["results"][0]
            error = {**failed["error"], "message": failed["error"]["message"].replace("bad id with spaces!", bad[0])}
            return self.enqueue(handler, "documentAdditionOrUpdate", index, status="failed", error=error)
        documents.extend(json.loads(handler.content))
        return self.enqueue(handler, "documentAdditionOrUpdate", index)

    def delete_documents(self, handler, _query, index):
        self.indexes[index] = []
        self.enqueue(handler, "documentDeletion", index)

    def delete_index(self, handler, _query, index):
        self.indexes.pop(index, None)
        self.enqueue(handler, "indexDeletion", index)

    def rename_index(self, handler, _query, index):
        self.indexes[json.loads(handler.content)["uid"]] = self.indexes.pop(index)
        self.enqueue(handler, "indexUpdate", index)

    def add_key(self, handler, _query):
        asked = json.loads(handler.content)
        key = f"key-{len(self.keys)}-{'0' * 32}"
        self.keys[key] = set(asked["actions"])
        created = Capture("health")
        created.status = 201
        handler.send(created, {**asked, "key": key})

    def delete_key(self, handler, _query, key):
        del self.keys[key]
        deleted = Capture("err-404-route")
        deleted.status = 204
        handler.send(deleted)

    def features(self, handler, _query):
        self.metrics_on = json.loads(handler.content)["metrics"]
        handler.send(Capture("exp-metrics-on" if self.metrics_on else "exp-metrics-off"))

    def metrics(self, handler, _query):
        if not self.metrics_on:
            return handler.send(Capture("metrics-disabled"))
        capture = Capture("metrics" if self.recorded else "metrics-empty")
        text = Capture("metrics").body.decode() if self.batch > 4 else capture.body.decode()
        text = text.replace('batch_uid="4"', f'batch_uid="{self.batch}"')
        extra = "".join(f'meilisearch_http_requests_total{{method="{method}",path="{path}",status="404"}} {n}\n'
                        for (method, path), n in self.unmatched.items() if path != "/nope")
        line = re.search(r"^meilisearch_http_requests_total.*\n", text, re.M)
        return handler.send(capture, (text[:line.end()] + extra + text[line.end():]).encode())


def missing(name, index):
    return Capture(name), Capture(name).json(message=f"Index `{index}` not found.")


INDEX = r"/indexes/([A-Za-z0-9_-]+)"
# method, path, the right that it needs, answer
ROUTES = [
    ("GET", "/health", None, StandIn.health),
    ("GET", "/version", "version", StandIn.version),
    ("GET", "/stats", "stats.get", StandIn.stats),
    ("GET", "/tasks", "tasks.get", StandIn.list_tasks),
    ("GET", r"/tasks/(\d+)", "tasks.get", StandIn.one_task),
    ("GET", "/metrics", "metrics.get", StandIn.metrics),
    ("PATCH", "/experimental-features", "experimental.update", StandIn.features),
    ("POST", INDEX + "/search", "search", StandIn.search),
    ("POST", INDEX + "/documents", "documents.add", StandIn.add_documents),
    ("DELETE", INDEX + "/documents", "documents.delete", StandIn.delete_documents),
    ("DELETE", INDEX, "indexes.delete", StandIn.delete_index),
    ("PATCH", INDEX, "indexes.update", StandIn.rename_index),
    ("POST", "/keys", "keys.create", StandIn.add_key),
    ("DELETE", r"/keys/(\S+)", "keys.delete", StandIn.delete_key),
]


class Real:
    """The server that $MEILISEARCH_BIN names, with an empty database."""

    kind = f"the real server {BINARY}"
    master = MASTER

    def __init__(self, directory):
        self.directory, self.port = directory, support.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.daemon = None
        self.start()

    def start(self):
        self.daemon = support.Daemon(
            [BINARY, "--http-addr", f"127.0.0.1:{self.port}", "--db-path", self.directory / "db", "--master-key", MASTER,
             "--no-analytics", "--experimental-enable-metrics"], self.directory, self.port, "/health")

    def end(self):
        self.daemon.end()


class Driver:
    """Does what an application does, to either of the two; each change is done when the call returns."""

    def __init__(self, server):
        self.server, self.url, self.kind, self.key = server, server.url, server.kind, None

    def call(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.server.master}"}
        if body is not None:
            headers["Content-Type"], body = "application/json", json.dumps(body)
        response = support.request(self.server.port, path, method, headers, body=body)
        return response.status, json.loads(response.body) if response.body else None

    def do(self, method, path, body=None):
        """Asks for a task and waits until it has ended; the task."""
        status, reply = self.call(method, path, body)
        assert status == 202, reply

        def ended():
            task = self.call("GET", f"/tasks/{reply['taskUid']}")[1]
            return task["status"] not in ("enqueued", "processing") and task

        return support.wait_until(ended, what=f"{method} {path}")

    def add(self, index, *documents):
        return self.do("POST", f"/indexes/{index}/documents", list(documents))

    def make_key(self, *actions):
        status, key = self.call("POST", "/keys", {"actions": actions, "indexes": ["*"], "expiresAt": None})
        assert status == 201, key
        return key["key"]


def pytest_terminal_summary(terminalreporter):
    reports = [r for group in terminalreporter.stats.values() for r in group if getattr(r, "when", "") == "call"]
    kinds = sorted({value for r in reports for name, value in r.user_properties if name == "meilisearch"})
    if kinds:
        terminalreporter.section("which Meilisearch the tests ran against")
        for kind in kinds:
            terminalreporter.write_line(kind)


@pytest.fixture
def stand_in():
    server = StandIn()
    yield server
    server.end()


@pytest.fixture(params=["stand-in", *(["real"] if BINARY else [])])
def search_engine(request, record_property, tmp_path):
    """Empty, with a key of its own for the agent."""
    server = Real(tmp_path) if request.param == "real" else StandIn()
    record_property("meilisearch", server.kind)
    driver = Driver(server)
    driver.key = driver.make_key("version", "stats.get", "tasks.get", "metrics.get", "search")
    yield driver
    server.end()
