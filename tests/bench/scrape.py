"""Measures scrapes; tests/bench/scrape.sh builds what this needs and runs it.

Both programs are scraped in turns (the agent for its host, as /sd tells Prometheus) over a kept connection, text
0.0.4, identity encoding; node_exporter runs with the collectors that the agent has. The bare limit reads each file
that one scrape of the agent reads, and nothing else."""
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from program import Program

ROOT = pathlib.Path(__file__).resolve().parents[2]
AGENT = ROOT / "build/release/vedette"
PEER = ROOT / "build/peers/root/usr/bin/prometheus-node-exporter"
BARE = ROOT / "build/release/tests/bench/bare_reads"


def collectors(program):
    return set(re.findall(r'^node_scrape_collector_success{collector="(\w+)"} 1$', program.text, re.M))


def files_of_a_scrape(agent):
    """Every file of /proc and /sys that the agent reads in one scrape, seen by strace."""
    with tempfile.NamedTemporaryFile("r") as log:
        tracer = subprocess.Popen(["strace", "-f", "-y", "-qq", "-e", "trace=read,pread64", "-o", log.name,
                                   "-p", str(agent.process.pid)], stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while not log.read():
                if tracer.poll() is not None or time.monotonic() > deadline:
                    return None
                agent.get()
            time.sleep(0.2)
            agent.get()
        finally:
            tracer.terminate()
            tracer.wait()
        log.seek(0)
        return sorted(set(re.findall(r"\b(?:read|pread64)\(\d+<(/(?:proc|sys)/[^>]+)>", log.read())))


def bare(agent, rounds):
    files = files_of_a_scrape(agent)
    if not files:
        return None
    out = subprocess.run([BARE, str(rounds)], input="\n".join(files) + "\n", capture_output=True, text=True,
                         check=True).stdout.split()
    return int(out[0]), *map(float, out[1:])


def row(what, ours, theirs, want="", digits=2):
    ratio = f"{ours / theirs:.3f}" if theirs else ""
    theirs = f"{theirs:.{digits}f}" if theirs is not None else ""
    print(f"{what:<42} {ours:>10.{digits}f} {theirs:>14} {ratio:>8}  {want}")


def compare(agent, peer, batches, per_batch):
    for _ in range(batches):
        for program in (agent, peer):
            cpu, latencies = program.scrape(per_batch)
            program.cpu.append(cpu)
            program.latencies += latencies
    print(f"\n{'':<42} {'vedette':>10} {'node_exporter':>14} {'ratio':>8}  wanted")
    cpu = statistics.mean(agent.cpu)
    row("CPU per scrape, ms", cpu, statistics.mean(peer.cpu), "at most 0.125", 3)
    row("median latency, ms", statistics.median(agent.latencies), statistics.median(peer.latencies), "at most 0.25", 3)
    row("bytes", len(agent.text), len(peer.text), "", 0)
    ours, theirs = agent.memory_mib(), peer.memory_mib()
    row("anonymous memory, MiB", ours["Anonymous"], theirs["Anonymous"], "ours at most 4")
    row("resident memory, MiB", ours["Rss"], theirs["Rss"], "ours at most 16")
    zipped = [program.scrape(per_batch, gzip=True) for program in (agent, peer)]
    row("CPU per scrape with gzip, ms", zipped[0][0], zipped[1][0], "", 3)
    row("median latency with gzip, ms", *(statistics.median(z[1]) for z in zipped), "", 3)
    return cpu


def main():
    full = "--full" in sys.argv[1:]
    batches, per_batch = (10, 100) if full else (2, 20)
    programs = []
    try:
        agent = Program("vedette", [AGENT, "run"], "/metrics/host")
        programs.append(agent)
        probe = Program("node_exporter", [PEER])
        both = collectors(agent) & collectors(probe)
        probe.end()
        peer = Program("node_exporter", [PEER, "--web.disable-exporter-metrics", "--collector.disable-defaults",
                                         *(f"--collector.{name}" for name in sorted(both))])
        programs.append(peer)
        print(f"{len(both)} collectors in both: {' '.join(sorted(both))}")
        print(f"only the agent's: {' '.join(sorted(collectors(agent) - both)) or '-'}")
        first = agent.scrape(100 - batches if full else 10)[0]
        cpu = compare(agent, peer, batches, per_batch)
        limit = bare(agent, 1000 if full else 50)
        if limit:
            row(f"bare pread of the same {limit[0]} files, ms", cpu, limit[1], "at most 2", 3)
            row("the same, 1 ms of sleep between rounds, ms", cpu, limit[2], "at most 2", 3)
            row("bare open, read, close of them, ms", cpu, limit[3], "", 3)
        else:
            print("no bare limit: strace may not attach here")
        if full:
            before = agent.memory_mib()
            agent.scrape(10000 - 2 * batches * per_batch)
            after = agent.memory_mib()
            print(f"growth to the 10,000th scrape: {(after['Rss'] - before['Rss']) * 1024:.0f} KiB resident, "
                  f"{(after['Anonymous'] - before['Anonymous']) * 1024:.0f} KiB anonymous")
        del first
    finally:
        for program in programs:
            program.end()


main()
