"""A machine with containers, as files: cgroups of version 2 as Docker's systemd driver makes them, Docker's own
descriptions, and the network of one process of each."""
import json
import pathlib

MEMORY_STAT = """\
anon 83886080
file 104857600
kernel 4194304
kernel_stack 131072
pagetables 524288
sec_pagetables 0
percpu 2176
sock 0
vmalloc 16384
shmem 0
zswap 0
zswapped 0
file_mapped 16777216
file_dirty 0
file_writeback 0
swapcached 0
anon_thp 0
file_thp 0
shmem_thp 0
inactive_anon 0
active_anon 41943040
inactive_file 41943040
active_file 31457280
unevictable 0
slab_reclaimable 2097152
slab_unreclaimable 1048576
slab 3145728
workingset_refault_anon 0
workingset_refault_file 120
workingset_activate_anon 0
workingset_activate_file 80
workingset_restore_anon 0
workingset_restore_file 20
workingset_nodereclaim 0
pgscan 0
pgsteal 0
pgscan_kswapd 0
pgscan_direct 0
pgsteal_kswapd 0
pgsteal_direct 0
pgfault 240068
pgmajfault 34
pgrefill 0
pgactivate 9000
pgdeactivate 0
pglazyfree 0
pglazyfreed 0
zswpin 0
zswpout 0
thp_fault_alloc 0
thp_collapse_alloc 0
"""
PRESSURE = "some avg10=0.00 avg60=0.12 avg300=0.00 total={}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n"
NET_DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    1000      10    0    0    0     0          0         0     1000      10    0    0    0     0       0          0
  eth0: 5550001    4321    1    2    0     0          0         0  7770003    6543    3    4    0     0       0          0
"""


def cgroup_files(number):
    return {
        "cgroup.procs": f"{5000 + number}\n",
        "cpu.max": "50000 100000\n",
        "cpu.stat": f"usage_usec {2469134 + number}\nuser_usec 2000000\nsystem_usec 469134\nnr_periods 80\n"
                    "nr_throttled 6\nthrottled_usec 300000\nnr_bursts 0\nburst_usec 0\n",
        "memory.current": f"{209715200 + 4096 * number}\n",
        "memory.stat": MEMORY_STAT,
        "memory.swap.current": "4096\n", "memory.peak": "314572800\n",
        "memory.events": "low 0\nhigh 0\nmax 10\noom 1\noom_kill 1\noom_group_kill 0\n",
        "memory.max": "268435456\n", "memory.swap.max": "max\n", "memory.min": "0\n",
        "pids.current": "14\n", "pids.max": "512\n",
        "io.stat": "259:0 rbytes=16384 wbytes=32768 rios=4 wios=8 dbytes=0 dios=0\n",
        "cpu.pressure": PRESSURE.format(1000000), "io.pressure": PRESSURE.format(90000),
        "memory.pressure": PRESSURE.format(12),
    }


def description(number, name):
    """config.v2.json, with what it usually holds besides: environment, mounts and port bindings."""
    return {
        "StreamConfig": {}, "Created": "2026-11-01T08:00:00Z", "ID": f"{number:064x}", "Managed": False,
        "State": {"Running": True, "Paused": False, "Restarting": False, "OOMKilled": False, "Dead": False,
                  "Pid": 5000 + number, "ExitCode": 0, "Error": "", "StartedAt": "2026-11-20T10:00:00.5Z",
                  "FinishedAt": "0001-01-01T00:00:00Z",
                  "Health": {"Status": "healthy", "FailingStreak": 0,
                             "Log": [{"Start": "2026-11-20T10:00:00Z", "End": "2026-11-20T10:00:01Z", "ExitCode": 0,
                                      "Output": "ok " * 40}] * 5}},
        "Config": {"Hostname": f"{number:012x}", "Image": f"platform/app:{number}",
                   "Env": [f"VARIABLE_{i}=a value of some length, as they are" for i in range(25)],
                   "Cmd": ["uvicorn", "main:app", "--host", "0.0.0.0"],
                   "Labels": {"com.docker.compose.project": "platform", "com.docker.compose.service": name,
                              "com.docker.compose.config-hash": "5f" * 32,
                              **{f"org.opencontainers.image.label{i}": "value " * 5 for i in range(8)}}},
        "NetworkSettings": {"Bridge": "", "Networks": {"platform": {"Aliases": [name], "IPAddress": "172.18.0.2"}},
                            "Ports": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(8000 + number)}]}},
        "MountPoints": {f"/data{i}": {"Source": f"/srv/data{i}", "Destination": f"/data{i}", "RW": True,
                                      "Type": "bind", "Spec": {"Type": "bind"}} for i in range(4)},
        "Name": "/" + name, "RestartCount": 0, "Driver": "overlay2",
    }


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make(root, containers):
    """Writes proc/, sys/ and root/ below `root`."""
    root = pathlib.Path(root)
    write(root / "sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n")
    (root / "sys/dev/block").mkdir(parents=True)
    (root / "sys/dev/block/259:0").symlink_to("../../devices/pci0000:00/nvme/nvme0/nvme0n1")
    for number in range(1, containers + 1):
        group = root / f"sys/fs/cgroup/system.slice/docker-{number:064x}.scope"
        for file, text in cgroup_files(number).items():
            write(group / file, text)
        write(root / f"proc/{5000 + number}/net/dev", NET_DEV)
        write(root / f"root/var/lib/docker/containers/{number:064x}/config.v2.json",
              json.dumps(description(number, f"app-{number}")))


def arguments(root):
    return [f"--path.procfs={root}/proc", f"--path.sysfs={root}/sys", f"--path.rootfs={root}/root"]
