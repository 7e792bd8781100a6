"""The document platform's API, as far as its connection pool goes: FastAPI, a pool of 10, the platform's own gauges.

POOL=asyncpg: callers wait for a connection, at most WAIT seconds; POOL=psycopg2: ThreadedConnectionPool, which raises
PoolError at once. The database is DATABASE_URL. Started as `python app.py PORT`."""
import asyncio
import concurrent.futures
import contextlib
import os
import sys

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


class AsyncpgPool:
    """Its callers wait in line."""

    async def open(self):
        self.pool = await asyncpg.create_pool(URL, min_size=1, max_size=SIZE,
                                              server_settings={"application_name": "fastapi-app"})
        ACTIVE.set_function(lambda: self.pool.get_size() - self.pool.get_idle_size())

    async def close(self):
        self.pool.terminate()

    async def sleep(self, seconds):
        try:
            with WAITING.track_inprogress():
                connection = await self.pool.acquire(timeout=WAIT)
        except asyncio.TimeoutError as error:
            raise LookupError("no connection in time") from error
        try:
            await connection.execute("SELECT pg_sleep($1)", seconds)
        except asyncpg.QueryCanceledError:
            pass
        finally:
            await self.pool.release(connection)


class Psycopg2Pool:
    """Knows no line: who finds it empty gets PoolError. Nobody waits, so there is nothing to say of waiting."""

    async def open(self):
        prometheus_client.REGISTRY.unregister(WAITING)
        self.pool = psycopg2.pool.ThreadedConnectionPool(1, SIZE, URL, application_name="fastapi-app")
        ACTIVE.set_function(lambda: len(self.pool._used))

    async def close(self):
        self.pool.closeall()

    def sleep_blocking(self, seconds):
        try:
            connection = self.pool.getconn()
        except psycopg2.pool.PoolError as error:
            print(f"psycopg2.pool.PoolError: {error}", file=sys.stderr, flush=True)
            raise LookupError(str(error)) from error
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(%s)", (seconds,))
        except psycopg2.extensions.QueryCanceledError:
            pass
        finally:
            self.pool.putconn(connection)

    async def sleep(self, seconds):
        await asyncio.to_thread(self.sleep_blocking, seconds)


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


@app.get("/slow")
async def slow(seconds: float):
    try:
        await POOL.sleep(seconds)
    except LookupError as error:
        TIMEOUTS.inc()
        raise fastapi.HTTPException(503, str(error)) from error
    return {"slept": seconds}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
