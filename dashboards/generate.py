#!/usr/bin/python3
"""Makes dashboards/*.json, which Grafana reads, of dashboards/*.yml, which people write. usage: generate.py [--check]

A panel in a .yml file says what it shows and what bad looks like; all that is alike (variables, links, annotations,
places, thresholds, the words about alerts) is made here. In expressions {$} and {$, more} stand for the matchers that
every series is chosen by."""
import json
import pathlib
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
NAMES = ["overview", "app-edge", "postgres", "search", "storage", "host", "logs", "meta"]
WIDTH = 24
METRICS = {"type": "prometheus", "uid": "${datasource}"}
LOGS = {"type": "loki", "uid": "${loki}"}
KEEP = "${__url_time_range}&${datasource:queryparam}&${loki:queryparam}"
HEIGHTS = {"stat": 4, "timeseries": 7, "table": 7, "logs": 9, "text": 4, "state-timeline": 6}
COLOURS = {"good": "green", "bad": "red"}
# what a stat shows in place of 1 and 0
WORDS = {"up": ("Up", "Down"), "yes_no": ("Yes", "No"), "no_yes": ("No", "Yes")}


def expression(text):
    return text.strip().replace("{$}", '{job=~"$job", instance=~"$instance"}').replace(
        "{$, ", '{job=~"$job", instance=~"$instance", ')


def target(query, number, kind):
    """A query is an expression, or a mapping with `expr` and `legend`."""
    query = query if isinstance(query, dict) else {"expr": query}
    source = LOGS if "logs" in query or kind == "logs" else METRICS
    out = {"datasource": source, "expr": expression(query["expr"]), "refId": chr(ord("A") + number)}
    if source is METRICS:
        out.update({"editorMode": "code", "legendFormat": query.get("legend", "__auto")})
        if kind in ("stat", "table", "bargauge"):
            out["instant"] = True
        if kind == "table":
            out["format"] = "table"
    elif query.get("legend"):
        out["legendFormat"] = query["legend"]
    return out


def described(panel):
    """What bad looks like, and which alert says so."""
    text = panel["bad"].strip()
    for alert in alerts(panel):
        text += f"\n\nAlert: [{alert}](${{runbooks}}/{alert})"
    return text


def alerts(panel):
    named = panel.get("alert", [])
    return named if isinstance(named, list) else [named]


def thresholds(panel):
    """Green on the good side of the alert's limit, red on the other; where there is no limit, nothing is coloured."""
    if "limit" not in panel:
        return {"mode": "absolute", "steps": [{"color": "green" if panel["kind"] == "stat" else "text", "value": None}]}
    sides = ("bad", "good") if panel.get("below") else ("good", "bad")
    return {"mode": "absolute", "steps": [{"color": COLOURS[sides[0]], "value": None},
                                          {"color": COLOURS[sides[1]], "value": panel["limit"]}]}


def mappings(words):
    yes, no = WORDS[words]
    good = "green" if words != "no_yes" else "red"
    return [{"type": "value", "options": {"1": {"text": yes, "color": good, "index": 0},
                                          "0": {"text": no, "color": "red" if good == "green" else "green", "index": 1}}}]


def defaults(panel):
    out = {"unit": panel.get("unit", "short"), "thresholds": thresholds(panel), "mappings": []}
    if panel.get("words"):
        out.update({"mappings": mappings(panel["words"]), "unit": "bool_yes_no" if panel["words"] != "up" else "short"})
    for key in ("min", "max", "decimals", "noValue"):
        if key in panel:
            out[key] = panel[key]
    if panel["kind"] == "timeseries":
        out["custom"] = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 60 if panel.get("stack") else 8,
                         "showPoints": "never", "spanNulls": False,
                         "stacking": {"mode": "normal" if panel.get("stack") else "none"},
                         "thresholdsStyle": {"mode": "line" if "limit" in panel else "off"}}
    return out


def options(kind, panel):
    return {
        "stat": {"colorMode": "background", "graphMode": "none", "textMode": "auto", "justifyMode": "center",
                 "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}},
        "timeseries": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                       "tooltip": {"mode": "multi", "sort": "desc"}},
        "table": {"showHeader": True, "cellHeight": "sm"},
        "logs": {"showTime": True, "wrapLogMessage": True, "enableLogDetails": True, "sortOrder": "Descending",
                 "dedupStrategy": "none"},
        "state-timeline": {"showValue": "never", "mergeValues": True, "legend": {"showLegend": False}},
        "bargauge": {"orientation": "horizontal", "displayMode": "basic",
                     "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}},
    }[kind]


def links(panel):
    """Clicks that lead on: to another dashboard, to the service's logs, to the runbook."""
    out = []
    if "to" in panel:
        out.append({"title": f"Dashboard {panel['to']}", "url": f"/d/vedette-{panel['to']}?{KEEP}"})
    if "logs_of" in panel:
        out.append({"title": f"Logs of {panel['logs_of']}", "url": f"/d/vedette-logs?{KEEP}&var-service={panel['logs_of']}"})
    out += [{"title": f"Runbook {alert}", "url": f"${{runbooks}}/{alert}", "targetBlank": True} for alert in alerts(panel)]
    return out


def table_parts(panel):
    """A table shows labels and the value, not when it was asked for."""
    hidden = {name: True for name in ["Time", "__name__", *panel.get("hide", [])]}
    return [{"id": "organize", "options": {"excludeByName": hidden, "renameByName": panel.get("rename", {})}}]


def made(panel, number, place):
    kind = panel["kind"]
    source = LOGS if kind == "logs" or all(isinstance(q, dict) and "logs" in q for q in panel["queries"]) else METRICS
    out = {
        "id": number, "type": kind, "title": panel["title"], "description": described(panel), "datasource": source,
        "gridPos": place, "links": links(panel), "options": options(kind, panel),
        "targets": [target(query, n, kind) for n, query in enumerate(panel["queries"])],
        "fieldConfig": {"defaults": defaults(panel), "overrides": []},
    }
    if kind == "table":
        out["transformations"] = table_parts(panel)
        if "runbook_column" in panel:
            out["fieldConfig"]["overrides"].append({
                "matcher": {"id": "byName", "options": panel["runbook_column"]},
                "properties": [{"id": "links", "value": [{"title": "Runbook", "targetBlank": True,
                                                          "url": "${runbooks}/${__value.text}"}]}]})
    return out


def rows(source):
    """Panels from left to right, wrapped where a line is full; each row has its heading."""
    out, y = [], 0
    for row in source["rows"]:
        out.append({"id": len(out) + 1, "type": "row", "title": row["row"], "collapsed": False, "panels": [],
                    "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y}})
        x, y, tallest = 0, y + 1, 0
        for panel in row["panels"]:
            panel.setdefault("kind", "timeseries")
            width, height = panel.get("width", 8), panel.get("height", HEIGHTS.get(panel["kind"], 7))
            if x + width > WIDTH:
                x, y, tallest = 0, y + tallest, 0
            out.append(made(panel, len(out) + 1, {"h": height, "w": width, "x": x, "y": y}))
            x, tallest = x + width, max(tallest, height)
        y += tallest
    return out


def query_variable(name, label, text, source):
    return {"type": "query", "name": name, "label": label, "datasource": source, "multi": True, "includeAll": True,
            "allValue": ".+", "current": {"text": "All", "value": "$__all"}, "refresh": 2, "sort": 1,
            "query": {"qryType": 1, "query": text, "refId": name} if source is METRICS
            else {"type": 1, "label": "service_name", "stream": "", "refId": name}}


def variables(source):
    return [
        {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus",
         "current": {"text": "Prometheus", "value": "prometheus"}},
        {"type": "datasource", "name": "loki", "label": "Logs", "query": "loki", "current": {"text": "Loki", "value": "loki"}},
        query_variable("job", "Job", "label_values(up, job)", METRICS),
        query_variable("instance", "Instance", 'label_values(up{job=~"$job"}, instance)', METRICS),
        query_variable("service", "Service", "", LOGS),
        {"type": "textbox", "name": "runbooks", "label": "Runbooks", "hide": 2, "query": "http://localhost:19100/runbook",
         "current": {"text": "http://localhost:19100/runbook", "value": "http://localhost:19100/runbook"}},
    ]


def annotations():
    return {"list": [
        {"name": "Firing alerts", "enable": True, "iconColor": "red", "datasource": METRICS, "step": "60s",
         "expr": 'ALERTS{alertstate="firing", severity=~"critical|warning"}', "titleFormat": "{{alertname}}",
         "tagKeys": "severity,service", "textFormat": "{{instance}}"},
        {"name": "Agent started", "enable": True, "iconColor": "blue", "datasource": METRICS, "step": "60s",
         "expr": 'changes(process_start_time_seconds{job="vedette"}[5m]) > 0', "titleFormat": "The agent was started"},
    ]}


def dashboard(name):
    source = yaml.safe_load((HERE / f"{name}.yml").read_text())
    return {
        "id": None, "uid": f"vedette-{name}", "title": source["title"], "description": source["description"].strip(),
        "tags": ["vedette"], "editable": False, "graphTooltip": 1, "schemaVersion": 39, "version": 1, "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"}, "timezone": "browser", "annotations": annotations(),
        "links": [{"type": "link", "title": other, "url": f"/d/vedette-{other}", "keepTime": True, "includeVars": True,
                   "asDropdown": False, "icon": "dashboard", "tags": [], "targetBlank": False, "tooltip": ""}
                  for other in NAMES if other != name],
        "templating": {"list": variables(source)}, "panels": rows(source),
    }


def main():
    stale = []
    for name in NAMES:
        text, path = json.dumps(dashboard(name), indent=1, sort_keys=True, ensure_ascii=False) + "\n", HERE / f"{name}.json"
        if "--check" in sys.argv[1:]:
            stale += [path.name] * (not path.exists() or path.read_text() != text)
        else:
            path.write_text(text)
    if stale:
        sys.exit(f"not what dashboards/generate.py makes: {' '.join(stale)}; run it")


if __name__ == "__main__":
    main()
