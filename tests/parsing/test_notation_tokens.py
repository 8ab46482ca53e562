"""Format strings of Envoy, morgan, gunicorn, uWSGI, GoAccess, Echo and Fiber read the lines that these write."""

from __future__ import annotations

import pytest
from test_notation import check, only

from clerk_logscan.parsing.notation_parts import NotationError

TIME = "2026-11-24T14:51:36.000000Z"
ATTACK = {"method": "GET", "request_target": "/__clerk//evil.example/x", "status": 502}
CASES = {
    "morgan's combined with a time": (
        ':remote-addr - :remote-user [:date[clf]] ":method :url HTTP/:http-version" :status :res[content-length] '
        '":referrer" ":user-agent" - :response-time ms',
        r'::ffff:192.0.2.1 - - [24/Nov/2026:14:51:36 +0000] "GET /__clerk//evil.example/x HTTP/1.1" 502 12 "-" '
        r'"say \"hi\"" - 3.210 ms',
        {"timestamp": TIME, "client_ip": "::ffff:192.0.2.1", "bytes_sent": 12, "user_agent": 'say "hi"', **ATTACK},
    ),
    "morgan's web date and a header": (
        ":date[web] :method :url :status :req[host]",
        "Tue, 24 Nov 2026 14:51:36 GMT GET /__clerk//evil.example/x 502 app.example.com",
        {"timestamp": TIME, "host": "app.example.com", **ATTACK},
    ),
    "gunicorn's default": (
        '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %(D)s',
        '192.0.2.1 - - [24/Nov/2026:15:51:36 +0100] "GET /__clerk//evil.example/x HTTP/1.1" 502 - "-" "curl/8" 1234',
        {"timestamp": TIME, "client_ip": "192.0.2.1", "bytes_sent": None, "user_agent": "curl/8", **ATTACK},
    ),
    "gunicorn's headers, path and query": (
        "%({x-forwarded-for}i)s %(m)s %(U)s %(q)s %(s)s",
        "198.51.100.1, 192.0.2.1 GET /a b=c 200",
        {"client_ip": "192.0.2.1", "forwarded_for": "198.51.100.1, 192.0.2.1", "request_target": "/a?b=c"},
    ),
    "uWSGI": (
        '%(addr) - %(user) [%(ltime)] "%(method) %(uri) %(proto)" %(status) %(rsize) "%(uagent)"',
        '192.0.2.1 - - [24/Nov/2026:14:51:36 +0000] "GET /__clerk//evil.example/x HTTP/1.1" 502 12 "curl/8"',
        {"timestamp": TIME, "client_ip": "192.0.2.1", "protocol": "HTTP/1.1", "bytes_sent": 12, **ATTACK},
    ),
    "GoAccess, with what it passes over": (
        '%v %h %^[%d:%t %^] "%r" %s %b "%R" "%u" %^',
        'app.example.com 192.0.2.1 - - [24/Nov/2026:15:51:36 +0100] "GET /__clerk//evil.example/x HTTP/1.1" 502 12 '
        '"-" "curl/8" more of it',
        {"timestamp": TIME, "client_ip": "192.0.2.1", "host": "app.example.com", "user_agent": "curl/8", **ATTACK},
    ),
    "Envoy's default": (
        '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% '
        '%RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% "%REQ(X-FORWARDED-FOR)%" "%REQ(:AUTHORITY)%"\\n',
        '[2026-11-24T14:51:36.000Z] "GET /__clerk//evil.example/x HTTP/2" 502 UF 0 18 12 "192.0.2.1" "app.example.com"',
        {"timestamp": TIME, "client_ip": "192.0.2.1", "host": "app.example.com", "forwarded": False, **ATTACK},
    ),
    "Envoy with a time of its own form": (
        "%START_TIME(%Y/%m/%d %H:%M:%S.%3f)% %DOWNSTREAM_REMOTE_ADDRESS% %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE%",
        "2026/11/24 14:51:36.000 192.0.2.1:5000 GET /__clerk//evil.example/x 502",
        {"timestamp": TIME, "client_ip": "192.0.2.1", **ATTACK},
    ),
    "Echo": (
        "${time_rfc3339} ${remote_ip} ${method} ${uri} ${status} ${bytes_out}",
        "2026-11-24T14:51:36Z 192.0.2.1 GET /__clerk//evil.example/x 502 12",
        {"timestamp": TIME, "client_ip": "192.0.2.1", "bytes_sent": 12, **ATTACK},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_format_string_reads_the_lines_that_its_program_writes(case: tuple[str, str, dict[str, object]]) -> None:
    text, line, expected = case
    check(text, line, **expected)


def test_fiber_s_path_is_said_to_hide_the_attack() -> None:
    assert only("[${ip}]:${port} ${status} - ${method} ${path}").hidden_by == "${path}"
    assert only("${ip} ${method} ${url} ${status}").hidden_by is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (":method :status", "morgan): nothing in it holds the request target, such as :url."),
        ("%(h)s %(s)s", "gunicorn): nothing in it holds the request target, such as %(r)s."),
        ("%RESPONSE_CODE% %DURATION%", "Envoy): nothing in it holds the request target, such as %REQ(:PATH)%."),
    ],
)
def test_a_format_without_a_target_says_what_is_missing(text: str, words: str) -> None:
    with pytest.raises(NotationError) as caught:
        only(text)
    assert str(caught.value).endswith(words)
