#!/usr/bin/python3
"""Includes point only downward, and a foreign library is known to the one layer that wraps it.

The table is the one of ARCHITECTURE.md."""
import re

from files import ROOT, finish, tracked

# layer: the layers whose headers it may include (its own is always allowed)
MAY_INCLUDE = {
    "base": set(),
    "config": {"base"},
    "metric": {"base"},
    "net": {"base"},
    "probe": {"base", "config", "metric", "net"},
    "exporter": {"base", "config", "metric", "net", "probe"},
    "registry": {"probe"},
    "logs": {"base", "config", "metric", "net"},
    "convert": {"base", "config", "metric", "logs"},
    "collect": {"base", "config", "metric", "net", "probe", "registry"},
    "web": {"base", "config", "metric", "net", "probe", "registry", "collect"},
    "program": {"base", "config", "metric", "net", "probe", "exporter", "registry", "logs", "convert", "collect", "web"},
}

# foreign header (or its folder): the layer that wraps it; zlib has two uses with nothing in common
FOREIGN = {
    "yaml.h": "config", "pcre2.h": "config", "zlib.h": "metric logs", "curl/": "net", "libpq-fe.h": "net",
    "openssl/": "net", "jansson.h": "exporter", "protobuf-c/": "logs", "push.pb-c.h": "logs",
    "snappy-c.h": "logs", "systemd/": "logs", "microhttpd.h": "web", "gnutls/": "web", "crypt.h": "web",
}

LIBC_FOLDERS = ("sys/", "linux/", "net/", "netinet/", "arpa/", "asm/")
LIBC = set("""assert complex ctype dirent dlfcn endian errno error fcntl features fenv float fnmatch getopt glob grp
ifaddrs inttypes libgen limits link locale malloc math mntent mqueue netdb poll pthread pwd sched search semaphore
setjmp signal spawn stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings syscall
sysexits syslog termios threads time uchar ucontext unistd utime wchar wctype""".split())

PROBE_FILES = {"ask", "collector", "db_pool", "http_target", "memo", "passed_on", "pressure", "reader", "relay",
               "series_passage", "series_rules", "series_rules_inside", "statfs_pool", "sticky"}


def layer_of(path):
    """The layer of a file, and the folder of exporters/ where it is an exporter's."""
    parts = path.split("/")
    stem = parts[-1].rsplit(".", 1)[0]
    if parts[0] == "exporters":
        return ("registry", None) if len(parts) == 2 else ("exporter", parts[1])
    if parts[0] != "agent":
        return None, None
    if len(parts) == 2:
        return "program", None
    if parts[1] == "collect":
        return ("probe" if stem in PROBE_FILES or stem.startswith("reader_") else "collect"), None
    return parts[1], None


def resolve(path, name):
    """The project file that "name" means in `path`: beside it, below agent/, or below the root."""
    for candidate in (path.rsplit("/", 1)[0] + "/" + name, "agent/" + name, name):
        if (ROOT / candidate).is_file():
            return candidate
    return None


def check_own(where, path, layer, exporter, name):
    target = resolve(path, name)
    if not target:
        return f'{where}: "{name}" is no file of this project; foreign headers are written <in angles>'
    to, to_exporter = layer_of(target)
    if to == "exporter" and layer == "exporter" and to_exporter != exporter:
        return f"{where}: exporters/{exporter} includes exporters/{to_exporter}; an exporter knows no other exporter"
    if to == layer or to in MAY_INCLUDE.get(layer, ()):
        return None
    return f"{where}: {target} ({to}) is not below {layer}; it may include: {', '.join(sorted(MAY_INCLUDE[layer])) or 'libc'}"


def check_foreign(where, layer, name):
    for header, owner in FOREIGN.items():
        if name == header or (header.endswith("/") and name.startswith(header)):
            return None if layer in owner.split() else f"{where}: <{name}> belongs to {owner}; go through its interface"
    if name.startswith(LIBC_FOLDERS) or name.removesuffix(".h") in LIBC:
        return None
    return f"{where}: <{name}> is neither libc nor a library that a layer wraps (see FOREIGN in {__file__.rsplit('/', 1)[-1]})"


def main():
    faults = []
    for path in tracked("agent/*.[ch]", "exporters/*.[ch]"):
        layer, exporter = layer_of(path)
        if layer not in MAY_INCLUDE:
            faults.append(f"{path}: the folder has no layer; add it to the table here and in ARCHITECTURE.md")
            continue
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not match:
                continue
            where = f"{path}:{number}"
            if match[1] == "<":
                fault = check_foreign(where, layer, match[2])
            elif match[2].endswith(".def"):
                continue
            else:
                fault = check_own(where, path, layer, exporter, match[2])
            if fault:
                faults.append(fault)
    finish(faults)


main()
