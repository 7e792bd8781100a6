"""What the tests of the running program share: starting it, asking it, reading expositions.

The program under test is $VEDETTE, build/debug/vedette without. Nothing here waits for time, only for conditions.
"""
import gzip
import http.client
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
VEDETTE = pathlib.Path(os.environ.get("VEDETTE") or ROOT / "build/debug/vedette").resolve()
SANITIZED = os.environ.get("VEDETTE_PRESET") in ("asan", "tsan")


def wait_until(condition, timeout=20, what="the condition"):
    """The condition's first true value; a failure after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what}: not within {timeout} s"
        time.sleep(0.01)


def free_port():
    """Below those that outgoing connections are given, one of which might take it before a program listens there."""
    while True:
        port = random.SystemRandom().randrange(20000, 32768)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Response:
    def __init__(self, raw, seconds):
        self.status, self.headers, self.seconds = raw.status, raw.headers, seconds
        self.raw = raw.read()
        zipped = raw.headers.get("Content-Encoding") == "gzip"
        self.body = (gzip.decompress(self.raw) if zipped else self.raw).decode("utf-8", "replace")


def request(port, path, method="GET", headers=None, timeout=30, body=None):
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    start = time.monotonic()
    try:
        connection.request(method, path, body=body, headers=headers or {})
        raw = connection.getresponse()
        return Response(raw, time.monotonic() - start)
    finally:
        connection.close()


def answers(port, path):
    try:
        return request(port, path, timeout=5).status == 200
    except (OSError, http.client.HTTPException):
        return False


class Agent:
    """A running agent. Its log is checked when it ends: what is a warning or an error must have been expected."""

    def __init__(self, directory, config="", args=(), wrapper=(), port=None, timeout=20, ready=None,
                 stdin=subprocess.DEVNULL):
        """ready(agent): whether it serves, where plain HTTP on a port does not tell."""
        self.directory, self.port = directory, port or free_port()
        self.config, self.log = directory / "vedette.yml", directory / "vedette.log"
        if config is not None:
            self.config.write_text(config)
        self.expected = []
        self.ended = False
        command = [str(VEDETTE), "run", *([] if config is None else [f"--config.file={self.config}"]),
                   f"--web.listen-address=127.0.0.1:{self.port}", *map(str, args)]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([*map(str, wrapper), *command], stdin=stdin,
                                            stdout=log, stderr=log, cwd=directory)
        self.pid = self.process.pid
        ready = ready or (lambda agent: answers(agent.port, "/-/ready"))
        wait_until(lambda: self.alive() and ready(self), timeout, "the agent serves")

    def alive(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log.read_text()}"
        return True

    def get(self, path="/metrics", **kwargs):
        return request(self.port, path, **kwargs)

    def metrics(self, path="/metrics", **kwargs):
        return Exposition(self.get(path, **kwargs).body)

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def descriptors(self):
        """All but the kernel's files, which are kept open: how many depends on the machine's devices and processes."""
        return sum(not link.startswith(("/proc/", "/sys/")) for link in map(self.link, os.listdir(f"/proc/{self.pid}/fd")))

    def link(self, number):
        try:
            return os.readlink(f"/proc/{self.pid}/fd/{number}")
        except FileNotFoundError:
            return "/proc/closed"

    def send(self, number):
        os.kill(self.pid, number)

    def holds(self, path):
        """Whether it has the file open: whatever happens to its name then cannot take it away."""
        folder = f"/proc/{self.pid}/fd"
        for number in os.listdir(folder):
            try:
                if os.path.samefile(f"{folder}/{number}", path):
                    return True
            except FileNotFoundError:
                continue
        return False

    def expect_log(self, pattern):
        """A line that matches does not fail the test."""
        self.expected.append(re.compile(pattern))

    def log_lines(self):
        return self.log.read_text(errors="replace").splitlines()

    def stop(self, within=10, number=signal.SIGTERM):
        """Ends it by a signal; the seconds that it took. Exit code 0 and a clean log are checked."""
        start = time.monotonic()
        self.ended = True
        self.send(number)
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end within {within} s of signal {number}") from None
        seconds = time.monotonic() - start
        assert code == 0, f"exit code {code}:\n{self.log.read_text()}"
        bad = [line for line in self.log_lines()
               if not re.search(r"level=(debug|info)\b", line) and not any(p.search(line) for p in self.expected)]
        assert not bad, "unexpected lines in the log:\n" + "\n".join(bad)
        return seconds

    def kill(self):
        self.ended = True
        self.process.kill()
        self.process.wait()


LINE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)')
PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def unescape(text):
    return re.sub(r'\\[\\"n]', lambda m: ESCAPES[m[0]], text)


class Exposition:
    """A text in 0.0.4 or OpenMetrics: types by family name, values by (name, labels)."""

    def __init__(self, text):
        self.text, self.types, self.samples = text, {}, {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name not in self.types, f"{name} has two TYPE lines"
                self.types[name] = kind
            elif line and not line.startswith("#"):
                self.add(line)

    def add(self, line):
        match = LINE.fullmatch(line)
        assert match, f"no sample: {line!r}"
        name, labels, value = match.groups()
        pairs = PAIR.findall(labels or "")
        assert sum(len(f'{k}="{v}"') for k, v in pairs) + max(0, len(pairs) - 1) == len(labels or ""), line
        key = (name, frozenset((k, unescape(v)) for k, v in pairs if v))
        assert key not in self.samples, f"{line!r} is there twice"
        self.samples[key] = float(value)

    def value(self, name, **labels):
        return self.samples[name, frozenset(labels.items())]

    def has(self, name, **labels):
        return (name, frozenset(labels.items())) in self.samples

    def named(self, name):
        """{labels as a dict's items: value} of all series with that name"""
        return {labels: value for (n, labels), value in self.samples.items() if n == name}

    def type_of(self, sample_name):
        """The type of the family that the sample belongs to."""
        for name in (sample_name, re.sub("_(total|sum|count|bucket)$", "", sample_name)):
            if name in self.types:
                return self.types[name]
        return None


class Daemon:
    """Another program, for as long as the test runs: ready when `path` answers."""

    def __init__(self, command, directory, port, path="/", timeout=60, env=None):
        self.port, self.log = port, directory / (pathlib.Path(command[0]).name + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd=directory, env=env)
        wait_until(lambda: self.alive() and answers(port, path), timeout, f"{command[0]} serves")

    def alive(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log.read_text()}"
        return True

    def get(self, path, **kwargs):
        return request(self.port, path, **kwargs)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def monitoring(program):
    """prometheus, promtool, alertmanager or amtool: Debian's; or where VEDETTE_NEWER is set the newest that Go builds."""
    if not os.environ.get("VEDETTE_NEWER"):
        return fetch_peers("prometheus" if program.startswith("prom") else "prometheus-alertmanager") / {
            "alertmanager": "prometheus-alertmanager"}.get(program, program)
    built = ROOT / "build/peers" / program
    assert built.exists(), f"tests/peers/go_build.sh {program}"
    return built


def fetch_peers(*packages):
    """Unpacks Debian packages below build/peers; the directory of their programs."""
    done = subprocess.run([str(ROOT / "tests/peers.sh"), *packages], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.strip()) / "usr/bin"
