"""Errors of a case as file, reason and cure."""

from __future__ import annotations

import pytest
import torch
from monai.transforms import Compose

from monai_scse.data import FAILURE_KEY, CaseDataset, CaseFailure
from monai_scse.runtime import InputError

SCAN = "/scans/a.nii.gz"


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (
            f"{SCAN}: empty, every voxel is 0; choose another scan.",
            (SCAN, "empty, every voxel is 0", "choose another scan."),
        ),
        ("/masks/a.nii.gz: of another shape; resample it.", ("/masks/a.nii.gz", "of another shape", "resample it.")),
        (f"{SCAN}: 4 volumes; 1 wanted; split it.", (SCAN, "4 volumes; 1 wanted", "split it.")),
        ("hu_offset: not a number; give one.", (SCAN, "hu_offset: not a number", "give one.")),
        ("nothing to say", (SCAN, "nothing to say", "")),
    ],
)
def test_input_errors_have_file_reason_and_cure(message: str, parts: tuple[str, str, str]) -> None:
    failure = CaseFailure.of(SCAN, InputError(message))
    assert (failure.case, failure.trace) == ("a", "")
    assert (failure.file, failure.reason, failure.cure) == parts


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        OSError(12, "Cannot allocate memory"),
    ],
)
def test_memory(error: Exception) -> None:
    failure = CaseFailure.of(SCAN, error)
    assert failure.reason == "needs more memory than is free"
    assert not failure.trace


def test_error_that_no_check_expects_keeps_its_trace() -> None:
    def fails(case: dict) -> dict:
        raise KeyError("spam")

    (item,) = CaseDataset([{"image": SCAN}], Compose([fails]))
    failure = CaseFailure(**item[FAILURE_KEY])
    assert failure.message == f"{SCAN}: KeyError: 'spam'; report it with the log."
    assert "in fails" in failure.trace


def test_case_fails_alone() -> None:
    def bright(case: dict) -> dict:
        if case["image"] == SCAN:
            raise InputError(f"{SCAN}: dark; light it.")
        return {"image": 1}

    cases = [{"image": "b.nii"}, {"image": SCAN}, {"image": "c.nii", "refused": "c.nii: of a cat; see a vet."}]
    first, second, third = CaseDataset(cases, Compose([bright]))
    assert first == {"image": 1}
    assert second[FAILURE_KEY]["reason"] == "dark"
    assert (third[FAILURE_KEY]["case"], third[FAILURE_KEY]["cure"]) == ("c", "see a vet.")
