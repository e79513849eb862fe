from __future__ import annotations

import pytest

from tests.support.harness import FakeClock
from tests.support.judging import ScriptedJudge


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def judge() -> ScriptedJudge:
    return ScriptedJudge()
