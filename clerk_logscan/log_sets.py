"""Which inputs are one log: a rotation family, the files of one balancer, those of one distribution.

Names of objects: Elastic Load Balancing, "Access log files"; CloudFront, "File name format" of standard logs;
logrotate(8) (`.1`, `.2.gz`, `-20261120`), and the dates that cronolog and rotatelogs write.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

_BALANCER: Final = re.compile(
    r"(?P<set>\d{12}_elasticloadbalancing_[a-z0-9-]+_[A-Za-z0-9.-]+?)_\d{8}T\d{4}Z_.*\.log(\.gz)?$"
)
_DISTRIBUTION: Final = re.compile(r"(?P<set>E[A-Z0-9]{6,})\.\d{4}-\d\d-\d\d-\d\d\.[A-Za-z0-9]+(\.gz|\.parquet)?$")
_PACKED: Final = re.compile(r"\.(gz|bz2|xz|zst|lzma|Z)$")
_ROTATION: Final = re.compile(
    r"([._-](\d{1,3}|\d{4}-?\d\d-?\d\d([T_-]?\d\d[-:]?\d\d([-:]?\d\d)?|[T_.-]\d{1,2})?|\d{9,10}|old))+$"
)
_INNER_DATE: Final = re.compile(r"[._-]\d{4}-?\d\d-?\d\d([T_-]\d\d([-:]?\d\d){0,2})?(?=\.(log|txt|json|jsonl)$)")


def name(source: str) -> str:
    """Return the name of the log that the input `source` is a part of; inputs of one log have one name."""
    path = PurePosixPath(source.replace("\\", "/"))
    for known in (_BALANCER, _DISTRIBUTION):
        found = known.match(path.name)
        if found:
            return found["set"]
    stem = _PACKED.sub("", path.name)
    family = _INNER_DATE.sub("", _ROTATION.sub("", stem))
    return str(path.with_name(family)) if family.strip("._-") else source
