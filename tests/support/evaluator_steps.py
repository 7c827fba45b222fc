"""An evaluator without a network: its outputs are given, its events are those of MONAI's evaluators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ignite.engine import Engine
from monai.engines.utils import IterationEvents


def run_on_outputs(handler: Any, outputs: Sequence[dict[str, Any]]) -> Engine:
    """Attach a handler to an evaluator, and give it one output after another."""

    def step(engine: Engine, output: dict[str, Any]) -> list[dict[str, Any]]:
        engine.state.output = [output]
        engine.fire_event(IterationEvents.MODEL_COMPLETED)
        return engine.state.output

    engine = Engine(step)
    engine.register_events(*IterationEvents)
    handler.attach(engine)
    engine.run(list(outputs))
    return engine
