"""Measures scrapes of PostgreSQL; tests/bench/postgres.sh builds what this needs and runs it.

Agent and exporters watch one server and are scraped in turns, block by block, each over a kept connection. CPU time is
what the kernel counted for the process. The server's is that of all its processes, the ended ones too. Sizes are asked
once a minute: what a scrape with them costs is seen after each end of the agent's connection. A figure that is wanted
is missed only where every single block missed it: other work on the machine makes some blocks worse."""
import os
import pathlib
import re
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ["VEDETTE"] = str(HERE.parents[1] / "build/release/vedette")

import postgres as pg  # noqa: E402
from program import Program, process_cpu_ms  # noqa: E402
from support import VEDETTE  # noqa: E402

PEERS = HERE.parents[1] / "build/peers"
DEBIAN = PEERS / "root/usr/bin/prometheus-postgres-exporter"
QUERIES = PEERS / "root/usr/share/doc/prometheus-postgres-exporter/examples/queries.yaml"
TICK = os.sysconf("SC_CLK_TCK")
SETTINGS = "shared_preload_libraries = 'pg_stat_statements'\nshared_buffers = 64MB"
# what the agent collects by default and postgres_exporter when it is told to
SWITCHED_ON = ("database_wraparound", "long_running_transactions", "postmaster", "stat_checkpointer",
               "stat_statements", "stat_statements.include_query")
TABLES, MANY_TABLES = 500, 20000
FULL = "--full" in sys.argv[1:]

FEW = f"""
CREATE EXTENSION pg_stat_statements;
CREATE SCHEMA app;
DO $$ BEGIN FOR i IN 1..{TABLES} LOOP
  EXECUTE format('CREATE TABLE app.documents_%s (id int PRIMARY KEY, state text, body text)', i);
  EXECUTE format('INSERT INTO app.documents_%s SELECT n, ''new'', repeat(''x'', 100) FROM generate_series(1, 20) n', i);
  EXECUTE format('UPDATE app.documents_%s SET state = ''done'' WHERE id < 10', i);
  EXECUTE format('ANALYZE app.documents_%s', i);
END LOOP; END $$;
"""
# locks of one transaction are few, so it is many
MANY = f"""DO $$ BEGIN FOR i IN 1..{MANY_TABLES} LOOP
  EXECUTE format('CREATE TABLE documents_%s (id int)', i);
  IF i % 500 = 0 THEN COMMIT; END IF;
END LOOP; END $$"""


def fill(server):
    for database in ("app", "archive", "staging", "many"):
        server.sql(f"CREATE DATABASE {database}")
    server.sql(FEW, database="app")
    server.sql("CREATE ROLE exporter LOGIN PASSWORD 'simple'; GRANT pg_monitor TO exporter")
    server.sql("CHECKPOINT")


class Watcher(Program):
    """A program that is scraped, and what its scrapes cost the server."""

    def __init__(self, server, name, argv, path="/metrics", env=None):
        self.server, self.server_cpu = server, []
        super().__init__(name, argv, path, env)

    def measure(self, times):
        before = server_cpu_ms(self.server)
        cpu, latencies = self.scrape(times)
        self.server_cpu.append((server_cpu_ms(self.server) - before) / times)
        self.cpu.append(cpu)
        self.latencies += latencies

    def series(self):
        return sum(line.startswith(("pg_", "vedette_")) for line in self.get().splitlines())


def server_cpu_ms(server):
    """Of the postmaster and of its children, those that have ended included."""
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    total = sum(map(int, fields[11:15])) * 1e3 / TICK
    for pid in server.children():
        try:
            total += process_cpu_ms(pid)
        except OSError:
            pass
    return total


def start_agent(server, directory, database):
    config = directory / f"{database}.yml"
    config.write_text(pg.agent_config(server.config(database=database)))
    return Watcher(server, "vedette", [VEDETTE, "run", f"--config.file={config}"], "/metrics/postgres")


def start_exporter(server, name, argv, database):
    address = f"postgresql://exporter:simple@127.0.0.1:{server.port}/{database}?sslmode=disable"
    return Watcher(server, name, argv, env=dict(os.environ, DATA_SOURCE_NAME=address))


def start_peers(server, database):
    peers = [start_exporter(server, "0.11.1", [DEBIAN, f"--extend.query-path={QUERIES}"], database)]
    pinned = (HERE.parent / "peers/postgres_exporter/go.mod").read_text()
    version = re.search(r"/postgres_exporter v(\S+)", pinned)[1]
    today = PEERS / f"postgres_exporter-{version}"
    if today.exists():
        peers.append(start_exporter(server, version, [today, *(f"--collector.{c}" for c in SWITCHED_ON)], database))
    else:
        print(f"postgres_exporter {version} was not built, for which Go is needed: only Debian's to compare with")
    return peers


def row(what, programs, figure, want=""):
    values = [figure(program) for program in programs]
    cells = "".join(f"{v:>10.2f}" if isinstance(v, float) else f"{v:>10}" for v in values)
    ratios = " ".join(f"{values[0] / v:6.3f}" if v else "     -" for v in values[1:])
    print(f"{what:<36}{cells}   {ratios}  {want}")


def table(programs):
    series = {p: p.series() for p in programs}
    print(f"\n{'':<36}" + "".join(f"{p.name:>10}" for p in programs) + "   ratio to each, wanted")
    row("CPU per scrape, ms", programs, lambda p: statistics.median(p.cpu), "at most 0.25")
    row("series", programs, series.get)
    row("CPU per 1,000 series, ms", programs, lambda p: statistics.median(p.cpu) * 1000 / series[p])
    row("CPU per scrape with gzip, ms", programs, lambda p: p.scrape(100 if FULL else 6, gzip=True)[0])
    row("median latency, ms", programs, lambda p: statistics.median(p.latencies))
    row("the server's CPU per scrape, ms", programs, lambda p: statistics.median(p.server_cpu))
    row("resident memory, MiB", programs, lambda p: p.memory_mib()["Rss"])
    row("anonymous memory, MiB", programs, lambda p: p.memory_mib()["Anonymous"])
    row("the most it ever was, MiB", programs, Program.most_anonymous_mib)
    for p in programs:
        print(f"  {p.name}: CPU per scrape of each block {min(p.cpu):.2f} to {max(p.cpu):.2f} ms")


def compare(server, directory, programs):
    agent = start_agent(server, directory, "app")
    programs.append(agent)
    programs += start_peers(server, "app")
    for p in programs:
        p.scrape(3)
    for _ in range(20 if FULL else 4):
        for p in programs:
            p.measure(25 if FULL else 6)
    table(programs)
    anew(server, agent)
    faults = []
    for peer in programs[1:]:
        ratios = [ours / theirs for ours, theirs in zip(agent.cpu, peer.cpu)]
        if min(ratios) > 0.25:
            faults.append(f"CPU per scrape is {min(ratios):.3f} of {peer.name}'s at best")
    for p in programs:  # the agent's role may have three connections, and other agents are to come
        p.end()
    return faults


def anew(server, agent):
    """The dearest scrape there is: it logs in, and asks for the sizes too."""
    cpu, server_cpu = [], []
    for _ in range(40 if FULL else 6):
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vedette'")
        before = server_cpu_ms(server)
        cpu.append(agent.scrape(1)[0])
        server_cpu.append(server_cpu_ms(server) - before)
    print(f"  vedette, everything anew on a new connection: {statistics.median(cpu):.2f} ms, "
          f"the server {statistics.median(server_cpu):.0f} ms")


def many_tables(server, directory, programs):
    server.sql(MANY, database="many")
    agent = start_agent(server, directory, "many")
    programs.append(agent)
    for _ in range(10 if FULL else 3):
        agent.measure(5)
    memory = agent.most_anonymous_mib()
    print(f"\n{MANY_TABLES:,} tables: {statistics.median(agent.cpu):.2f} ms of the agent's CPU per scrape (at most "
          f"200), {statistics.median(agent.server_cpu):.0f} ms of the server's, {agent.series()} series,\n"
          f"  {memory:.2f} MiB of anonymous memory at most, in all (at most 8)")
    faults = []
    if min(agent.cpu) > 200:
        faults.append(f"{MANY_TABLES:,} tables take {min(agent.cpu):.0f} ms of CPU at best")
    if memory > 8:
        faults.append(f"{MANY_TABLES:,} tables take {memory:.1f} MiB")
    return faults


def whole(server, directory, programs):
    """Everything in one agent: the host, two databases, and the PgBouncer in front of them."""
    bouncer = pg.Pgbouncer(server)
    try:
        config = directory / "whole.yml"
        targets = [server.config(name=database, database=database) for database in ("app", "staging")]
        console = server.config(port=bouncer.port, database=None)
        config.write_text(pg.agent_config(*targets) + f"  pgbouncer:\n    - {console}\n")
        agent = Watcher(server, "vedette", [VEDETTE, "run", f"--config.file={config}"])
        programs.append(agent)
        rounds = 2000 if FULL else 40
        agent.scrape(20)
        before = agent.memory_mib()
        cpu, _ = agent.scrape(rounds)
        after = agent.memory_mib()
        growth = ", ".join(f"{(after[key] - before[key]) * 1024:+.0f} {key}" for key in after)
        print(f"\nhost, two databases and a PgBouncer: {cpu:.2f} ms of CPU per scrape, {after['Rss']:.2f} MiB "
              f"resident, {after['Anonymous']:.2f} MiB anonymous, {agent.threads()} threads\n"
              f"  growth over {rounds:,} scrapes, KiB: {growth}")
        agent.end()
    finally:
        bouncer.remove()


def main():
    server, programs = pg.Postgres(settings=SETTINGS), []
    try:
        fill(server)
        with tempfile.TemporaryDirectory() as directory:
            faults = compare(server, pathlib.Path(directory), programs)
            whole(server, pathlib.Path(directory), programs)
            faults += many_tables(server, pathlib.Path(directory), programs)
    finally:
        for program in programs:
            program.end()
        server.remove()
    for fault in faults:
        print(f"missed in every block: {fault}")
    sys.exit(1 if faults else 0)


main()
