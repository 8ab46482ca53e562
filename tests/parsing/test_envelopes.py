from __future__ import annotations

import base64
import gzip
import json
import random
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from envelope_wrappers import CUT, ISO, WRAPPERS, docker, go_json, packed
from hypothesis import given, settings
from hypothesis import strategies as st
from parsing_help import LIBRARY, frame_of

from clerk_logscan.parsing import lines
from clerk_logscan.parsing.envelopes import EnvelopeError, Peeler, declarations, detection, load_all, times, values
from clerk_logscan.parsing.envelopes.canonical import Canonical
from clerk_logscan.parsing.envelopes.records import Records
from clerk_logscan.parsing.envelopes.work import HIDDEN, start
from clerk_logscan.parsing.parser import Parser

NGINX = (
    '192.0.2.1 - - [24/Nov/2026:14:51:35 +0000] "GET /__clerk//evil.example/v1?a=%20b HTTP/1.1" 200 3 "-" "curl/8.5.0"'
)
COMBINED = re.compile(r'\S+ - \S+ \[[^\]]+\] "[^"]*" \d{3} \d+ "[^"]*" "[^"]*"')


def reads(text: str) -> bool:
    """Tell a line of the combined format, as the parser's own test would."""
    return COMBINED.fullmatch(text) is not None


def frame(given_lines: list[str]) -> pl.DataFrame:
    data = "\n".join(given_lines).encode()
    return lines.from_block(SimpleNamespace(data=data, offset=0, first_line=1, utf16=None))


def peel(given_lines: list[str], reader: Callable[[str], bool] = reads) -> tuple[pl.DataFrame, Peeler]:
    """Detect and peel all lines at once."""
    rows = frame(given_lines)
    peeler = Peeler("test", reader)
    peeler.detect(rows)
    return pl.concat([peeler.peel(rows), peeler.finish()]).sort("line_number", maintain_order=True), peeler


@pytest.mark.parametrize("envelope", [*map(declarations.load, declarations.shipped())], ids=lambda one: one.name)
def test_every_declaration_peels_its_own_samples(envelope: declarations.Envelope) -> None:
    assert envelope.samples
    assert envelope._replace(samples=()) in load_all()
    for sample in envelope.samples:
        found, _ = peel(list(sample.lines), lambda text, wanted=sample.text: text in wanted)  # type: ignore[misc]
        assert found["text"].to_list() == list(sample.text)
        assert found["envelopes"].str.contains(envelope.name, literal=True).all()


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_line_comes_out_of_every_envelope_as_it_went_in(name: str) -> None:
    wanted = [NGINX.replace("192.0.2.1", f"192.0.2.{number}") for number in range(1, 9)]
    found, _ = peel(WRAPPERS[name](wanted))
    assert [text for text in found["text"] if reads(text)] == wanted


# Whatever a server may log: quotes, backslashes, control bytes, other scripts. No escape character, whose
# colours are stripped; no newline, which ends a line.
characters = st.sampled_from(list("\"\\/ab{}[]<>|:,'=#%\t\x01\x7f\x85\u2028é漢😀 ")) | st.characters(
    codec="utf-8", exclude_characters="\n\r\x1b", exclude_categories=["Cs"]
)
texts = st.text(characters, max_size=40)
bodies = st.lists(texts, min_size=1, max_size=5)


def marked(bodies: list[str]) -> list[str]:
    return [f"{NGINX} {number} {body}." for number, body in enumerate(bodies)]


@pytest.mark.parametrize("name", [name for name in WRAPPERS if name != "csv"])
@settings(max_examples=5, deadline=None)
@given(bodies=st.lists(texts, min_size=1, max_size=25))
def test_hostile_text_inside_any_envelope_is_given_back_unchanged(name: str, bodies: list[str]) -> None:
    wanted = marked(bodies)
    found, _ = peel(WRAPPERS[name](wanted), lambda text: text.startswith("192.0.2.1 - -"))
    assert [text for text in found["text"] if text.startswith("192.0.2.1 - -")] == wanted


@settings(max_examples=60, deadline=None)
@given(bodies=bodies, outer=st.sampled_from(sorted(WRAPPERS)), inner=st.sampled_from(sorted(WRAPPERS)))
def test_envelopes_within_envelopes_are_peeled(bodies: list[str], outer: str, inner: str) -> None:
    if "csv" in (outer, inner) or (outer, inner) in {("octets", "compose"), ("stern", "stern")}:
        return  # a table is a whole file, colours would change an octet count, and two pairs of names look like three
    wanted = marked(bodies)
    found, _ = peel(WRAPPERS[outer](WRAPPERS[inner](wanted)), lambda text: text.startswith("192.0.2.1 - -"))
    assert [text for text in found["text"] if text.startswith("192.0.2.1 - -")] == wanted


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(["docker-json-file", "docker-fluentd", "cri", "filebeat", "csv", "syslog-5424"]),
    seed=st.integers(0, 1 << 30),
)
def test_blocks_cut_anywhere_give_the_rows_of_the_whole(name: str, seed: int) -> None:
    chance = random.Random(seed)
    wrapped = WRAPPERS[name]([f"{NGINX} {'x' * chance.choice([1, 150, CUT + 5])}" for _ in range(6)])
    rows = frame(wrapped)
    whole, _ = peel(wrapped, lambda text: text.startswith("192.0.2.1 - -"))
    peeler = Peeler("test", lambda text: text.startswith("192.0.2.1 - -"))
    peeler.detect(rows)
    cuts = sorted({0, rows.height, *(chance.randrange(rows.height) for _ in range(4))})
    parts = [peeler.peel(rows[start:end]) for start, end in pairwise(cuts)]
    assert pl.concat([*parts, peeler.finish()]).sort("line_number", maintain_order=True).equals(whole)


def test_a_joined_line_keeps_the_place_of_its_first_piece_and_the_ledger_knows_the_others() -> None:
    wrapped = docker(["short", NGINX + "y" * (2 * CUT), "after"])
    found, peeler = peel(wrapped)
    assert len(wrapped) == 5
    assert found["line_number"].to_list() == [1, 2, 5]
    assert found["byte_offset"].to_list() == frame(wrapped)["byte_offset"].gather([0, 1, 4]).to_list()
    assert found["raw"][1] == wrapped[1]
    assert peeler.joined == 2
    assert not peeler.needs_all  # the search takes such pieces, and the lines behind them
    assert peel([line.replace('{"log":"', '{"log": "') for line in wrapped])[1].needs_all  # but not those


def test_a_piece_without_its_neighbours_stays_a_line_and_asks_for_the_whole_input() -> None:
    wrapped = docker(["a", NGINX + "y" * CUT, "b", "c"])
    peeler = Peeler("test", reads)
    rows = frame(wrapped)
    peeler.detect(rows[:1])
    assert not peeler.needs_all
    found = pl.concat([peeler.peel(rows[[1, 4]]), peeler.finish()])
    assert found["text"].str.slice(0, 9).to_list() == ["192.0.2.1", "c"]
    assert peeler.needs_all


def test_a_log_line_in_an_agent_is_data() -> None:
    """A JSON access log whose agents imitate lines, in every record, is no envelope."""
    records = [
        json.dumps(
            {
                "remote_addr": "192.0.2.9",
                "request_uri": f"/{n}",
                "status": 200,
                "http_user_agent": NGINX,
                "message": NGINX,
            }
        )
        for n in range(9)
    ]
    found, peeler = peel(records, lambda text: reads(text) or "request_uri" in text)
    assert peeler.names == []
    assert found["text"].to_list() == records


def test_an_unknown_json_log_is_no_envelope_for_what_its_agents_say() -> None:
    records = [json.dumps({"addr": "192.0.2.9", "method": "GET", "to": f"/{n}", "browser": NGINX}) for n in range(9)]
    found, peeler = peel(records)
    assert peeler.names == []
    assert found["text"].to_list() == records


def test_a_text_line_that_ends_in_an_imitated_line_is_not_cut_off_before_it() -> None:
    hostile = [f'192.0.2.9 GET /{n} 200 "curl" {NGINX}' for n in range(9)]
    found, peeler = peel(hostile)
    assert peeler.names == []
    assert found["text"].to_list() == hostile


def test_an_unknown_prefix_is_found_by_trying_over_several_lines() -> None:
    wrapped = [f"region-{n % 3} i-0ab{n} {ISO} level=info >> {NGINX}" for n in range(6)]
    found, peeler = peel([*wrapped, "something else"])
    assert peeler.names == ["prefix"]
    assert found["text"].to_list() == [NGINX] * 6 + ["something else"]
    assert peel(wrapped[:2])[1].names == []


def test_an_unknown_record_is_found_by_trying_over_several_lines() -> None:
    wrapped = [json.dumps({"v": 1, "meta": {"pod": f"web-{n}"}, "entry": {"out": NGINX}}) for n in range(5)]
    found, peeler = peel(wrapped)
    assert peeler.names == ["record:entry.out"]
    assert found["text"].to_list() == [NGINX] * 5


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_an_unknown_record_whose_line_is_in_base64_is_opened_and_needs_every_line(
    packed: Callable[[bytes], bytes],
) -> None:
    coded = base64.b64encode(packed(f"{NGINX}\n{NGINX}\n".encode())).decode()
    noise = base64.b64encode(b"nothing that any format would read, however long it may be").decode()
    found, peeler = peel([json.dumps({"id": n, "blob": coded, "signature": noise}) for n in range(4)])
    assert peeler.names == ["record:blob"] and peeler.needs_all
    assert found["text"].to_list() == [NGINX] * 8
    assert peel([json.dumps({"id": n, "signature": noise}) for n in range(4)])[1].names == []


def test_a_parsed_object_is_given_as_json_with_its_keys_in_order() -> None:
    inner = {"z": 1, "remote_addr": "192.0.2.1", "a": [1.5, None, True], "u": "é/\\"}
    wrapped = [json.dumps({"insertId": "a", "jsonPayload": inner, "timestamp": ISO})] * 3
    found, _ = peel(wrapped, lambda text: text.startswith('{"z"'))
    assert found["text"].to_list() == ['{"z":1,"remote_addr":"192.0.2.1","a":[1.5,null,true],"u":"é/\\\\"}'] * 3


def test_mixed_files_are_peeled_line_by_line() -> None:
    given_lines = [
        NGINX,
        *docker([NGINX]),
        "",
        f"<190>Nov  4 14:51:35 web nginx: {NGINX}",
        f"{ISO} stdout F {NGINX}",
        "noise",
    ]
    found, _ = peel(given_lines)
    assert found["text"].to_list() == [NGINX, NGINX, "", NGINX, NGINX, "noise"]
    names = [None, "docker-json-file", None, "syslog-3164", "cri", None]
    assert found["envelopes"].to_list() == names


def test_a_plain_log_passes_as_it_is() -> None:
    found, peeler = peel([NGINX] * 5)
    assert (found["text"] == found["raw"]).all()
    assert found["envelopes"].null_count() == 5
    assert not peeler.needs_all


def test_nul_runs_and_colours_are_no_text_but_stay_in_raw() -> None:
    given_lines = ["\x00" * 9 + NGINX, "\x1b[32mGET / \x1b[0m200", '192.0.2.1 "GET /\x1b[31m" 200', "\ufeff" + NGINX]
    found, _ = peel([NGINX, *given_lines])
    assert found["text"].to_list() == [NGINX, NGINX, "GET / 200", given_lines[2], NGINX]
    assert found["raw"].to_list() == [NGINX, *given_lines]


def test_tabs_that_rsyslog_spelled_are_tabs_where_they_set_fields_apart() -> None:
    tabs = "2026-11-24#01114:51:35#011AMS#011GET"
    given_lines = [f"<190>Nov 24 14:51:35 web cdn: {text}" for text in (tabs, '192.0.2.1 - - "GET /a#011#011#011/"')]
    assert peel(given_lines)[0]["text"].to_list() == [tabs.replace("#011", "\t"), '192.0.2.1 - - "GET /a#011#011#011/"']


@settings(max_examples=60, deadline=None)
@given(
    logs=st.lists(st.text(characters | st.just("\r"), max_size=30) | st.just("x" * CUT), min_size=1, max_size=5),
    ends=st.lists(st.sampled_from(["\n", "\r\n", ""]), min_size=5, max_size=5),
)
def test_the_fast_way_through_docker_records_says_what_parsing_them_says(logs: list[str], ends: list[str]) -> None:
    rows = frame([go_json({"log": a + b, "stream": "stdout", "time": ISO}) for a, b in zip(logs, ends, strict=False)])
    envelope = next(one for one in load_all() if one.name == "docker-json-file")
    work = start(rows, rows["line_number"])
    fast, left = Canonical(envelope, keeps_newline=True).take(work)
    slow, _ = Records([envelope]).take(work)
    _, others = Records([envelope]).take(left)
    assert others.is_empty()
    assert fast.equals(slow.filter(slow["line_number"].is_in(fast["line_number"].to_list())))


def test_detection_returns_the_sample_peeled_and_counts_none_of_it() -> None:
    wrapped = docker([NGINX, NGINX + "y" * CUT, "z"])
    peeler = Peeler("test", reads)
    sample = peeler.detect(frame(wrapped))
    assert peeler.joined == 0
    assert sample.equals(pl.concat([peeler.peel(frame(wrapped)), peeler.finish()]))


def test_bytes_that_are_no_utf8_stay_spelled_within_json() -> None:
    data = (
        json.dumps({"log": 'GET /X "q" \\x41\n', "stream": "stdout", "time": ISO}).encode().replace(b"X", b"\xff\xc3")
    )
    rows = lines.from_block(SimpleNamespace(data=data, offset=0, first_line=1, utf16=None))
    assert Peeler("test").peel(rows)["text"].to_list() == ['GET /\\xFF\\xC3 "q" \\x41']


def test_a_record_cut_short_gives_what_it_still_says() -> None:
    wrapped = docker([NGINX] * 3)
    found, _ = peel([*wrapped, wrapped[0][:60]])
    assert found["text"].to_list()[:3] == [NGINX] * 3
    assert found.height == 4


def test_newlines_that_a_copy_stripped_from_docker_records_do_not_join_lines() -> None:
    wrapped = [json.dumps({"log": NGINX, "stream": "stdout", "time": ISO})] * 4
    assert peel(wrapped)[0]["text"].to_list() == [NGINX] * 4


def test_a_message_of_several_lines_is_several_lines_but_pretty_json_is_one() -> None:
    pretty = json.dumps({"a": 1}, indent=1)
    wrapped = [json.dumps({"message": f"{NGINX}\r\n{NGINX}\n"}), json.dumps({"message": pretty})]
    assert peel(wrapped)[0]["text"].to_list() == [NGINX, NGINX, pretty]


def test_pieces_inside_pieces_are_joined() -> None:
    wanted = [f"{NGINX} {number}" for number in range(8)]
    found, _ = peel(WRAPPERS["docker-fluentd"](WRAPPERS["cri"](wanted)))
    assert [text for text in found["text"] if "error" not in text and "notice" not in text] == wanted


@pytest.mark.parametrize("outer", ["filebeat", "compose", "timestamped", "docker-json-file"])
def test_a_table_inside_another_envelope_is_read(outer: str) -> None:
    wanted = [NGINX.replace("192.0.2.1", f"192.0.2.{number}") for number in range(1, 9)]
    found, _ = peel(WRAPPERS[outer](WRAPPERS["csv"](wanted)))
    assert [text for text in found["text"] if text] == wanted


def test_coloured_messages_behind_their_lengths_are_set_apart_before_the_colours_go() -> None:
    wanted = [NGINX.replace("192.0.2.1", f"192.0.2.{number}") for number in range(1, 6)]
    found, _ = peel(WRAPPERS["octets"](WRAPPERS["compose"](wanted)))
    assert found["text"].to_list() == wanted


def test_what_raw_bytes_do_not_show_must_be_read_whole() -> None:
    for name in ("awslogs", "firehose-failed", "kinesis-records", "journald-json"):
        assert peel(WRAPPERS[name]([NGINX] * 4))[1].needs_all, name


def test_journald_says_null_for_what_it_did_not_print_and_that_is_counted() -> None:
    wrapped = [*WRAPPERS["journald-json"]([NGINX] * 3), json.dumps({"__REALTIME_TIMESTAMP": "1", "MESSAGE": None})]
    rows = frame(wrapped)
    peeler = Peeler("test", reads)
    peeler.detect(rows)
    assert peeler.peel(rows)["text"].to_list() == [NGINX] * 3 + [HIDDEN]
    assert peeler.hidden == 1


@pytest.mark.parametrize("length", [10, 13, 200, 266, 2570, 43459])
def test_a_journal_export_is_read_with_values_of_any_length(length: int) -> None:
    """A binary value stands behind its length in eight bytes, and these may be newlines or half of a character."""
    line = (NGINX + "é" + "z" * length).encode()[:length]
    line = line if len(line) == length else NGINX[:length].encode()
    entry = b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795531895123456\n_PID=4\n"
    data = (
        entry
        + b"MESSAGE="
        + NGINX.encode()
        + b"\n\n"
        + entry
        + b"MESSAGE\n"
        + length.to_bytes(8, "little")
        + line
        + b"\n\n"
    )
    rows = lines.from_block(SimpleNamespace(data=data, offset=0, first_line=1, utf16=None))
    peeler = Peeler("test", reads)
    peeler.detect(rows)
    found = pl.concat([peeler.peel(rows), peeler.finish()])
    assert found["text"].to_list() == [NGINX, line.decode("utf-8", "spell-hex")]
    assert found["envelope_time"].to_list() == ["2026-11-24T14:51:35.123456Z"] * 2
    assert peeler.needs_all
    assert peeler.joined + found.height == rows.height


def test_yaml_documents_as_gcloud_prints_them_are_records() -> None:
    documents = [
        "---",
        "insertId: a",
        "labels:",
        "  pod: web",
        f"textPayload: '{NGINX}'",
        "timestamp: '2026-11-24T14:51:36Z'",
        "---",
        "httpRequest:",
        "  requestUrl: https://app.example/__clerk//evil.example/",
        "  status: 200",
        "insertId: b",
    ]
    found, peeler = peel(documents)
    assert found["text"].to_list() == [
        NGINX,
        '{"httpRequest":{"requestUrl":"https://app.example/__clerk//evil.example/","status":"200"},"insertId":"b"}',
    ]
    assert found["line_number"].to_list() == [2, 8]
    assert found["envelope_time"][0] == "2026-11-24T14:51:36Z"
    assert peeler.needs_all
    assert peeler.joined + found.height == len(documents)


def test_records_that_pino_pretty_prints_are_those_of_pino() -> None:
    printed = [
        "[14:51:36.125] INFO (web/17 on vm): request completed",
        "    req: {",
        '      "method": "GET",',
        '      "url": "/__clerk//evil.example/"',
        "    }",
        '    reqId: "req-1"',
        "    responseTime: 12",
        "npm notice",
        "[14:51:37.000] INFO (17): Server listening",
    ]
    found, peeler = peel(printed)
    assert found["text"].to_list() == [
        '{"time":"14:51:36.125","level":"INFO","pid":"17","hostname":"vm","msg":"request completed",'
        '"req":{"method":"GET","url":"/__clerk//evil.example/"},"reqId":"req-1","responseTime":"12"}',
        *printed[7:],
    ]
    assert found["line_number"].to_list() == [1, 8, 9]
    assert peeler.needs_all and peeler.joined + found.height == len(printed)


def test_yaml_that_is_none_or_could_grow_without_bound_stays_as_it_is() -> None:
    bomb = ["---", "a: &a x", "b: [*a, *a]", "---", "c: [", "---", "d: 1"]
    assert peel(bomb)[0]["text"].to_list() == ["a: &a x", "b: [*a, *a]", "c: [", '{"d":"1"}']


def test_a_table_with_a_cell_over_several_lines_is_read_and_must_be_read_whole() -> None:
    given_lines = ["a,message", f'1,"{NGINX.replace(chr(34), chr(34) * 2)}', 'second, line"', '2,"x"']
    found, peeler = peel(given_lines)
    assert found["text"].to_list() == ["", NGINX, "second, line", "x"]
    assert peeler.needs_all
    assert found["line_number"].to_list() == [1, 2, 2, 4]


@pytest.mark.parametrize(
    ("stated", "iso"),
    [
        ("2026-11-24T14:51:35.007919133Z", "2026-11-24T14:51:35.007919133Z"),
        ("2026-11-24 14:51:35,123 +0100", "2026-11-24T14:51:35.123+0100"),
        ("2026-11-24 14:51:35 UTC", "2026-11-24T14:51:35Z"),
        (1795531895, "2026-11-24T14:51:35Z"),
        (1795531895.5, "2026-11-24T14:51:35.5Z"),
        ("1795531895123", "2026-11-24T14:51:35.123Z"),
        ("1795531895123456", "2026-11-24T14:51:35.123456Z"),
        ("1795531895123456789", "2026-11-24T14:51:35.123456789Z"),
        ("Nov 24, 2026 @ 14:51:35.007", "2026-11-24T14:51:35.007"),
        ("Nov  4 2026 14:51:35", "2026-11-04T14:51:35"),
        ("Nov 24 14:51:35", None),
        ("yesterday", None),
        (True, None),
        (None, None),
    ],
)
def test_times_of_envelopes(stated: object, iso: str | None) -> None:
    assert times.iso(stated) == iso


def test_several_members_of_gzip_in_base64_and_a_cut_one_are_read_as_far_as_they_go() -> None:
    member = gzip.compress(b"a" * 500)
    assert values.inflate(member + member) == (b"a" * 1000, True)
    assert values.inflate(gzip.compress(member + member)) == (b"a" * 1000, True)
    cut, whole = values.inflate(member + member[:-9])
    assert cut.startswith(b"a" * 500)
    assert not whole
    assert values.inflate(b"\x1f\x8bx") == (b"\x1f\x8bx", True)


def test_a_packed_value_of_more_than_is_inflated_says_that_it_is_not_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MAX_INFLATED", 3 * len(NGINX) + 3)
    wrapped = [json.dumps({"records": [{"data": packed("\n".join([NGINX] * count))}]}) for count in (2, 3, 4)]
    found, peeler = peel(wrapped)
    assert found["text"].to_list() == [NGINX] * 8 + [HIDDEN]
    assert peeler.hidden == 1


def test_values_in_base64_are_opened_with_every_layer_of_gzip() -> None:
    assert values.open_base64("AP8=") == ("\x00\\xFF", True)
    assert values.open_base64("no base64!") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('name="a"\ntitle="a"\nreference=""', "exactly one of"),
        ('name="a"\ntitle="a"\nreference=""\nprefix="x"', "must start with"),
        ('name="a"\ntitle="a"\nreference=""\nprefix="^(?P<host>x)"', "may have the groups"),
        ('name="a"\ntitle="a"\nreference=""\ncertain=true\nprefix="^x"', "needs starts"),
        ('name="a"\ntitle="a"\nreference=""\n[record]\ntext=["a"]\nwhere=1', "record has no where"),
        ("name=", "a.toml"),
    ],
)
def test_a_bad_declaration_is_refused_with_its_file_and_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(EnvelopeError, match=reason) as caught:
        declarations.load(file)
    assert "a.toml" in str(caught.value)


def test_a_column_of_a_name_that_nobody_knows_is_found_where_most_of_its_cells_are_lines() -> None:
    cell = NGINX.replace('"', '""')
    rows = ["id,payload", *(f'{number},"{cell}"' for number in range(4)), '5,"npm start"']
    found, peeler = peel(rows)
    assert peeler.names == ["column:payload"] and [text for text in found["text"] if reads(text)] == [NGINX] * 4


@pytest.mark.parametrize("header", ["id,user_agent", "id,referer", "id,request_body"])
def test_a_column_that_clients_fill_is_none_of_lines(header: str) -> None:
    cell = NGINX.replace('"', '""')
    found, _ = peel([header, *(f'{number},"{cell}"' for number in range(4))])
    assert not any(reads(text) for text in found["text"])


def test_of_a_document_in_one_line_few_records_and_places_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a file of one line takes minutes: thousands of records in a list, or of objects in one record."""
    asked = 0
    plain = detection.Readable.plain

    def counted(self: detection.Readable, text: str) -> bool:
        nonlocal asked
        asked += 1
        return plain(self, text)

    monkeypatch.setattr(detection.Readable, "plain", counted)
    lists = json.dumps([{"id": n, "at": f"/a/{n}", "nested": {"b": [n]}} for n in range(20_000)])
    objects = json.dumps({f"k{n}": {"at": f"/a/{n}", "s": 200} for n in range(5000)})
    for text, count in ((lists, 20_000), (objects, 5000)):
        asked = 0
        Parser(LIBRARY, "x.json").detect(frame_of([text]))
        assert 0 < asked < count / 2
