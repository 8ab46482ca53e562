"""Wrap lines as each envelope's program writes them; used to prove that peeling gives the very lines back."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator

ISO = "2026-11-24T14:51:35.123456Z"
CUT = 16 * 1024  # bytes of a piece of Docker's json-file driver (moby daemon/logger/copier.go)

Wrap = Callable[[list[str]], list[str]]


def go_json(value: object) -> str:
    """Escape as Go's encoding/json does: <, > and & too."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def docker(lines: list[str]) -> list[str]:
    return [
        go_json({"log": piece, "stream": "stdout", "time": ISO})
        for line in lines
        for piece in docker_pieces(line + "\n")
    ]


def docker_pieces(text: str) -> Iterator[str]:
    data = text.encode()
    while len(data) > CUT:
        end = CUT
        while data[end] & 0xC0 == 0x80:
            end += 1  # the real driver may cut a character; what it then writes is no longer the line
        yield data[:end].decode()
        data = data[end:]
    yield data.decode()


def fluentd(lines: list[str]) -> list[str]:
    out = []
    for number, line in enumerate(lines):
        half = len(line) // 2
        common = {"container_id": "8a1f", "container_name": "/web", "source": "stdout"}
        if half < 10:
            out.append(json.dumps({**common, "log": line}))
            continue
        for at, part in enumerate((line[:half], line[half:]), start=1):
            last = "true" if at == 2 else "false"
            marks = {"partial_id": f"p{number}", "partial_ordinal": str(at), "partial_last": last}
            out.append(json.dumps({**common, "log": part, "partial_message": "true", **marks}))
    return out


def cri(lines: list[str]) -> list[str]:
    out = []
    for line in lines:
        while len(line) > 100:
            out.append(f"{ISO} stdout P {line[:60]}")
            out.append(f"{ISO} stderr F 2026/11/24 [notice] 1#1: exit")
            line = line[60:]
        out.append(f"{ISO} stdout F {line}")
    return out


def prefix(text: str) -> Wrap:
    return lambda lines: [text + line for line in lines]


def record(make: Callable[[str], object], **options: bool) -> Wrap:
    return lambda lines: [json.dumps(make(line), **options) for line in lines]  # type: ignore[arg-type]


def batch(make: Callable[[list[str]], object]) -> Wrap:
    return lambda lines: [json.dumps(make(lines[at : at + 3])) for at in range(0, len(lines), 3)]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def journald(lines: list[str]) -> list[str]:
    def message(line: str) -> object:
        return line if line.isascii() and line.isprintable() else list(line.encode())

    return [json.dumps({"__REALTIME_TIMESTAMP": "1795531895123456", "MESSAGE": message(line)}) for line in lines]


def octets(lines: list[str]) -> list[str]:
    framed = [f"<190>1 {ISO} web nginx - - - {line}" for line in lines]
    return ["".join(f"{len(one.encode())} {one}" for one in framed)] if framed else []


def subscription(events: list[str]) -> dict[str, object]:
    logs = [{"id": str(at), "timestamp": 1795531895123, "message": line} for at, line in enumerate(events)]
    return {"messageType": "DATA_MESSAGE", "logGroup": "web", "logEvents": logs}


def loki(lines: list[str]) -> dict[str, object]:
    values = [["1795531895000000000", line] for line in lines]
    return {"status": "success", "data": {"result": [{"stream": {"app": "web"}, "values": values}]}}


def otlp(lines: list[str]) -> dict[str, object]:
    records = [{"timeUnixNano": "1795531895000000000", "body": {"stringValue": line}} for line in lines]
    return {"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": records}]}]}


def verbose(lines: list[str]) -> list[str]:
    head = "Tue 2026-11-24 14:51:35.123456 UTC [s=abc;i=1;b=def;m=1;t=2;x=3]"
    return [text for line in lines for text in (head, "    _TRANSPORT=stdout", f"    MESSAGE={line}", "    _PID=7")]


def rubydebug(lines: list[str]) -> list[str]:
    """Escape as Ruby's String#inspect does what would end a text."""
    texts = [line.replace("\\", "\\\\").replace('"', '\\"').replace("#", "\\#") for line in lines]
    return [part for text in texts for part in ("{", f'       "message" => "{text}",', '      "@version" => "1"', "}")]


def table(lines: list[str]) -> list[str]:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["@timestamp", "host", "message"])
    writer.writerows([["2026-11-24 14:51:35.123", "shipper", line] for line in lines])
    return out.getvalue().split("\n")[:-1]


WRAPPERS: dict[str, Wrap] = {
    "docker-json-file": docker,
    "docker-fluentd": fluentd,
    "cri": cri,
    "syslog-5424": prefix(rf'<190>1 {ISO} web nginx 42 - [a@1 k="v \"x\" \] y"] '),
    "syslog-3164": prefix("<190>Nov  4 14:51:35 web nginx: "),
    "syslog-untagged": prefix("<190>Nov  4 14:51:35 web "),
    "syslog-iso": prefix("2026-11-24T14:51:35.123456+00:00 web nginx[42]: "),
    "journal-short": prefix("Nov 24 14:51:35 web nginx[42]: "),
    "octets": octets,
    "timestamped": prefix(f"{ISO} "),
    "kubectl": prefix("[pod/web-7d4b-x/nginx] "),
    "kubectl-timestamps": prefix(f"[pod/web-7d4b-x/nginx] {ISO} "),
    "compose": prefix("\x1b[36mweb-1  |\x1b[0m "),
    "stern": prefix("web-7d4b-x nginx "),
    "aws-logs-tail": prefix("2026-11-24T14:51:35.123000+00:00 web/nginx/8a1f "),
    "logcli": prefix(f'{ISO} {{app="web", note="a}}b"}} '),
    "fluentd-file": prefix(f"{ISO}\tdocker.web\t"),
    "cloudwatch-subscription": batch(subscription),
    "back-to-back": lambda lines: ["".join(json.dumps(subscription([line])) for line in lines)] if lines else [],
    "awslogs": batch(lambda lines: {"awslogs": {"data": packed(json.dumps(subscription(lines)))}}),
    "firehose-failed": record(lambda line: {"errorCode": "x", "arrivalTimestamp": 1795531895123, "rawData": b64(line)}),
    "kinesis-records": batch(lambda lines: {"records": [{"data": packed(line + "\n")} for line in lines]}),
    "journald-json": journald,
    "filebeat": record(lambda line: {"@timestamp": ISO, "host": {"name": "shipper"}, "message": line}),
    "filebeat-unicode": record(lambda line: {"message": line}, ensure_ascii=False),
    "fluent-bit": record(lambda line: {"date": 1795531895.1, "log": line + "\n", "kubernetes": {"pod_name": "web"}}),
    "elasticsearch": record(lambda line: {"_index": "logs", "_source": {"message": line}}),
    "elasticsearch-search": batch(lambda lines: {"hits": {"hits": [{"_source": {"message": line}} for line in lines]}}),
    "loki": batch(loki),
    "splunk": record(lambda line: {"preview": False, "result": {"_raw": line, "_time": ISO}}),
    "splunk-hec": record(lambda line: {"time": 1795531895.1, "host": "indexer", "event": line}),
    "datadog": record(lambda line: {"id": "A", "attributes": {"message": line, "host": "agent"}}),
    "otlp": batch(otlp),
    "google-text": record(lambda line: {"insertId": "a", "textPayload": line, "timestamp": ISO}),
    "google-json": record(lambda line: {"insertId": "a", "jsonPayload": {"message": line}, "timestamp": ISO}),
    "wazuh": record(lambda line: {"timestamp": ISO, "full_log": line, "decoder": {"name": "web-accesslog"}}),
    "loggly": batch(lambda lines: {"total_events": 3, "events": [{"id": "a", "logmsg": line} for line in lines]}),
    "cloud-foundry": prefix("   2026-11-24T14:51:36.12+0000 [APP/PROC/WEB/0] OUT "),
    "journald-verbose": verbose,
    "rubydebug": rubydebug,
    "csv": table,
}
