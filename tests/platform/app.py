"""The document platform's API: FastAPI, a pool of 10 connections, documents, search and uploads, its own metrics.

POOL=asyncpg: callers wait for a connection, at most WAIT seconds; POOL=psycopg2: ThreadedConnectionPool, which raises
PoolError at once. The database is DATABASE_URL; the search engine MEILI_URL with MEILI_KEY; the store S3_URL with
S3_ACCESS_KEY, S3_SECRET_KEY and S3_BUCKET. Started as `python app.py PORT`."""
import asyncio
import concurrent.futures
import contextlib
import datetime
import hashlib
import hmac
import json
import os
import re
import sys
import time
import urllib.parse
import urllib.request

import asyncpg
import fastapi
import prometheus_client
import psycopg2
import psycopg2.pool
import uvicorn

SIZE = 10
URL = os.environ["DATABASE_URL"]
WAIT = float(os.environ.get("WAIT", "600"))

ACTIVE = prometheus_client.Gauge("active_database_connections", "Connections that are checked out of the pool.")
MAXIMUM = prometheus_client.Gauge("max_database_connections", "Size of the pool.")
WAITING = prometheus_client.Gauge("waiting_database_clients", "Requests that wait for a connection.")
TIMEOUTS = prometheus_client.Counter("database_pool_timeouts", "Requests that got no connection.")
DURATION = prometheus_client.Histogram("http_request_duration_seconds", "Time until a request was answered.",
                                       ["method", "route", "status"])


class AsyncpgPool:
    """Its callers wait in line."""

    async def open(self):
        self.pool = await asyncpg.create_pool(URL, min_size=1, max_size=SIZE,
                                              server_settings={"application_name": "fastapi-app"})
        ACTIVE.set_function(lambda: self.pool.get_size() - self.pool.get_idle_size())

    async def close(self):
        self.pool.terminate()

    @contextlib.asynccontextmanager
    async def connection(self):
        try:
            with WAITING.track_inprogress():
                connection = await self.pool.acquire(timeout=WAIT)
        except asyncio.TimeoutError as error:
            raise LookupError("no connection in time") from error
        try:
            yield connection
        finally:
            await self.pool.release(connection)

    async def sleep(self, seconds):
        async with self.connection() as connection:
            with contextlib.suppress(asyncpg.QueryCanceledError):
                await connection.execute("SELECT pg_sleep($1)", seconds)

    async def query(self, statement, *values):
        async with self.connection() as connection:
            return [dict(row) for row in await connection.fetch(statement, *values)]


class Psycopg2Pool:
    """Knows no line: who finds it empty gets PoolError. Nobody waits, so there is nothing to say of waiting."""

    async def open(self):
        prometheus_client.REGISTRY.unregister(WAITING)
        self.pool = psycopg2.pool.ThreadedConnectionPool(1, SIZE, URL, application_name="fastapi-app")
        ACTIVE.set_function(lambda: len(self.pool._used))

    async def close(self):
        self.pool.closeall()

    def get(self):
        try:
            return self.pool.getconn()
        except psycopg2.pool.PoolError as error:
            print(f"psycopg2.pool.PoolError: {error}", file=sys.stderr, flush=True)
            raise LookupError(str(error)) from error

    def sleep_blocking(self, seconds):
        connection = self.get()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(%s)", (seconds,))
        except psycopg2.extensions.QueryCanceledError:
            pass
        finally:
            self.pool.putconn(connection)

    async def sleep(self, seconds):
        await asyncio.to_thread(self.sleep_blocking, seconds)

    def query_blocking(self, statement, values):
        connection = self.get()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(re.sub(r"\$\d", "%s", statement), values)
                return [dict(zip((c.name for c in cursor.description), row)) for row in cursor.fetchall()]
        finally:
            self.pool.putconn(connection)

    async def query(self, statement, *values):
        return await asyncio.to_thread(self.query_blocking, statement, values)


POOL = {"asyncpg": AsyncpgPool, "psycopg2": Psycopg2Pool}[os.environ["POOL"]]()


@contextlib.asynccontextmanager
async def lifespan(_app):
    asyncio.get_running_loop().set_default_executor(concurrent.futures.ThreadPoolExecutor(40))
    await POOL.open()
    MAXIMUM.set(SIZE)
    yield
    await POOL.close()


app = fastapi.FastAPI(lifespan=lifespan)
app.mount("/metrics", prometheus_client.make_asgi_app())


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.middleware("http")
async def measure(request, call_next):
    start = time.perf_counter()
    response = await call_next(request)
    route = request.scope.get("route")
    DURATION.labels(request.method, getattr(route, "path", "other"), response.status_code).observe(
        time.perf_counter() - start)
    return response


@app.exception_handler(LookupError)
async def no_connection(_request, error):
    TIMEOUTS.inc()
    return fastapi.responses.JSONResponse({"detail": str(error)}, 503)


@app.get("/slow")
async def slow(seconds: float):
    await POOL.sleep(seconds)
    return {"slept": seconds}


def engine(path, body):
    """What the search engine answers."""
    request = urllib.request.Request(os.environ["MEILI_URL"] + path, json.dumps(body).encode(), headers={
        "Content-Type": "application/json", "Authorization": f"Bearer {os.environ['MEILI_KEY']}"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


@app.post("/documents", status_code=201)
async def create(title: str):
    rows = await POOL.query("INSERT INTO documents (status, size_bytes, created_at, updated_at, metadata) "
                            "VALUES ('active', $1, now(), now(), jsonb_build_object('title', $2::text)) RETURNING id",
                            len(title), title)
    await asyncio.to_thread(engine, "/indexes/documents/documents", [{"id": rows[0]["id"], "title": title}])
    return rows[0]


@app.get("/documents/{number}")
async def read(number: int):
    rows = await POOL.query("SELECT id, status, metadata->>'title' AS title FROM documents WHERE id = $1", number)
    if not rows:
        raise fastapi.HTTPException(404, "no such document")
    return rows[0]


@app.get("/search")
async def search(q: str):
    return await asyncio.to_thread(engine, "/indexes/documents/search", {"q": q, "limit": 20})


def sign(key, *words):
    for word in words:
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    return key


def put_object(name, body):
    """One signed PUT, as any S3 store takes it."""
    url = f"{os.environ['S3_URL']}/{os.environ['S3_BUCKET']}/{urllib.parse.quote(name)}"
    host, path = urllib.parse.urlsplit(url)[1:3]
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    digest, scope = hashlib.sha256(body).hexdigest(), f"{now[:8]}/us-east-1/s3/aws4_request"
    names = "host;x-amz-content-sha256;x-amz-date"
    canonical = f"PUT\n{path}\n\nhost:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{now}\n\n{names}\n{digest}"
    key = sign(f"AWS4{os.environ['S3_SECRET_KEY']}".encode(), now[:8], "us-east-1", "s3", "aws4_request",
               f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}")
    request = urllib.request.Request(url, body, method="PUT", headers={
        "x-amz-date": now, "x-amz-content-sha256": digest, "Content-Type": "application/octet-stream",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={os.environ['S3_ACCESS_KEY']}/{scope}, SignedHeaders={names}, "
                         f"Signature={key.hex()}"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return reply.status


@app.put("/upload/{name}", status_code=201)
async def upload(name: str, request: fastapi.Request):
    await asyncio.to_thread(put_object, name, await request.body())
    return {"name": name}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
