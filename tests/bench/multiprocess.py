"""Measures merging of Python workers' files; tests/bench/multiprocess.sh builds what this needs and runs it.

Agent, client and bare reading take turns, block by block, on the same directories: one whose workers have each a bit of
everything, and one of a web application with many handlers, whose files are large. CPU time is what the kernel counted
for the process; the agent's is that of whole scrapes over HTTP, the client's that of collecting and writing the text."""
import pathlib
import statistics
import subprocess
import sys
import tempfile

from program import Program

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKERS = ROOT / "tests/platform/workers.py"
FULL = "--full" in sys.argv[1:]
BLOCKS, SCRAPES, TELLINGS = (8, 50, 4) if FULL else (3, 20, 2)
DIRECTORIES = (("a bit of everything", "make", 77), ("many handlers", "make-web", 250))
LIMIT = 2


def output(*argv):
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=True).stdout


def measure(python, agent, directory):
    """CPU milliseconds of agent, client and bare reading in each block."""
    blocks = []
    for _ in range(BLOCKS):
        scrape, _ = agent.scrape(SCRAPES)
        told = [float(line) for line in output(python, WORKERS, "cost", directory, TELLINGS + 1).split()]
        bare = float(output(ROOT / "build/release/tests/bench/bare_workers", directory, SCRAPES))
        blocks.append((scrape, statistics.mean(told[1:]), bare))  # the first one also warms Python up
    return blocks


def report(name, directory, agent, blocks):
    files = list(directory.glob("*.db"))
    used = sum(int.from_bytes(file.read_bytes()[:4], sys.byteorder) for file in files)
    ours, theirs, bare = (statistics.median(column) for column in zip(*blocks))
    print(f"{name}: {len(files)} files, {used / 1e6:.1f} MB in use, {agent.text.count(chr(10))} lines told")
    print(f"  vedette, a scrape over HTTP            {ours:8.2f} ms CPU")
    print(f"  prometheus_client's collector          {theirs:8.2f} ms CPU   {theirs / ours:5.1f} times vedette's")
    print(f"  bare open, read, close of the files    {bare:8.2f} ms CPU   vedette has {ours / bare:.2f} times that, "
          f"wanted at most {LIMIT}")
    print(f"  resident memory of vedette             {agent.memory_mib()['Rss']:8.1f} MiB")
    return min(scrape / limit for scrape, _, limit in blocks) <= LIMIT


def main():
    venv = subprocess.run([str(ROOT / "tests/venv.sh")], capture_output=True, text=True, check=False)
    if venv.returncode:
        print(f"not measured: prometheus_client cannot be installed: {venv.stderr.strip()[-200:]}")
        return
    python, good = venv.stdout.strip(), True
    with tempfile.TemporaryDirectory() as folder:
        for name, how, workers in DIRECTORIES:
            directory = pathlib.Path(folder) / how
            directory.mkdir()
            output(python, WORKERS, how, directory, workers)
            config = pathlib.Path(folder) / f"{how}.yml"
            config.write_text(f"exporters: {{multiprocess: [{{name: app, directory: {directory}}}]}}\n")
            agent = Program("vedette", [ROOT / "build/release/vedette", "run", f"--config.file={config}"],
                            "/metrics/multiprocess/app")
            try:
                good &= report(name, directory, agent, measure(python, agent, directory))
            finally:
                agent.end()
    sys.exit(0 if good else "more than wanted in every block")


main()
