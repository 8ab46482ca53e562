"""The incident: findings become events, incidents, a timeline and a verdict."""

from __future__ import annotations

from clerk_logscan.incident.investigation import investigate

__all__ = ["investigate"]
