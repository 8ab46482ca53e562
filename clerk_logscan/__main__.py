"""`python -m clerk_logscan` is `clerk-logscan`: the program begins and ends here, before anything heavy is imported."""

import gc
import os

TYPE_CHECKING = False  # as typing has it, without its ten milliseconds: Ctrl-C is not caught before `run` has begun
if TYPE_CHECKING:
    from typing import NoReturn

_STOPPED = 3  # settings.EXIT_INCOMPLETE
# What imports make stays to the end: looking for garbage among it is a fifth of the time to start.
_NEW_OBJECTS = 100_000
# Half of the cores for the threads of polars, as those that search are busy too: idle ones do not sleep, they yield.
_THREADS = max(1, (os.cpu_count() or 1) // 2)


def run() -> "NoReturn":
    """Run the command line and leave with its exit code; Ctrl-C during the first imports ends it, too.

    Python's own end would free every object, one by one. All is written and closed by then, and no thread that still
    reads has anything to say; a profiler that writes at the end needs `cli.main`.
    """
    os.environ.setdefault("POLARS_MAX_THREADS", str(_THREADS))
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
    try:
        from clerk_logscan.cli import main

        code = main()
    except KeyboardInterrupt:
        code = _STOPPED
    os._exit(code)


if __name__ == "__main__":
    run()
