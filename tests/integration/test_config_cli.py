"""`vedette check` on bad settings: exit 1, each fault with its line and its cure, no secret, soon."""
import os
import re
import subprocess
import time

import pytest

from support import ROOT, VEDETTE

BAD = sorted((ROOT / "tests/config/bad").glob("*.yml"))
SECRET = "hunter2"
EXAMPLE = ROOT / "tests/config/example.yml"


def vedette(*args, env=None, stdin=subprocess.DEVNULL):
    start = time.monotonic()
    done = subprocess.run([str(VEDETTE), *map(str, args)], stdin=stdin, capture_output=True, timeout=60, check=False,
                          env={**os.environ, **(env or {})})
    done.seconds = time.monotonic() - start
    done.stdout, done.stderr = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    return done


def refused(path, *args, env=None):
    """What is told about a bad file."""
    done = vedette("check", "--config.file", path, *args, env=env)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.seconds < 5
    assert SECRET not in done.stdout + done.stderr
    assert done.stdout == ""
    for line in done.stderr.splitlines():
        assert re.search(r"; |more than|known here", line), f"no cure in: {line}"
    return done.stderr


def accepted(path, *args, env=None):
    done = vedette("check", "--config.file", path, *args, env=env)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="vedette.yml"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path
    return write_file


def test_there_are_enough():
    assert len(BAD) >= 60


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_bad_file(path):
    expected = re.findall(rb"^# expect (\d+): (.*)$", path.read_bytes(), re.M)
    lines = refused(path).splitlines()
    assert expected
    for number, fragment in expected:
        start, fragment = f"{path}:{number.decode()}:", fragment.decode()
        assert any(line.startswith(start) and fragment in line for line in lines), (fragment, lines)


def test_huge_file(write):
    assert "larger than 1 MiB" in refused(write(b"# padding\n" * 1_048_576))


def test_huge_sparse_file_is_not_read(tmp_path):
    path = tmp_path / "vedette.yml"
    with open(path, "wb") as f:
        f.truncate(1 << 40)
    assert "larger than 1 MiB" in refused(path)


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000,
                                  "\n".join(" " * i + "a:" for i in range(1000))],
                         ids=["lists", "maps", "dashes", "indented"])
def test_deep_nesting(write, text):
    assert "nested too deep" in refused(write(text))


def test_alias_bomb(write):
    text = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30))
    assert "anchors (&) are not used here" in refused(write(text))


def test_many_values(write):
    assert "too many values" in refused(write("exporters: {host: {collectors: {disable: [" + "x," * 400_000 + "]}}}"))


def test_many_faults_are_cut(write):
    told = refused(write("".join(f"quux{i}: 1\n" for i in range(5000)))).splitlines()
    assert len(told) == 101 and "there is more" in told[-1]


@pytest.mark.parametrize("seed", range(8))
def test_noise(write, seed):
    noise = b"".join(bytes([(i * i * (seed + 3) + seed * 7919 + i // 3) % 256]) for i in range(4096))
    refused(write(b"web: " + noise))


def test_directory(tmp_path):
    assert f"{tmp_path}: a directory, not a file" in refused(tmp_path)


def test_missing(tmp_path):
    assert "No such file or directory; check the path" in refused(tmp_path / "none.yml")


def test_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "a pipe, socket or device, not a file" in refused(tmp_path / "pipe")


def test_unreadable(write):
    path = write("web: {}\n")
    path.chmod(0)
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run([*drop, str(VEDETTE), "check", "--config.file", str(path)], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == f"{path}: Permission denied; let the user that vedette runs as read it\n"


def test_loop_of_links(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert "Too many levels of symbolic links" in refused(tmp_path / "a")


def test_example_cut_anywhere(write):
    """Some sections are not known to every build: no crash, no hang, and a message wherever it is refused."""
    text = EXAMPLE.read_bytes()
    for end in range(0, len(text), 37):
        done = vedette("check", "--config.file", write(text[:end]))
        assert done.returncode in (0, 1) and done.seconds < 5
        assert (done.returncode == 1) == bool(re.search(r"vedette\.yml:\d+:\d+: .*; ", done.stderr)), done.stderr


def test_good_files(write):
    for text in ("", "# nothing\n", "---\n", "web:\n", "\ufeffweb: {scrape_timeout: 1m30s}\n", "web: {}\r\nexporters: {}\r\n",
                 "exporters: {host: {collectors: {disable: [arp]}}}\n"):
        assert accepted(write(text)) == ""


def test_printed_settings_are_good_settings(write):
    first = vedette("config", "--print", "--config.file",
                    write("web: {scrape_timeout: 1m30s}\nexternal_labels: {a: 'x: #y', b: \"1\\n2\"}\n"))
    assert first.returncode == 0 and "scrape_timeout: 1m30s" in first.stdout
    second = vedette("config", "--print", "--config.file", write(first.stdout))
    assert second.stdout == first.stdout


def test_variables(write):
    path = write("external_labels: {a: '${VEDETTE_TEST}', b: '${VEDETTE_NONE:-d}'}\n")
    assert "the variable VEDETTE_TEST is not set" in refused(path)
    for value in ("#x", "a: b", '"', "$HOME ${HOME}", "a\nb: c\n", "'", "{", "- x", "&x", "%", "\t"):
        accepted(path, env={"VEDETTE_TEST": value})
        done = vedette("config", "--print", "--config.file", path, env={"VEDETTE_TEST": value})
        again = vedette("config", "--print", "--config.file", write(done.stdout, "again.yml"))
        assert done.stdout == again.stdout and "b: d" in done.stdout


def test_env_file(write):
    path = write("external_labels: {a: '${DB_PASSWORD}'}\n")
    bad = write("X=1\nDB_PASSWORD=#geheim!\n", "bad.env")
    told = accepted(path, "--env-file", bad)
    assert f"{bad}:2: DB_PASSWORD: programs disagree about this value: Compose 2.3-2.6 reads nothing;" in told
    assert "put the value in single quotes" in told and "geheim" not in told
    assert accepted(path, "--env-file", write("DB_PASSWORD='#geheim!'\n", "good.env")) == ""
    assert "never closed" in refused(path, "--env-file", write(f"DB_PASSWORD='{SECRET}\n", "open.env"))
    assert "No such file" in refused(path, "--env-file", path.parent / "none.env")
    assert "larger than" in refused(path, "--env-file", write(b"A=1\n" * 1_000_000, "huge.env"))


def test_env_file_yields_to_the_environment(write):
    path = write("external_labels: {a: '${VEDETTE_TEST}'}\n")
    env = write("VEDETTE_TEST=file\n", "x.env")
    assert "{a: file}" in vedette("config", "--print", "--config.file", path, "--env-file", env).stdout
    done = vedette("config", "--print", "--config.file", path, "--env-file", env, env={"VEDETTE_TEST": "outside"})
    assert "{a: outside}" in done.stdout


def test_the_example_is_accepted_whole(write, tmp_path):
    """As it stands but for the place of its secrets, which are of the machine it is for."""
    (tmp_path / "secrets").mkdir()
    text = EXAMPLE.read_text().replace("/run/secrets/", f"{tmp_path}/secrets/")
    names = re.findall(rf"{tmp_path}/secrets/(\w+)", text)
    assert len(names) == 5
    for name in names:
        (tmp_path / "secrets" / name).write_text(SECRET + "\n")
    accepted(write(text))


FOUND = {"MINIO_ENDPOINT": "minio:9000", "MINIO_ROOT_USER": "me", "MINIO_ROOT_PASSWORD": SECRET + " '\"$x: {",
         "MEILI_HTTP_ADDR": "0.0.0.0:7700", "PGHOST": "db"}


def test_what_the_environment_names_is_watched_without_settings(tmp_path):
    key = tmp_path / "key"
    key.write_text(SECRET)
    done = vedette("config", "--print", env={**FOUND, "MEILI_MASTER_KEY_FILE": str(key)})
    assert done.returncode == 0 and SECRET not in done.stdout + done.stderr, done.stderr
    text = done.stdout
    minio, meili = text[text.index("\n  minio:"):], text[text.index("\n  meilisearch:"):]
    assert "url: 'http://minio:9000'" in minio and minio.index("access_key: <secret>") < minio.index("timeout")
    assert "url: 'http://127.0.0.1:7700'" in meili and meili.index("key: <secret>") < meili.index("timeout")
    assert "\n  postgres:\n    -" in text
    none = vedette("config", "--print", env=dict.fromkeys(FOUND, "")).stdout
    assert "minio:9000" not in none and "7700" not in none


@pytest.mark.parametrize("env, words", [
    ({"MINIO_ENDPOINT": "m", "MINIO_ROOT_USER": "me"}, "access_key and secret_key go together"),
    ({"MINIO_URL": "http://u:hunter2@m:9000"}, "the url holds a user or a password"),
    ({"MINIO_URL": "m'$(x)\n"}, "the url is the server's alone"),
    ({"MEILI_URL": "http://m", "MEILI_MASTER_KEY_FILE": "/nowhere/key"}, "/nowhere/key: No such file"),
])
def test_what_is_wrong_in_the_environment_is_told(env, words):
    done = vedette("check", env=env)
    assert done.returncode == 1 and words in done.stderr and SECRET not in done.stderr
