"""The command line: what users, scripts and other people's pipelines rely on."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import orjson
import pytest

from clerk_logscan import cli, looks
from clerk_logscan.commands import COMMANDS, progress
from clerk_logscan.commands.analyze import SEVERITIES, exit_code
from clerk_logscan.readers.search import Search
from clerk_logscan.report import Report

Command = Callable[..., "subprocess.CompletedProcess[str]"]

BENIGN = '203.0.113.9 - - [30/Mar/2026:04:12:07 +0000] "GET /__clerk/v1/client HTTP/1.1" 200 18 "-" "curl/8.5.0"\n'
ATTACK = (
    '203.0.113.77 - - [30/Mar/2026:04:12:08 +0000] "GET /__clerk//evil.example/x HTTP/1.1" 200 18 "-" "curl/8.5.0"\n'
)
NOISE = '203.0.113.9 - - [30/Mar/2026:04:12:09 +0000] "GET /__clerk//v1/client HTTP/1.1" 502 18 "-" "curl/8.5.0"\n'
PAGE = '203.0.113.9 - - [30/Mar/2026:04:12:06 +0000] "GET /?a=1 HTTP/1.1" 200 18 "-" "Mozilla/5.0 (X11; Linux)"\n'
DOUBLE = '203.0.113.9 - - [30/Mar/2026:04:12:09 +0000] "GET /__clerk/v1//client HTTP/1.1" 404 18 "-" "curl/8.5.0"\n'


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Path]:
    """Write a log of the given lines into the folder in which the command runs."""

    def write(*lines: str, name: str = "access.log") -> Path:
        path = tmp_path / name
        path.write_text("".join(lines))
        return path

    return write


class TestHelp:
    """Help is what most people read of the program."""

    @pytest.mark.parametrize("arguments", [[], *([command.name] for command in COMMANDS)])
    def test_it_fits_80_columns_and_goes_to_standard_output(self, command: Command, arguments: list[str]) -> None:
        result = command(*arguments, "--help")
        assert (result.returncode, result.stderr) == (0, "")
        assert max(map(len, result.stdout.splitlines())) <= 80

    def test_every_command_has_its_line(self, command: Command) -> None:
        shown = command("--help").stdout
        for one in COMMANDS:
            assert f"  {one.name:<8} {one.short_help}"[:80] in shown

    def test_no_arguments_show_the_help_and_are_wrong_use(self, command: Command) -> None:
        result = command()
        assert (result.returncode, result.stdout) == (2, "")
        assert "Commands:" in result.stderr

    def test_the_version_is_the_packages(self, command: Command) -> None:
        import clerk_logscan

        assert command("--version").stdout == f"clerk-logscan {clerk_logscan.__version__}\n"

    def test_every_severity_is_the_schemas(self) -> None:
        from clerk_logscan import schema

        assert SEVERITIES == schema.SEVERITIES


def imported(said: str) -> set[str]:
    """Return the modules that `python -X importtime` names."""
    return {line.rsplit("|", 1)[-1].strip() for line in said.splitlines() if line.startswith("import time:")}


class TestLightness:
    """What needs no frame loads no polars: it would cost more than all the rest."""

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--help"],
            ["analyze", "--help"],
            ["explain", "/__clerk//evil.example/x"],
            ["formats"],
            ["formats", "nginx_combined"],
            ["analyze", "--since", "March 2026", "x.log"],
        ],
    )
    def test_polars_is_not_loaded(self, process: Command, arguments: list[str], tmp_path: Path) -> None:
        result = process(*arguments, PYTHONPROFILEIMPORTTIME="1")
        loaded = imported(result.stderr)
        assert "click" in loaded
        assert not loaded & {"polars", "numpy", "rich", "hyperscan", "jinja2", "stix2"}

    def test_a_clean_log_loads_only_what_it_needs(self, process: Command, log: Callable[..., Path]) -> None:
        """Polars, and what reads such lines: what opens envelopes, other grammars, guesses and outputs stays away."""
        log(PAGE, PAGE, PAGE)
        result = process("analyze", "access.log", PYTHONPROFILEIMPORTTIME="1")
        assert result.returncode == 0
        loaded = imported(result.stderr)
        assert {"polars", "clerk_logscan.parsing.template", "clerk_logscan.incident.investigation"} <= loaded
        assert not loaded & {"numpy", "rich", "hyperscan", "jinja2", "stix2", "orjson", "yaml", "ada_url", "dateutil"}
        inner = {name.removeprefix("clerk_logscan.parsing.") for name in loaded if "clerk_logscan.parsing." in name}
        others = {"json_lines", "json_values", "record_lines", "record_readers", "notation", "nginx_conf", "inference"}
        assert not inner & (others | {"envelopes"})

    @pytest.mark.parametrize("large", [1, 1 << 20])
    def test_the_patterns_of_a_large_log_are_compiled_beside_the_imports(
        self, command: Command, log: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, large: int
    ) -> None:
        begun = threading.Event()
        monkeypatch.setattr(Search, "prepare", lambda self: begun.set())
        monkeypatch.setattr(sys.modules[exit_code.__module__], "_LARGE", large)
        log(PAGE)
        assert command("analyze", "access.log", "missing.log").returncode == 3
        assert begun.wait(5 if large == 1 else 0) == (large == 1)


class TestEnvironment:
    """Every option can be set by CLERK_LOGSCAN_ and its name."""

    @pytest.mark.parametrize("one", COMMANDS, ids=lambda one: str(one.name))
    def test_every_option_is_read_from_its_variable(self, one: click.Command, monkeypatch: pytest.MonkeyPatch) -> None:
        for param in one.params:
            if not isinstance(param, click.Option) or not param.allow_from_autoenv:
                continue
            longest = max(param.opts, key=len)
            value = "1" if param.is_flag else "low" if longest == "--fail-on" else "fastify"
            with monkeypatch.context() as patch:
                patch.setenv(f"CLERK_LOGSCAN_{longest[2:].upper().replace('-', '_')}", value)
                required = [] if longest == "--output" or one.name != "convert" else ["-o", "x.csv"]
                context = cli.cli.make_context("clerk-logscan", [str(one.name)])
                inner = one.make_context(one.name, ["x", *required], parent=context)
            assert inner.get_parameter_source(str(param.name)) is click.core.ParameterSource.ENVIRONMENT
            assert inner.params[str(param.name)] not in (None, (), False)

    def test_several_values_are_separated_by_blanks(self, command: Command) -> None:
        shown = command("explain", "/a//evil.example/", CLERK_LOGSCAN_PROXY_PATH="/a /b").stdout
        assert "proxy path /a\n" in shown
        assert "proxy path /b\n" in shown

    def test_a_version_in_the_environment_is_no_wish_to_see_it(self, command: Command) -> None:
        assert command("formats", CLERK_LOGSCAN_VERSION="1.0.0", CLERK_LOGSCAN_HELP="1").stdout.startswith("NAME")

    def test_the_command_line_wins(self, command: Command, log: Callable[..., Path]) -> None:
        path = log(BENIGN, ATTACK)
        assert command("analyze", str(path), "--fail-on", "low", CLERK_LOGSCAN_FAIL_ON="never").returncode == 1
        assert command("analyze", str(path), CLERK_LOGSCAN_FAIL_ON="never").returncode == 0


class TestWrongUse:
    """Bad input: one sentence on standard error, exit code 2, no traceback, nothing on standard output."""

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["analyze", "--wat", "x.log"], "No such option '--wat'"),
            (["wat"], "No such command 'wat'"),
            (["analyze", "absent.log"], "absent.log"),
            (["analyze", "x.log", "--since", "March 2026"], "names no day"),
            (["analyze", "x.log", "--since", "04/03/2026"], "2026-04-03 or 2026-03-04"),
            (["analyze", "x.log", "--until", "2026-03-27 10:00 EST"], "'EST'"),
            (["analyze", "x.log", "--proxy-path", "/x?y"], "holds a query"),
            (["analyze", "x.log", "--framework", "koa"], "no framework"),
            (["analyze", "x.log", "--context", "10"], "no duration"),
            (["analyze", "x.log", "--fail-on", "bad"], "'bad'"),
            (["analyze", "x.log", "-o", "report.docx"], ".stix.json"),
            (["analyze", "x.log", "-o", "absent/report.html"], "absent"),
            (["analyze", "x.log", "-l", "no_such_format"], "no_such_format"),
            (["analyze", "x.log", "-l", "$remote_addr $status"], "request target"),
            (["analyze", "x.log", "-l", "%h %Q"], "request target"),
            (["analyze", "x.log", "--parser", "absent.toml"], "absent.toml"),
            (["explain"], "Missing argument"),
            (["explain", "/x", "--proxy-path", "x"], "does not begin with a slash"),
            (["formats", "no_such_format"], "no_such_format"),
            (["formats", "nginx_combine"], "nginx_combined"),
            (["formats", "x", "--why", "y"], "one of"),
            (["formats", "--why", "absent.log"], "absent.log"),
            (["formats", "--check", "absent.toml"], "absent.toml"),
            (["rules", "no-such-rule"], "off-host-target"),
            (["report", "absent.json"], "absent.json"),
            (["report", "x.log"], "not a saved report"),
            (["convert", "x.log"], "--output"),
            (["convert", "x.log", "-o", "out.docx"], ".parquet"),
            (["convert", "x.log", "-o", "out.csv", "--columns", "wat"], "wat"),
            (["convert", "absent.log", "-o", "out.csv"], "absent.log"),
        ],
    )
    def test_it_is_said_in_one_sentence(
        self, command: Command, log: Callable[..., Path], arguments: list[str], words: str
    ) -> None:
        log(BENIGN, name="x.log")
        result = command(*arguments)
        assert result.returncode == 2, result
        assert words in result.stderr
        assert "Traceback" not in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr.startswith("clerk-logscan: ")
        assert result.stdout == ""

    def test_where_no_input_can_be_opened_each_is_said_and_no_report_is_written(
        self, command: Command, tmp_path: Path
    ) -> None:
        (tmp_path / "empty").mkdir()
        result = command("analyze", "absent.log", "empty", "no*.gz", "-o", "report.json")
        assert (result.returncode, result.stdout) == (2, "")
        assert [word in result.stderr for word in ("absent.log", "empty", "no*.gz")] == [True] * 3
        assert len(result.stderr.splitlines()) == 3
        assert not (tmp_path / "report.json").exists()

    def test_a_report_never_overwrites_an_input(self, command: Command, log: Callable[..., Path]) -> None:
        path = log(ATTACK, name="access.jsonl")
        for given in ("access.jsonl", "*.jsonl", str(path)):
            result = command("analyze", given, "-o", "./access.jsonl")
            assert (result.returncode, path.read_text()) == (2, ATTACK)
            assert "is an input" in result.stderr

    def test_control_bytes_of_names_do_not_reach_the_terminal(self, command: Command) -> None:
        result = command("analyze", "\x1b]0;owned\x07.log")
        assert "\x1b" not in result.stderr + result.stdout
        assert "\\x1B]0;owned\\x07.log" in result.stderr


def _report(
    severities: tuple[str, ...] = (), reasons: tuple[str, ...] = (), inputs: tuple[str, ...] = ("whole",)
) -> Report:
    rows = {
        "whole": {"source": "a", "bytes": 10, "complete": True, "error": None},
        "cut": {"source": "a", "bytes": 5, "complete": False, "error": "gzip cut short"},
        "absent": {"source": "a", "bytes": None, "complete": False, "error": "no such file"},
    }
    data: dict[str, Any] = {"verdict": "probed", "statement": {"reasons": list(reasons)}}
    data["findings"] = [{"severity": severity} for severity in severities]
    return Report(data | {"inputs": [rows[kind] for kind in inputs]})


class TestExitCode:
    """The contract's codes; a script decides by them."""

    @pytest.mark.parametrize(
        ("report", "fail_on", "code"),
        [
            (_report(), "low", 0),
            (_report(("info",)), "low", 0),
            (_report(("info",)), "info", 1),
            (_report(("low",)), "low", 1),
            (_report(("medium", "low")), "high", 0),
            (_report(("critical",)), "critical", 1),
            (_report(("critical",)), "never", 0),
            (_report(("critical",), ("cut",)), "low", 1),
            (_report(("medium",), ("cut",)), "high", 3),
            (_report(("critical",), ("cut",)), "never", 3),
            (_report((), ("cut",)), "low", 3),
            (_report(inputs=("whole", "cut")), "low", 3),
            (_report(inputs=("whole", "absent")), "low", 3),
            (_report(inputs=("cut",)), "never", 3),
            (_report(("low",), inputs=("cut", "absent")), "low", 1),
        ],
    )
    def test_it_follows_from_the_report(self, report: Report, fail_on: str, code: int) -> None:
        assert exit_code(report, fail_on) == code


class TestAnalyze:
    """One run from a file to what is printed and written."""

    @pytest.mark.parametrize(
        ("lines", "verdict", "code"),
        [
            ((BENIGN,), "no-evidence", 0),
            ((BENIGN, NOISE), "no-evidence", 0),
            ((BENIGN, DOUBLE), "probed", 1),
            ((BENIGN, ATTACK), "key-exposed", 1),
        ],
    )
    def test_the_last_line_is_the_verdict(
        self, command: Command, log: Callable[..., Path], lines: tuple[str, ...], verdict: str, code: int
    ) -> None:
        result = command("analyze", str(log(*lines)))
        assert result.stdout.splitlines()[-1].strip() == f"verdict: {verdict}"
        assert (result.returncode, result.stderr) == (code, "")
        assert command("analyze", "-q", "access.log").stdout == f"verdict: {verdict}\n"

    def test_a_dash_writes_jsonl_and_the_report_goes_to_standard_error(
        self, command: Command, log: Callable[..., Path]
    ) -> None:
        result = command("analyze", str(log(BENIGN, ATTACK)), "-o", "-")
        (finding,) = map(orjson.loads, result.stdout.splitlines())
        assert finding["target_host"] == "evil.example"
        assert result.stderr.splitlines()[-1].strip() == "verdict: key-exposed"

    def test_standard_input_is_read_with_a_dash_and_when_piped(self, process: Command) -> None:
        for arguments in (["-"], []):
            result = process("analyze", "-o", "-", *arguments, stdin=BENIGN + ATTACK)
            assert orjson.loads(result.stdout)["source"] == "-"
            assert result.returncode == 1

    def test_a_missing_input_does_not_end_the_run_for_the_others(
        self, command: Command, log: Callable[..., Path]
    ) -> None:
        result = command("analyze", str(log(BENIGN)), "absent.log")
        assert result.returncode == 3
        assert result.stderr.startswith("clerk-logscan: absent.log")
        assert len(result.stderr.splitlines()) == 1
        assert re.search(r"^ *verdict: [a-z-]+$", result.stdout.splitlines()[-1])

    def test_a_saved_report_is_written_again_as_it_was(
        self, command: Command, log: Callable[..., Path], tmp_path: Path
    ) -> None:
        first = command("analyze", str(log(BENIGN, ATTACK)), "-o", "r.json", "-o", "r.md", "-o", "r.csv")
        again = command("report", "r.json", "-o", "again.md", "-o", "again.csv", "-o", "again.json")
        assert (again.returncode, again.stdout) == (0, "verdict: key-exposed\n")
        for kind in ("md", "csv", "json"):
            assert (tmp_path / f"r.{kind}").read_bytes() == (tmp_path / f"again.{kind}").read_bytes()
        assert command("report", "r.json").stdout == first.stdout

    def test_verbose_says_how_each_input_was_read(self, command: Command, log: Callable[..., Path]) -> None:
        result = command("analyze", "-v", str(log(BENIGN, ATTACK)))
        assert "access.log: 2 lines, 2 parsed, nginx_combined (2); read to its end" in result.stderr

    def test_notes_are_said_unless_quiet(self, command: Command, log: Callable[..., Path]) -> None:
        path = str(log(BENIGN, ATTACK))
        assert "means /__clerk" in command("analyze", path, "--proxy-path", "/").stderr
        assert command("analyze", path, "--proxy-path", "/", "-q").stderr == ""


class TestExplain:
    """`explain` tells the steps; what it is given is an attacker's text."""

    def test_the_steps_end_with_the_host(self, command: Command) -> None:
        result = command("explain", "/__clerk//evil.example/x")
        assert result.returncode == 0
        assert result.stdout.startswith("/__clerk//evil.example/x\n 1. ")
        assert "evil.example" in result.stdout.splitlines()[-1]

    def test_control_characters_are_spelled(self, command: Command) -> None:
        assert "\x1b" not in command("explain", "/__clerk//e\x1bvil.example/").stdout


class TestInterruptions:
    """However it ends, the exit code never says clean or findings without reason."""

    def test_a_reader_that_leaves_is_no_error(self, log: Callable[..., Path]) -> None:
        path = log(BENIGN, *[ATTACK] * 2000)
        line = f"{sys.executable} -m clerk_logscan analyze {path} -o - 2>/dev/null | head -1 >/dev/null"
        line += "; echo ${PIPESTATUS[0]}"
        result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=True)
        assert result.stdout == "1\n"

    @pytest.mark.parametrize("arguments", ["convert access.log -o -", "formats", "rules", "analyze --help"])
    def test_nothing_is_said_to_a_reader_that_left(self, log: Callable[..., Path], arguments: str) -> None:
        path = log(*[ATTACK] * 5000)
        line = f"{sys.executable} -m clerk_logscan {arguments} | true"
        result = subprocess.run(["bash", "-c", line], cwd=path.parent, capture_output=True, timeout=60, check=False)
        assert result.stderr == b""

    @pytest.mark.parametrize(("line", "code"), [(BENIGN, 3), (ATTACK, 1)])
    def test_an_interrupt_ends_with_what_was_found(self, line: str, code: int) -> None:
        with subprocess.Popen(
            [sys.executable, "-m", "clerk_logscan", "analyze", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            assert process.stdin and process.stdout and process.stderr
            process.stdin.write(line.encode() * 10 + b"x" * 100_000)  # more than a pipe holds: it is being read
            process.stdin.flush()
            process.send_signal(signal.SIGINT)
            ended = process.wait(120)  # and its input never does
            said = process.stdout.read() + process.stderr.read()
            assert (ended, b"Traceback" in said) == (code, False), said

    def test_an_interrupt_before_anything_was_read_is_no_wrong_use(
        self, monkeypatch: pytest.MonkeyPatch, command: Command, log: Callable[..., Path]
    ) -> None:
        def stopped(work: object, items: object, workers: int, stop: threading.Event) -> Iterator[object]:
            stop.set()
            return iter(())

        monkeypatch.setattr(looks, "side_by_side", stopped)
        result = command("analyze", log(ATTACK).name)
        assert result.returncode == 3
        assert "access.log was not read: stopped" in " ".join(result.stdout.split())

    @pytest.mark.parametrize("module", ["clerk_logscan.cli", "click", "clerk_logscan.commands", "polars"])
    def test_an_interrupt_during_the_imports_ends_without_a_traceback(self, tmp_path: Path, module: str) -> None:
        (tmp_path / "access.log").write_text(BENIGN)
        code = (
            "import sys\n"
            "class Interrupted:\n"
            "    def find_spec(self, name, *rest):\n"
            f"        if name == {module!r}: raise KeyboardInterrupt\n"
            "sys.meta_path.insert(0, Interrupted())\n"
            "from clerk_logscan.__main__ import run\n"
            "run()"
        )
        line = [sys.executable, "-c", code, "analyze", "access.log"]
        result = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert (result.returncode, result.stdout) == (3, "")
        assert "Traceback" not in result.stderr

    def test_an_error_of_the_program_is_neither_clean_nor_findings(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise ZeroDivisionError("boom")

        monkeypatch.setattr(cli.cli, "main", fail)
        assert cli.main(["analyze"]) == 3
        assert "ZeroDivisionError: boom" in capsys.readouterr().err


class TestProgress:
    """Progress is for people who wait: on a terminal, after two seconds, on standard error."""

    def test_nothing_is_shown_in_a_pipe(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(progress, "DELAY", 0)
        with progress.ProgressLine(shown=True) as show:
            show("access.log", 1, 2)
        assert capsys.readouterr().err == ""

    def test_a_terminal_gets_a_line_that_is_wiped_at_the_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(progress, "DELAY", 0)
        leader, follower = pty.openpty()
        with os.fdopen(follower, "w") as terminal:
            monkeypatch.setattr(sys, "stderr", terminal)
            with progress.ProgressLine(shown=True) as show:
                show("access\x1b.log", 1_500_000_000, 3_000_000_000)
            wanted = b"\r\x1b[K 50%  1.5 GB of 3.0 GB  access\\x1B.log\r\x1b[K"
            shown = os.read(leader, 1000)
            while len(shown) < len(wanted):  # a terminal gives what it has
                shown += os.read(leader, 1000)
            assert shown == wanted
        os.close(leader)

    def test_it_waits_two_seconds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        clock = iter([0.0, 1.9, 2.1, 2.15, 2.3])
        monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock, 2.1))
        monkeypatch.setattr(sys, "stderr", terminal := Terminal())
        show = progress.ProgressLine(shown=True)
        show("a", 1, None)
        assert terminal.getvalue() == ""
        show("a", 1, None)
        assert "1 bytes  a" in terminal.getvalue()


class TestOutputs:
    """What is written never destroys evidence, and what cannot be written is said before long work."""

    def test_no_output_overwrites_a_log_of_a_folder_that_is_read(
        self, command: Command, log: Callable[..., Path], tmp_path: Path
    ) -> None:
        path = log(ATTACK, name="access.csv")
        for arguments in (["analyze", "."], ["convert", "."], ["analyze", str(tmp_path)]):
            result = command(*arguments, "-o", "access.csv")
            assert (result.returncode, path.read_text()) == (2, ATTACK)
            assert "is an input" in result.stderr
        assert command("analyze", "access.csv", "-o", "new.csv").returncode == 1

    def test_unread_lines_never_overwrite_an_input(self, command: Command, log: Callable[..., Path]) -> None:
        path = log(ATTACK)
        for given in ("access.log", "."):
            result = command("analyze", given, "--unparsed", "access.log")
            assert (result.returncode, path.read_text()) == (2, ATTACK)
        assert "make it first" in command("analyze", "access.log", "--unparsed", "absent/x").stderr

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["analyze", "access.log"], 1),
            (["analyze", "access.log", "--fail-on", "never"], 2),
            (["analyze", "access.log", "-o", "-", "--fail-on", "never"], 2),
            (["convert", "access.log", "-o", "-"], 2),
            (["formats"], 2),
        ],
    )
    def test_a_full_disk_is_said_in_one_sentence(
        self, log: Callable[..., Path], arguments: list[str], code: int
    ) -> None:
        path = log(BENIGN, ATTACK)
        with Path("/dev/full").open("w") as full:
            result = subprocess.run(
                [sys.executable, "-m", "clerk_logscan", *arguments],
                cwd=path.parent, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
            )  # fmt: skip
        assert result.returncode == code
        assert "No space left" in result.stderr.splitlines()[0]
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
    def test_a_closed_stream_is_no_error(self, log: Callable[..., Path], closed: str) -> None:
        path = log(BENIGN, ATTACK)
        line = f"{sys.executable} -m clerk_logscan analyze {path} {closed}"
        result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 1
        assert "Traceback" not in result.stderr


class TestFormatNames:
    """A name that is nearly right is met with those that exist."""

    def test_what_was_meant_is_named(self, command: Command, log: Callable[..., Path]) -> None:
        path = str(log(BENIGN))
        assert "nginx_combined" in command("analyze", path, "-l", "nginx").stderr
        assert "nginx_json" in command("analyze", path, "-l", "nginx_jsn").stderr
