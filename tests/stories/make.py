"""Write every story beside this file: run `python tests/stories/make.py`; the same bytes come out every time."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import tales_hops  # noqa: E402, F401
import tales_people  # noqa: E402, F401
import tales_platforms  # noqa: E402, F401
import tales_reading  # noqa: E402, F401
import tales_single  # noqa: E402, F401
from kit import STORIES, told  # noqa: E402


def main(folder: Path = HERE) -> None:
    """Write all stories, or those named on the command line, below `folder`."""
    for name in sys.argv[1:] or STORIES:
        told(name).write(folder)


if __name__ == "__main__":
    main()
