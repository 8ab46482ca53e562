"""Logs to measure with: nginx combined lines of a Next.js application behind Clerk; equal seeds, equal bytes.

The lines are drawn from weighted pools of tens of thousands; times go on steadily, so that a log of any size covers
its time without a silence.
"""

from __future__ import annotations

import gzip
import random
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from pathlib import Path
from typing import BinaryIO, Final

START: Final = datetime(2026, 3, 1, tzinfo=UTC)
PER_SECOND: Final = 40  # lines
_POOL: Final = 60_000  # different requests
_CHUNK: Final = 20_000  # lines written at once
_PIECE: Final = 1 << 14  # characters that containerd writes of a line at a time
_LONGEST: Final = 1 << 12  # bytes, more than any line has

_AGENTS: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 "
    "Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "kube-probe/1.32",
)
_STATIC: Final = (
    "/_next/static/chunks/{hex}.js",
    "/_next/static/css/{hex}.css",
    "/_next/image?url=%2Fimg%2F{n}.png&w=640&q=75",
)
_PAGES: Final = ("/", "/dashboard", "/dashboard/projects/{n}", "/pricing", "/blog/post-{n}", "/favicon.ico", "/healthz")
_CALLS: Final = ("/api/projects/{n}", "/api/trpc/user.get?batch=1&input=%7B%220%22%3A{n}%7D", "/api/events")
_CLERK: Final = (
    "/__clerk/v1/client?__clerk_api_version=2025-11-10&_clerk_js_version=5.99.0",
    "/__clerk/v1/client/sessions/sess_{hex}/tokens?__clerk_api_version=2025-11-10&_clerk_js_version=5.99.0",
    "/__clerk/v1/environment?__clerk_api_version=2025-11-10&_clerk_js_version=5.99.0",
    "/__clerk/npm/@clerk/clerk-js@5/dist/clerk.browser.js",
)
_ATTACKS: Final = (
    "/__clerk//c{n}.evil.example/v1/client",
    "/__clerk//{n}.oast.example/",
    "/__clerk/%5Cevil{n}.example/x",
)


def write(path: Path, size: int, *, every_second: str = "", seed: int = 1) -> Path:
    """Write a log of about `size` bytes to `path`, gzip where its name ends so; keep one that is there already.

    `every_second`: what every second line is: `proxy` (a benign request of clerk-js) or `attack`; else three in a
    hundred are proxy requests and none is an attack.
    """
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        if path.suffix == ".gz":
            packer = subprocess.Popen(["gzip", "-6"], stdin=subprocess.PIPE, stdout=file)
            assert packer.stdin is not None
            _fill(packer.stdin, size, every_second, seed)  # type: ignore[arg-type]
            packer.stdin.close()
            if packer.wait():
                raise OSError("gzip failed")
        else:
            _fill(file, size, every_second, seed)
    partial.rename(path)
    return path


def shrink(log: Path, size: int) -> Path:
    """Cut a plain log to its first lines, of `size` bytes or a little less."""
    with log.open("r+b") as file:
        file.seek(max(0, size - _LONGEST))
        file.truncate(file.tell() + file.read(_LONGEST).rindex(b"\n") + 1)
    return log


def with_attacks(log: Path, path: Path, count: int) -> Path:
    """Copy a plain log to `path` with so many attacks, each of another address, evenly spread over it; each is at the
    time of the line behind it.
    """
    if path.exists():
        return path
    draw, step = random.Random(count), log.stat().st_size // count
    with log.open("rb") as file, path.open("wb") as copy:
        for number in range(count):
            left = step * number + step // 2 - file.tell()
            while left > 0:
                left -= copy.write(file.read(min(left, 1 << 24)))
            copy.write(file.readline())
            line = file.readline()
            address = ".".join(str(draw.randrange(1, 255)) for _ in range(4))
            copy.write(f"{address} - - ".encode() + line[line.index(b"[") : line.index(b"]") + 1])
            copy.write(b' "GET /__clerk//evil.example/v1/client HTTP/1.1" 200 512 "-" "curl/8.5.0"\n' + line)
        shutil.copyfileobj(file, copy, 1 << 24)
    return path


def as_fastify(log: Path, path: Path, size: int) -> Path:
    """Write the first lines of a plain log, about `size` bytes of them, to `path` as Fastify logs them: a record when a
    request comes, and one when it is answered.
    """
    if path.exists():
        return path
    moment = int(START.timestamp() * 1000)
    with log.open(encoding="utf-8") as file, path.open("w", encoding="utf-8") as copy:
        for number, line in enumerate(takewhile(lambda _: copy.tell() < size, file)):
            client, request, status = line.split(" ", 1)[0], line.split('"')[1], line.split('" ')[1][:3]
            method, target, _ = request.split(" ")
            time, name = moment + number * 1000 // PER_SECOND, f'"pid":1,"hostname":"web","reqId":"req-{number:x}"'
            sent = f'"method":"{method}","url":"{target}","host":"app.example.com","remoteAddress":"{client}"'
            copy.write(f'{{"level":30,"time":{time},{name},"req":{{{sent}}},"msg":"incoming request"}}\n')
            told = f'"res":{{"statusCode":{status}}},"responseTime":3.1,"msg":"request completed"'
            copy.write(f'{{"level":30,"time":{time + 3},{name},{told}}}\n')
    return path


def as_kubernetes(log: Path, path: Path, size: int) -> Path:
    """Write the first lines of a plain log, about `size` bytes of them, to `path` as a container's runtime keeps them:
    every 5,000th is of 20 KB, and cut in two.
    """
    if path.exists():
        return path
    with log.open(encoding="utf-8") as file, path.open("w", encoding="utf-8") as copy:
        for number, line in enumerate(takewhile(lambda _: copy.tell() < size, file)):
            time = f"{START + timedelta(seconds=number / PER_SECOND):%Y-%m-%dT%H:%M:%S.%f}000Z stdout"
            text = line.rstrip("\n")
            if number % 5000 == 2500:
                text = f'{text[:-1]} {"x" * 20_000}"'
                copy.write(f"{time} P {text[:_PIECE]}\n")
                text = text[_PIECE:]
            copy.write(f"{time} F {text}\n")
    return path


def write_many(folder: Path, count: int, lines: int) -> Path:
    """Write so many gzip logs of so many lines each, as load balancers and CDNs export them every few minutes."""
    if folder.exists():
        return folder
    folder.mkdir(parents=True)
    plain = write(folder.with_name("many.log"), count * lines * 230)
    with plain.open("rb") as file:
        for number in range(count):
            data = b"".join(islice(file, lines))
            (folder / f"{number:05}.log.gz").write_bytes(gzip.compress(data, 6))
    plain.unlink()
    return folder


def write_inflating(path: Path, size: int) -> Path:
    """Write a gzip file of `size` inflated bytes: members of 256 MB, each the same lines, so that it is soon made."""
    if path.exists():
        return path
    plain = write(path.with_name("member.log"), 256_000_000)
    member = gzip.compress(plain.read_bytes(), 1)
    with path.open("wb") as file:
        for _ in range(-(-size // plain.stat().st_size)):
            file.write(member)
    plain.unlink()
    return path


def _fill(file: BinaryIO, size: int, every_second: str, seed: int) -> None:
    draw = random.Random(seed)
    usual = _pool(draw, None)
    odd = _pool(draw, {"proxy": _CLERK, "attack": _ATTACKS}[every_second]) if every_second else []
    written = 0
    for chunk in _chunks(draw, usual, odd):
        file.write(chunk)
        written += len(chunk)
        if written >= size:
            return


def _chunks(draw: random.Random, usual: list[tuple[str, str]], odd: list[tuple[str, str]]) -> Iterator[bytes]:
    """Yield lines without end."""
    moment = START
    while True:
        picked = draw.choices(usual, k=_CHUNK)
        if odd:
            picked[::2] = draw.choices(odd, k=_CHUNK // 2)
        parts = []
        for first in range(0, _CHUNK, PER_SECOND):
            time = moment.strftime("%d/%b/%Y:%H:%M:%S +0000")
            parts += [f"{client} - - [{time}] {rest}\n" for client, rest in picked[first : first + PER_SECOND]]
            moment += timedelta(seconds=1)
        yield "".join(parts).encode()


def _pool(draw: random.Random, targets: tuple[str, ...] | None) -> list[tuple[str, str]]:
    """Return pairs of a client and what follows the time in its line."""
    clients = [".".join(str(draw.randrange(1, 255)) for _ in range(4)) for _ in range(8000)]
    return [(draw.choice(clients), _request(draw, targets)) for _ in range(_POOL if targets is None else _POOL // 3)]


def _request(draw: random.Random, targets: tuple[str, ...] | None) -> str:
    kinds = (_STATIC, _PAGES, _CALLS, _CLERK)
    pool = targets or draw.choices(kinds, weights=(45, 30, 22, 3))[0]
    target = draw.choice(pool).format(n=draw.randrange(100_000), hex=f"{draw.getrandbits(64):016x}")
    method = "POST" if "tokens" in target or "/api/events" in target else "GET"
    status = draw.choices((200, 304, 302, 404, 499, 500), weights=(80, 10, 4, 4, 1, 1))[0]
    referer = draw.choice(
        ("-", "https://app.example.com/", "https://app.example.com/dashboard", "https://www.google.com/")
    )
    agent = draw.choice(_AGENTS)
    return f'"{method} {target} HTTP/1.1" {status} {draw.randrange(200_000)} "{referer}" "{agent}"'
