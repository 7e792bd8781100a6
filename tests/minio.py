"""A real MinIO for the tests: built once from its pinned module, drives below a temporary directory; mc sets it up."""
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest

import support

ROOT_KEY, ROOT_SECRET = "vedette-root", "vedette-root-secret"


def program(name):
    """A built program; the tests are skipped without one, and fail where everything has to run."""
    found = os.environ.get(name.upper()) or support.ROOT / "build/peers" / name
    if os.path.exists(found):
        return pathlib.Path(found)
    if os.environ.get("CI") == "true":
        pytest.fail(f"no {name} was built; see tests/peers/go_build.sh {name}")
    pytest.skip(f"no {name} was built (tests/peers/go_build.sh {name}; it needs Go)")


class Minio:
    """One server with as many drives; `drives` may also name them. In front of its command line stands `wrapper`."""

    def __init__(self, directory, drives=1, environment=None, wrapper=(), scheme="http", arguments=()):
        self.wrapper, self.arguments = wrapper, arguments
        self.directory, self.port = directory, support.free_port()
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        if isinstance(drives, int):
            drives = [directory / f"drive{i + 1}" for i in range(drives)]
        self.drives = [str(d) for d in drives]
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "MINIO_ROOT_USER": ROOT_KEY,
                            "MINIO_ROOT_PASSWORD": ROOT_SECRET, "MINIO_BROWSER": "off", "MINIO_UPDATE": "off",
                            "MINIO_SCANNER_SPEED": "fastest",  # else it counts its objects after a minute
                            "MINIO_CI_CD": "on", **(environment or {})}  # else it takes no drive of the system's disk
        self.process = None
        self.start()

    def start(self, wait=True):
        with open(self.directory / "minio.log", "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, program("minio"), "server", "--address", f"127.0.0.1:{self.port}", *self.arguments,
                 *self.drives],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory, env=self.environment)
        if wait:
            support.wait_until(self.ready, 60, "MinIO is ready")

    def ready(self):
        assert self.process.poll() is None, (self.directory / "minio.log").read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"{self.url}/minio/health/cluster", timeout=5,
                                        context=ssl._create_unverified_context()) as reply:
                return reply.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()

    def mc(self, *arguments, data=None):
        """What mc says; `server` in the arguments is this one, entered as root."""
        host = self.url.replace("://", f"://{ROOT_KEY}:{ROOT_SECRET}@")
        done = subprocess.run([program("mc"), "--config-dir", self.directory / "mc", "--quiet", "--json", "--insecure",
                               *arguments],
                              input=data, capture_output=True, check=False, timeout=60,
                              env={**self.environment, "MC_HOST_server": host})
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout.decode()

    def add_user(self, key, secret, *statements):
        """A user who may do nothing but what these statements of a policy say."""
        self.mc("admin", "user", "add", "server", key, secret)
        if not statements:
            return
        policy = self.directory / f"{key}.json"
        policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
        self.mc("admin", "policy", "create", "server", key, str(policy))
        self.mc("admin", "policy", "attach", "server", key, "--user", key)

    def put(self, path, data):
        self.mc("pipe", f"server/{path}", data=data)


MAY_SEE_METRICS = {"Effect": "Allow", "Action": ["admin:Prometheus"]}


def run(directory, **kwargs):
    """A server for as long as somebody wants it: `yield from minio.run(...)`."""
    directory.mkdir(exist_ok=True)
    server = Minio(directory, **kwargs)
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def minio(tmp_path_factory):
    yield from run(tmp_path_factory.mktemp("minio"))


@pytest.fixture
def small_drive(tmp_path):
    """A folder on a drive of 64 MiB that only what runs behind `wrapper` sees, and its path for everybody else."""
    folder = tmp_path / "small"
    folder.mkdir()
    holder = subprocess.Popen(["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=64m none "$0" && echo && exec cat',
                               folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if not holder.stdout.readline():
        pytest.skip(f"cannot mount: {holder.communicate()[1]}")
    yield folder, ["nsenter", "--mount", f"--target={holder.pid}"], pathlib.Path(f"/proc/{holder.pid}/root{folder}")
    holder.communicate()


def fill(server, drive):
    """MinIO looks at a drive once a minute: it is filled while MinIO is away."""
    server.kill()
    left = os.statvfs(drive)
    (drive / "other").write_bytes(bytes(left.f_bavail * left.f_bsize - 400_000))
    server.start()
