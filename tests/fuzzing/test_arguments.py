"""Arguments of public classes: an error that names the argument, or an object that works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.data import MetaTensor
from monai.inferers import SimpleInferer

from monai_scse import inferers, transforms
from monai_scse.networks import blocks, nets

COUNT = st.integers(-1, 6)
ODD = st.sampled_from([None, "3", 2.5, float("nan"), True, (3,)])
NUMBER = st.one_of(st.sampled_from([0, -1, 1e-9, float("nan"), float("inf"), -float("inf")]), st.floats(0.5, 5))


def _network(kind: Any) -> Callable[[dict], None]:
    def works(arguments: dict) -> None:
        network = kind(**arguments).eval()
        shape = (2, arguments["in_channels"], *[16] * arguments["spatial_dims"])
        output = network(torch.rand(shape))
        assert output.shape == (2, arguments["out_channels"], *shape[2:])
        assert output.isfinite().all()

    return works


def _gate(kind: Any) -> Callable[[dict], None]:
    def works(arguments: dict) -> None:
        gate = kind(**arguments)
        features = torch.rand(2, arguments["in_channels"], *[4] * arguments["spatial_dims"])
        output = gate(features)
        assert output.shape == features.shape
        assert output.isfinite().all()

    return works


_SIZES = {"spatial_dims": st.integers(0, 4), "in_channels": COUNT}
_NETWORK = {
    **_SIZES,
    "out_channels": COUNT,
    "features": COUNT,
    "kernel_size": COUNT,
    "recal": st.sampled_from(["scse", None, "typo", ("scse", {"merge": "max"}), ("cse", {"typo": 1}), 3]),
    "dropout": st.sampled_from([0.0, 0.5, 1.0, -1.0, 2.0]),
}
_GATE = {**_SIZES, "reduction": st.one_of(COUNT, ODD)}
CLASSES: dict[str, tuple[dict[str, st.SearchStrategy[Any]], Callable[[dict], None]]] = {
    **{kind.__name__: (_NETWORK, _network(kind)) for kind in (nets.SEUNet, nets.SESDNet, nets.SEFCDenseNet)},
    "ChannelSqueezeExcite": (_GATE, _gate(blocks.ChannelSqueezeExcite)),
    "ProjectExcite": (_GATE, _gate(blocks.ProjectExcite)),
    "SpatialSqueezeExcite": (_SIZES, _gate(blocks.SpatialSqueezeExcite)),
    "SpatialChannelSqueezeExcite": (
        {**_GATE, "merge": st.sampled_from(["add", "max", "typo", None])},
        _gate(blocks.SpatialChannelSqueezeExcite),
    ),
}


def _scan() -> MetaTensor:
    return MetaTensor(torch.rand(1, 9, 8, 7), affine=torch.diag(torch.tensor([1.0, 2, 3, 1])))


def _keeps_shape(name: str) -> Callable[[dict], None]:
    def works(arguments: dict) -> None:
        result = getattr(transforms, name)("image", **arguments)({"image": _scan()})["image"]
        assert result.shape == (1, 9, 8, 7)
        assert result.isfinite().all()

    return works


def _stack(arguments: dict) -> None:
    result = transforms.StackAdjacentSlicesd("image", **arguments)({"image": _scan()})["image"]
    assert result.shape == (arguments["num_slices"], 9, 8, 7)


def _argmax(arguments: dict) -> None:
    inferer = inferers.ArgmaxSliceInferer(**arguments)
    assert inferer(_scan()[None], torch.nn.Identity()).shape == (1, 1, 9, 8, 7)


def _zoom(arguments: dict) -> None:
    inferer = inferers.AveragingInferer(SimpleInferer(), [inferers.IdentityPass(), inferers.ZoomPass(**arguments)])
    result = inferer(torch.rand(1, 2, 8, 8), torch.nn.Identity())
    assert result.shape[-2:] == (8, 8)
    assert result.isfinite().all()


CLASSES |= {
    "AntiAliasd": ({"pixdim": st.tuples(NUMBER, NUMBER, NUMBER)}, _keeps_shape("AntiAliasd")),
    "CheckHounsfieldd": ({"hu_offset": NUMBER}, _keeps_shape("CheckHounsfieldd")),
    "StackAdjacentSlicesd": ({"num_slices": COUNT, "spatial_dim": COUNT}, _stack),
    "ArgmaxSliceInferer": ({"spatial_dim": COUNT, "sw_batch_size": COUNT}, _argmax),
    "ZoomPass": ({"factor": NUMBER}, _zoom),
}


def check(name: str, arguments: dict) -> None:
    _, works = CLASSES[name]
    try:
        works(arguments)
    except (ValueError, TypeError) as error:
        refusal = str(error)
    else:
        return
    assert any(argument in refusal for argument in (*arguments, "'typo'")), refusal


def examples(name: str) -> st.SearchStrategy[dict]:
    return st.fixed_dictionaries(CLASSES[name][0])


@pytest.mark.parametrize("name", CLASSES)
@given(data=st.data())
@settings(derandomize=True, max_examples=12)
def test_any_argument(name, data):
    check(name, data.draw(examples(name)))


@pytest.mark.long
@pytest.mark.parametrize("name", CLASSES)
@given(data=st.data())
@settings(max_examples=1000)
def test_many_arguments(name, data):
    check(name, data.draw(examples(name)))
