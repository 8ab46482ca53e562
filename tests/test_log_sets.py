"""Inputs that are parts of one log get one name, others their own."""

import pytest

from clerk_logscan.log_sets import name

BALANCER = "123456789012_elasticloadbalancing_us-east-2_app.prod-web.50dc6c495c0c9188"
ALB = BALANCER + "_20261120T10{}Z_203.0.113.{}_2t2dtogd.log.gz"


@pytest.mark.parametrize(
    "family",
    [
        ["logs/access.log", "logs/access.log.1", "logs/access.log.10.gz", "logs/access.log.2.zst"],
        ["access.log", "access.log-20261120", "access.log-20261121.gz", "access.log-2026-11-22"],
        ["access.log", "access-2026-11-20.log", "access.2026-11-21.log.gz", "access_20261122.log"],
        ["other_vhosts_access.log", "other_vhosts_access.log.3.gz"],
        [f"s3://b/x/20/{ALB.format(15, 7)}", f"s3://b/x/21/{ALB.format(20, 8)}"],
        ["a/EMLARXS9EXAMPLE.2026-11-20-10.RT4KCN4SGK9.gz", "b/EMLARXS9EXAMPLE.2026-11-21-09.AAAA.gz"],
    ],
)
def test_parts_of_one_log_have_one_name(family: list[str]) -> None:
    assert len({name(source) for source in family}) == 1


@pytest.mark.parametrize(
    "apart",
    [
        ["a/access.log", "b/access.log"],
        ["access.log", "error.log"],
        ["app1.log", "app2.log"],
        ["1.log", "2.log"],
        ["EMLARXS9EXAMPLE.2026-11-20-10.RT4.gz", "E2LARXS9EXAMPL.2026-11-20-10.RT4.gz"],
        ["-", "access.log"],
    ],
)
def test_other_logs_have_names_of_their_own(apart: list[str]) -> None:
    assert len({name(source) for source in apart}) == len(apart)
