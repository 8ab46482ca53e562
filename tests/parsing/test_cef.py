"""Events in CEF and LEEF."""

from __future__ import annotations

import json

from parsing_help import frame_of, targets

from clerk_logscan.parsing.envelopes import cef, work

HEAD = "2026-11-24T14:51:35+01:00 relay CEF:0|V\\|x|P|1|id|name|3|"


def texts_of(lines: list[str]) -> list[str]:
    frame = frame_of(lines)
    hits, _ = cef.Events().take(work.start(frame, frame["line_number"] * 0))
    return hits["text"].to_list()


def test_values_hold_blanks_and_escapes_and_are_named_by_their_labels() -> None:
    [found] = texts_of([HEAD + r"request=/a?b\=1 msg=a = b\nc cn1=200 cn1Label=response_code cs1=x"])
    expected = {"deviceVendor": "V\\|x", "deviceProduct": "P", "deviceEventClassId": "id"}
    expected |= {"request": "/a?b=1", "msg": "a = b\nc", "response_code": "200", "cs1": "x"}
    assert json.loads(found) == expected


def test_leef_has_a_delimiter_of_its_own_and_a_site_before_its_path() -> None:
    text = "LEEF:2.0|V|P|1|id|^|src=192.0.2.1^url=app.example.com/a^qstr=b=1^msg=c d=e"
    assert json.loads(texts_of([text])[0])["url"] == "http://app.example.com/a?b=1"


def test_a_planted_key_leaves_the_line_unread() -> None:
    planted = HEAD + "src=192.0.2.1 requestClientApplication=x request=/a request=/__clerk//evil.example/x"
    assert texts_of([planted]) == [planted]


def test_an_attack_is_read_behind_any_relay() -> None:
    line = "src=192.0.2.1 requestMethod=GET request=/__clerk//evil.example/x outcome=200"
    heads = ["", "<134>Nov 24 14:51:35 relay ", "2026-11-24T14:51:35+01:00 relay "]
    found = [target for head in heads for target in targets([f"{head}CEF:0|V|P|1|id|name|3|{line}"] * 2)]
    assert found == ["/__clerk//evil.example/x"] * 6
