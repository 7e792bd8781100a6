"""Measures scrapes of containers; tests/bench/containers.sh builds what this needs and runs it.

The machine is a tree of files in memory: the system calls are those of a real one, what the kernel does to answer them
is not. The bare limit reads each file of that tree, and nothing else."""
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import container_tree
from program import Program

ROOT = pathlib.Path(__file__).resolve().parents[2]
AGENT = ROOT / "build/release/vedette"
BARE = ROOT / "build/release/tests/bench/bare_reads"
BATCHES = 5
WANTED_MS = 5


def bare(tree, rounds):
    files = [str(path) for path in sorted(tree.rglob("*")) if path.is_file() and path.name != "cgroup.procs"]
    out = subprocess.run([BARE, str(rounds)], input="\n".join(files) + "\n", capture_output=True, text=True,
                         check=True).stdout.split()
    if int(out[0]) != len(files):
        sys.exit("the bare limit could not open all files: raise the limit of descriptors")
    return [float(ms) for ms in out[1:]]


def main():
    containers, scrapes = (int(arg) for arg in (sys.argv[1:] + ["50", "200"][len(sys.argv) - 1:]))
    memory = pathlib.Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        tree = pathlib.Path(folder)
        container_tree.make(tree, containers)
        config = tree / "vedette.yml"
        config.write_text("exporters: {container: {expected: [app-1, minio]}}\n")
        agent = Program("vedette", [AGENT, "run", f"--config.file={config}", *container_tree.arguments(tree)],
                        "/metrics/container")
        config.unlink()
        try:
            series = sum(not line.startswith("#") for line in agent.text.splitlines())
            if agent.text.count("container_last_seen{") != containers:
                sys.exit("not all containers are there")
            made = time.monotonic()
            while time.monotonic() < made + 2:  # what was written within the last second is read anew each time
                agent.scrape(10)
            batches = [agent.scrape(scrapes // BATCHES) for _ in range(BATCHES)]
            cpu, least = statistics.median(cpu for cpu, _ in batches), min(cpu for cpu, _ in batches)
            kept, paced, opened = bare(tree, scrapes)
            print(f"{containers} containers, {series} series")
            print(f"CPU per scrape            {cpu:7.3f} ms   (wanted: at most {WANTED_MS} for 50)")
            print(f"median latency            {statistics.median(sum((l for _, l in batches), [])):7.3f} ms")
            print(f"bare pread of the files   {kept:7.3f} ms   ratio {cpu / kept:.2f}")
            print(f"the same, with pauses     {paced:7.3f} ms   ratio {cpu / paced:.2f}")
            print(f"open, read, close of them {opened:7.3f} ms   ratio {cpu / opened:.2f}")
            print(f"anonymous memory          {agent.memory_mib()['Anonymous']:7.2f} MiB")
            if containers <= 50 and least > WANTED_MS:
                sys.exit("more than is wanted in every block")
        finally:
            agent.end()


main()
