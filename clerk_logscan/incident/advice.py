"""What to do next, in the order to do it: only what applies."""

from __future__ import annotations

from typing import Final

from clerk_logscan.incident.incidents import listed
from clerk_logscan.incident.times import earliest, said
from clerk_logscan.incident.verdict import ATTEMPTED, INCOMPLETE, KEY_EXPOSED, NO_EVIDENCE, PROBED, Case

# The fixed releases (GHSA-gjxx-92w9-8v8f).
FIXED: Final = "@clerk/backend 3.2.3, @clerk/express 2.0.7, @clerk/hono 0.1.5, @clerk/fastify 3.1.5"


def steps(case: Case) -> list[str]:
    """Return the next steps as sentences."""
    verdict = case.verdict
    found = [*_upgrade(case), *_rotate(case)]
    if verdict in {KEY_EXPOSED, ATTEMPTED, PROBED}:
        found.append("Keep these logs as they are: `clerk-logscan analyze --evidence` hashes every input.")
    if case.lured and case.off_host.height:
        many = "the lured user" if len(case.lured) == 1 else f"the {len(case.lured):,} lured users"
        found.append(f"Revoke the sessions of {many} ({listed(case.lured)}): their cookies went along. Tell them.")
    suspects = case.sent if case.sent.height else case.possible
    if suspects.height and verdict in {KEY_EXPOSED, ATTEMPTED}:
        since = earliest(suspects["time"])
        found.append(f"Look in the Clerk Dashboard for what was done with the key since {said(since)}.")
    if _inside(case):
        found.append(
            "Check what the internal hosts that were named would have answered: the answer went back to the client."
        )
    found += [do for _, do in case.reasons]
    if verdict == NO_EVIDENCE:
        found.append("Look at older logs, too: from your first deployment of an affected version until the upgrade.")
    if case.noise.height:
        found.append(
            "Remove the trailing slash from clerk-js' proxy URL: it makes honest browsers ask for //v1 and //npm."
        )
    return list(dict.fromkeys(found))


def _upgrade(case: Case) -> list[str]:
    if case.windows.vulnerable_until is not None:
        return []
    later = " A rotation before that hands out the new key too." if case.verdict in {KEY_EXPOSED, ATTEMPTED} else ""
    return [f"Upgrade: {FIXED}, or switch frontendApiProxy off.{later}"]


def _rotate(case: Case) -> list[str]:
    how = "deploy the new one, then revoke the old one"
    rotated = case.windows.key_rotated
    if case.verdict == KEY_EXPOSED:
        if case.after_rotation.height:
            return [f"Rotate the secret key again, after the upgrade: {how}. The new key leaked too."]
        if rotated is not None and not case.sent["time"].has_nulls():
            return ["Make sure that the old secret key is revoked: until then the leaked key works."]
        return [f"Rotate the secret key: {how}."]
    if case.possible.height:
        if rotated is not None and (case.possible["time"] < rotated).fill_null(value=False).all():
            return ["Make sure that the old secret key is revoked: it is possible that it was captured."]
        return [f"Rotate the secret key: {how}. It is possible that it was captured."]
    if case.verdict == INCOMPLETE:
        return [f"Rotate the secret key if the missing logs cannot be had: {how}."]
    if rotated is None:
        return [f"Rotate the secret key in any case, as the advisory advises: {how}."]
    return []


def _inside(case: Case) -> bool:
    kinds = {kind for events in (case.sent, case.possible) for kind in events["target_kind"].unique()}
    return bool(kinds - {None, "public", "canary", "single-label"})
