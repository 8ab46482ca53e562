"""`explain`: where the vulnerable proxy sends one request target, step by step."""

from __future__ import annotations

import click

from clerk_logscan.commands.settings import SETTINGS, option, printable, refusing, write_out


@click.command(context_settings=SETTINGS, short_help="Where the vulnerable proxy sends a request target.")
@click.argument("target")
@option("--proxy-path", metavar="PATH", multiple=True,
        help="The configured proxy path. Default: /__clerk. Repeatable: each is tried.")  # fmt: skip
@option("--framework", metavar="NAME",
        help="Whose behaviour decides: express, fastify, hono, or that of at least one: any (default).")  # fmt: skip
@option("--allow-host", metavar="HOST", multiple=True, help="A host of your own that the proxy may reach; repeatable.")
@option("--host", metavar="HOST", default="app.example.com", show_default=True, allow_from_autoenv=False,
        help="The request's Host header.")  # fmt: skip
@option("--method", metavar="METHOD", default="GET", show_default=True, help="The request's method.")
def explain(
    target: str, proxy_path: tuple[str, ...], framework: str | None, allow_host: tuple[str, ...], host: str, method: str
) -> int:
    """Say where the vulnerable proxy sends a request, step by step.

    TARGET is the request target as the client sent it, quoted for the shell:
    clerk-logscan explain '/__clerk//evil.example/x'
    """
    from clerk_logscan.options import OptionError, Options
    from clerk_logscan.proxy import explain as resolve

    with refusing(OptionError):
        options = Options.of(proxy_path=proxy_path, framework=framework, allow_host=allow_host)
    write_out(f"{printable(target)}\n")
    for path in options.proxy_paths:
        destination = resolve(
            target,
            host=host,
            method=method,
            proxy_path=path,
            framework=options.framework,
            allow_hosts=options.allow_hosts,
        )
        if len(options.proxy_paths) > 1:
            write_out(f"\nproxy path {path}\n")
        write_out("".join(f"{number:2}. {printable(step)}\n" for number, step in enumerate(destination.steps, 1)))
    return 0
