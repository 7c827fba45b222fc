"""The paper's tables, made by running the bundles: ``python -m experiments``. Nothing else imports this."""

from __future__ import annotations
