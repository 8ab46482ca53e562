"""Audit access logs for CVE-2026-34076: was the Clerk-Secret-Key sent to a foreign host?"""

__version__ = "1.0.0"
