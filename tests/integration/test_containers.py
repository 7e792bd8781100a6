"""Real cgroups that the tests make, and Docker's descriptions of them in a root of our own."""
import json
import os
import pathlib
import re
import subprocess
import threading

import pytest

import container_tree
import support

MOUNTS = [pathlib.Path("/sys/fs/cgroup"), pathlib.Path("/sys/fs/cgroup/unified")]


def mount_of_version_2():
    for mount in MOUNTS:
        if (mount / "cgroup.controllers").exists() and os.access(mount, os.W_OK):
            return mount
    return None


@pytest.fixture
def groups(tmp_path):
    """make(number, name): a cgroup as Docker's systemd driver makes it, with its description; its path."""
    mount = mount_of_version_2()
    if not mount:
        pytest.skip("no cgroup version 2 that may be written to")
    slice_, made = mount / f"vedette-test-{os.getpid()}.slice", []
    slice_.mkdir()

    def make(number, name=None):
        path = slice_ / f"docker-{number:064x}.scope"
        path.mkdir()
        made.append(path)
        if name:
            describe(tmp_path, number, name)
        return path

    make.slice = slice_
    yield make
    for path in made:
        if path.exists():
            path.rmdir()
    slice_.rmdir()


def describe(root, number, name, **state):
    path = root / "root/var/lib/docker/containers" / f"{number:064x}"
    path.mkdir(parents=True, exist_ok=True)
    (path / "new").write_text(json.dumps({
        "Name": "/" + name, "RestartCount": 0, "NetworkSettings": {"Networks": {"host": {}}},
        "Config": {"Image": "platform/app:1", "Env": ["PASSWORD=#ThawZin2k77!"], "Labels": {}},
        "State": {"Running": True, "Pid": 1, "ExitCode": 0, "StartedAt": "2026-11-20T10:00:00Z"} | state}))
    (path / "new").rename(path / "config.v2.json")  # as Docker does


@pytest.fixture
def agent_on(start_agent, tmp_path):
    def start(config=""):
        (tmp_path / "root").mkdir(exist_ok=True)
        return start_agent(config, args=[f"--path.rootfs={tmp_path}/root"])
    return start


def seconds(path):
    return int(dict(line.split() for line in (path / "cpu.stat").read_text().splitlines())["usage_usec"]) / 1e6


def test_usage_is_what_the_kernel_counts(groups, agent_on):
    path, agent = groups(1, "fastapi-app"), agent_on("exporters: {container: {expected: [fastapi-app, minio]}}\n")
    with subprocess.Popen(["sh", "-c", 'echo $$ > "$0/cgroup.procs"; while :; do :; done', path]) as busy:
        support.wait_until(lambda: seconds(path) > 0.2, what="the container has used some time")
        before = seconds(path)
        page = agent.metrics("/metrics/container")
        after = seconds(path)
        busy.kill()
    usage = {value for labels, value in page.named("container_cpu_usage_seconds_total").items()
             if ("name", "fastapi-app") in labels and ("image", "platform/app:1") in labels}
    assert len(usage) == 1 and before <= usage.pop() <= after
    running = page.named("vedette_container_running")
    assert running == {frozenset({("name", "fastapi-app")}): 1, frozenset({("name", "minio")}): 0}
    assert "ThawZin" not in page.text
    support.wait_until(lambda: not (path / "cgroup.procs").read_text(), what="the container is empty")


def stalled(path):
    return int((path / "cpu.pressure").read_text().split("total=")[1].split()[0]) / 1e6


def test_every_number_of_a_real_group(groups, agent_on):
    """Nothing runs in it any more, so that all stands still."""
    path, agent = groups(1, "fastapi-app"), agent_on()
    subprocess.run(["sh", "-c", 'echo $$ > "$0/cgroup.procs"; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done', path],
                   check=True)
    support.wait_until(lambda: not (path / "cgroup.procs").read_text(), what="the container is empty")
    page = agent.metrics("/metrics/container")
    stat = dict(line.split() for line in (path / "cpu.stat").read_text().splitlines())
    wanted = {"container_cpu_usage_seconds_total": int(stat["usage_usec"]) / 1e6,
              "container_cpu_user_seconds_total": int(stat["user_usec"]) / 1e6,
              "container_cpu_system_seconds_total": int(stat["system_usec"]) / 1e6}
    if (path / "cpu.pressure").exists():
        wanted["container_pressure_cpu_waiting_seconds_total"] = stalled(path)
    assert wanted["container_cpu_usage_seconds_total"] > 0
    for name, value in wanted.items():
        assert [v for labels, v in page.named(name).items() if ("name", "fastapi-app") in labels] == [value], name


def test_a_container_that_is_started_again(groups, agent_on):
    """Docker makes a new group under the old name."""
    path, agent = groups(1, "fastapi-app"), agent_on()
    subprocess.run(["sh", "-c", 'echo $$ > "$0/cgroup.procs"; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done', path],
                   check=True)
    support.wait_until(lambda: not (path / "cgroup.procs").read_text(), what="the container is empty")

    def usage():
        return [value for labels, value in
                agent.metrics("/metrics/container").named("container_cpu_usage_seconds_total").items()
                if ("name", "fastapi-app") in labels]
    assert usage()[0] > 0
    path.rmdir()
    assert usage() == []
    path.mkdir()
    assert usage() == [0]


def test_services_are_reported_and_can_be_left_out(groups, agent_on):
    assert groups.slice.exists()
    everything = agent_on().metrics("/metrics/container")
    assert everything.has("container_cpu_usage_seconds_total", id=f"/{groups.slice.name}", cpu="total")
    fewer = agent_on("exporters: {container: {services: false}}\n").metrics("/metrics/container")
    assert not fewer.named("container_cpu_usage_seconds_total")


def test_two_hundred_come_and_go_during_scrapes(groups, agent_on):
    agent, stop = agent_on(), threading.Event()

    def churn():
        for number in range(1, 201):
            path = groups(number, f"job-{number}")
            if number > 20:
                (groups.slice / f"docker-{number - 20:064x}.scope").rmdir()
            assert path.exists()
        stop.set()

    thread = threading.Thread(target=churn)
    thread.start()
    scrapes = 0
    while not stop.is_set() or scrapes < 3:
        page = agent.metrics("/metrics/container")
        scrapes += 1
    thread.join()
    page = agent.metrics("/metrics/container")
    left = [labels for labels in page.named("container_cpu_usage_seconds_total") if "docker-" in dict(labels)["id"]]
    assert len(left) == 20
    state = agent.metrics("/metrics/agent")
    assert state.value("vedette_target_up", exporter="container") == 1


def test_docker_that_may_not_be_read(agent_on, groups, tmp_path):
    groups(7)
    secret = tmp_path / "root/var/lib/docker/containers"
    secret.parent.mkdir(parents=True)
    secret.write_text("no directory")
    agent = agent_on()
    agent.expect_log("must be able to read their descriptions")
    page = agent.metrics("/metrics/container")
    assert any(f"{7:064x}" in dict(labels)["id"] for labels in page.named("container_cpu_usage_seconds_total"))


COMMUNITY = pathlib.Path(__file__).with_name("cadvisor_names.txt")
OF_ALL = {"id", "image", "name", "container_label_com_docker_compose_project",
          "container_label_com_docker_compose_service", "container_label_org_label_schema_group"}


def families_of_cadvisor():
    """Name: (type, labels, whether we tell it)."""
    found = {}
    for line in COMMUNITY.read_text().splitlines():
        name, kind, labels, left_out = re.fullmatch(r"(\w+) (\w+) \{([\w,]*)\}( not told: .+)?", line).groups()
        found[name] = kind, set(filter(None, labels.split(","))), not left_out
    return found


def test_names_types_and_labels_are_cadvisors():
    out = subprocess.run([support.VEDETTE, "metrics", "--json"], capture_output=True, text=True, check=True).stdout
    ours = {m["name"]: (m["type"], set(filter(None, m["labels"].split(","))) - OF_ALL) for m in json.loads(out)
            if m["collector"].startswith("container_") and not m["name"].startswith("vedette_")}
    theirs = families_of_cadvisor()
    assert ours == {name: (kind, labels) for name, (kind, labels, told) in theirs.items() if told}


def test_whole_machine_is_told(start_agent, tmp_path):
    """Each family that cAdvisor has and we tell, on a machine that has everything."""
    container_tree.make(tmp_path, 3)
    (tmp_path / "proc/meminfo").write_text("MemTotal: 4000000 kB\n")
    (tmp_path / "proc/cpuinfo").write_text("processor\t: 0\n")
    page = start_agent("exporters: {container: {expected: [app-1, gone]}}\n",
                       args=container_tree.arguments(tmp_path)).metrics("/metrics/container")
    missing = [name for name, (_, _, told) in families_of_cadvisor().items() if told and not page.named(name)]
    assert missing == []
    assert page.named("vedette_container_running") == {
        frozenset({("name", name)}): value for name, value in
        {"app-1": 1, "app-2": 1, "app-3": 1, "gone": 0}.items()}


APP = frozenset({("name", "app-1")})


def test_restarts_and_exit_codes_are_told_at_once(start_agent, tmp_path):
    container_tree.make(tmp_path, 1)
    agent = start_agent(args=container_tree.arguments(tmp_path))
    page = agent.metrics("/metrics/container")
    assert page.samples["vedette_container_health_status", frozenset({("name", "app-1"), ("status", "healthy")})] == 1
    assert page.samples["vedette_container_restarts_total", APP] == 0
    file = tmp_path / f"root/var/lib/docker/containers/{1:064x}/config.v2.json"
    new = container_tree.description(1, "app-1") | {"RestartCount": 7}
    new["State"] |= {"Running": False, "Pid": 0, "ExitCode": 137}
    file.with_suffix(".new").write_text(json.dumps(new))
    file.with_suffix(".new").rename(file)
    page = agent.metrics("/metrics/container")
    assert page.samples["vedette_container_running", APP] == 0
    assert page.samples["vedette_container_restarts_total", APP] == 7
    assert page.samples["vedette_container_exit_code", APP] == 137
    assert not page.named("vedette_container_health_status")


def test_a_host_with_version_1_only_is_told_so_once(start_agent, tmp_path):
    container_tree.make(tmp_path, 1)
    (tmp_path / "sys/fs/cgroup/cgroup.controllers").unlink()
    agent = start_agent("exporters: {container: {expected: [app-1, gone]}}\n",
                        args=container_tree.arguments(tmp_path))
    page = agent.metrics("/metrics/container")
    running = page.named("vedette_container_running")
    assert running == {frozenset({("name", "app-1")}): 1, frozenset({("name", "gone")}): 0}
    assert not page.named("container_cpu_usage_seconds_total")
    assert agent.metrics("/metrics/agent").value("vedette_collector_success", exporter="container",
                                                  collector="cgroup") == 0
    agent.expect_log("no cgroup version 2 below")
    agent.expect_log("systemd.unified_cgroup_hierarchy=1")


def test_a_description_that_ends_anywhere(start_agent, tmp_path):
    container_tree.make(tmp_path, 2)
    file = tmp_path / f"root/var/lib/docker/containers/{1:064x}/config.v2.json"
    whole = file.read_text()
    agent = start_agent(args=container_tree.arguments(tmp_path))
    agent.expect_log("config.v2.json: no JSON from byte")
    for length in range(0, len(whole), 97):  # test_container_docker.c takes each byte
        file.with_suffix(".new").write_text(whole[:length])
        file.with_suffix(".new").rename(file)
        page = agent.metrics("/metrics/container")
        assert page.named("vedette_container_running") == {frozenset({("name", "app-2")}): 1}
        assert "VARIABLE" not in page.text
    file.write_text(whole)
    assert len(agent.metrics("/metrics/container").named("vedette_container_running")) == 2
