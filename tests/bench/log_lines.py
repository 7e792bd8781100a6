"""Logs as programs write them, the same at each run: what the benchmark of logs ships."""
import json
import random

SOME = 4 << 20  # then they repeat, which is further back than snappy looks


def access_line(r, n):
    """JSON of a proxy: 203 bytes with its newline, on average."""
    return json.dumps({"level": r.choices(("info", "error", "warn"), (96, 2, 2))[0], "ts": 1795397723 + n / 1000,
                       "method": r.choice(("GET", "GET", "GET", "POST", "DELETE")),
                       "uri": f"/api/v1/documents/{r.randrange(10 ** 6)}/pages/{r.randrange(400)}",
                       "remote_ip": f"10.{r.randrange(256)}.{r.randrange(256)}.{r.randrange(256)}",
                       "status": r.choice((200, 200, 200, 201, 204, 404, 500)), "size": r.randrange(100000),
                       "duration": round(r.random(), 7), "request_id": f"{r.getrandbits(64):016x}"},
                      separators=(",", ":")) + "\n"


def traceback(r, n):
    """What a Python program logs: one in five requests fails, with all its frames."""
    head = f"2026-11-23 10:{n // 6000 % 60:02d}:{n // 100 % 60:02d},{n % 100:02d}0 "
    path = f"/api/documents/{r.randrange(10 ** 6)}"
    if n % 5:
        return f'{head}INFO 10.0.0.{r.randrange(256)} "GET {path} HTTP/1.1" 200 {r.randrange(100000)}\n'
    frames = "".join(f'  File "/srv/app/{module}.py", line {r.randrange(900)}, in {module}_{r.randrange(50)}\n'
                     f"    result = await {module}.execute(statement, arguments)\n"
                     for module in r.choices(("api", "service", "repository", "session", "pool", "engine"), k=6))
    return (f'{head}ERROR 10.0.0.{r.randrange(256)} "GET {path} HTTP/1.1" 500 {r.randrange(1000)}\n'
            f"Traceback (most recent call last):\n{frames}"
            f"sqlalchemy.exc.TimeoutError: QueuePool limit of size {r.randrange(20)} reached\n")


def write(path, entry, size):
    """Fills the file with entries up to about that size. How many there are, and their bytes."""
    r, some, n = random.Random(1), [], 0
    while n < SOME:
        some.append(entry(r, len(some)))
        n += len(some[-1])
    block = "".join(some).encode()
    times = max(1, round(size / len(block)))
    with open(path, "wb") as f:
        for _ in range(times):
            f.write(block)
    return len(some) * times, len(block) * times
