"""The paper's tables, made by running the bundles: ``python -m monai_scse.experiments``. Nothing else imports this."""

from __future__ import annotations
