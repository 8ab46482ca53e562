"""`python -m clerk_logscan` is `clerk-logscan`."""

import sys

from clerk_logscan.cli import main

if __name__ == "__main__":
    sys.exit(main())
