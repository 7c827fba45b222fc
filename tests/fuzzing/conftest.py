"""Settings of the fuzzing: the same few examples at each commit, any and many in the long runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.tiny_runs import TinyRun

COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
settings.register_profile("fuzzing", **COMMON)
settings.load_profile("fuzzing")


@pytest.fixture(scope="session", params=["brain", "ct"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    return TinyRun(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scans")
