"""The same scan gives the same segmentation: again, with other threads, and in the runtimes that take over."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from support.bundle_command import export_network, run_bundle
from support.phantom_brains import phantom, save_case

from monai_scse.synthetic.ct.torso import synthetic_ct

pytestmark = pytest.mark.long

BUNDLES = Path(__file__).parents[2] / "bundles"
AGREE = "at least 99.9 % of the voxels are the same in float32"
#: what keeps the networks and their weights, and takes seconds
QUICK = {
    "brain_mri_scse_segmentation": {"mirror_every": 0, "slice_size": [64, 64]},
    "wholebody_ct_scse_segmentation": {"slice_size": [144, 144]},
}


@pytest.fixture(params=QUICK, scope="module")
def bundle(request: pytest.FixtureRequest) -> Path:
    return BUNDLES / request.param


@pytest.fixture(scope="module")
def scan(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scan")
    if bundle.name.startswith("brain"):
        save_case(folder, "case", *phantom(0))
    else:
        (folder / "images").mkdir()
        ct = synthetic_ct(0, spacing=(3, 3, 6), field_of_view="abdomen")
        nibabel.save(nibabel.Nifti1Image(ct.image, ct.affine), folder / "images/case.nii.gz")
    return folder / "images/case.nii.gz"


@pytest.fixture(scope="module")
def parser(bundle: Path) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config(str(bundle / "configs/inference.json"))
    parser.update({"bundle_root": str(bundle), "device": "cpu", "amp": False, **QUICK[bundle.name]})
    return parser


@pytest.fixture(scope="module")
def network(bundle: Path, parser: ConfigParser) -> torch.nn.Module:
    network = parser.get_parsed_content("network_def").eval()
    network.load_state_dict(torch.load(bundle / "models/model.pt", weights_only=True))
    return network


@pytest.fixture(scope="module")
def segment(parser: ConfigParser, scan: Path) -> Callable[[Callable], torch.Tensor]:
    """The class of each voxel by whatever runs the network, as the bundle's config prepares the scan."""
    image: MetaTensor = parser.get_parsed_content("preprocessing")({"image": str(scan)})["image"]

    def run(network: Callable) -> torch.Tensor:
        with torch.no_grad():
            output = parser.get_parsed_content("inferer")(image[None], network)
        return output[0] if output.shape[1] == 1 else output[0, :1]

    return run


@contextlib.contextmanager
def threads(number: int) -> Iterator[None]:
    kept = torch.get_num_threads()
    torch.set_num_threads(number)
    yield
    torch.set_num_threads(kept)


@pytest.fixture(scope="module")
def eager(network: torch.nn.Module, segment: Callable[[Callable], torch.Tensor]) -> torch.Tensor:
    """What PyTorch makes of the scan, with one thread."""
    with threads(1):
        return segment(network)


def assert_agree(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert expected.unique().numel() > 4  # structures were found
    assert (found == expected).float().mean() >= 0.999


@pytest.mark.situation("The same scan twice on a CPU", "the same segmentation and volumes to the last bit")
def test_same_scan_twice(bundle, scan, tmp_path):
    for name in ("first", "second"):
        options = {"dataset_dir": scan, "output_dir": tmp_path / name, "device": "cpu", **QUICK[bundle.name]}
        done = run_bundle(bundle, "inference.json", tmp_path, **options)
        assert done.returncode == 0, done.stderr
    first, second = (nibabel.load(tmp_path / name / "case_seg.nii.gz") for name in ("first", "second"))
    np.testing.assert_array_equal(np.asarray(first.dataobj), np.asarray(second.dataobj))
    assert first.header.binaryblock == second.header.binaryblock
    tables = [(tmp_path / name / "volumes.csv").read_text() for name in ("first", "second")]
    assert tables[0] == tables[1]


@pytest.mark.situation("A machine with another number of cores", AGREE)
def test_two_threads(network, segment, eager):
    with threads(2):
        assert_agree(segment(network), eager)


@pytest.mark.situation("The network exported as TorchScript or ONNX", AGREE)
def test_torchscript(bundle, segment, eager, tmp_path):
    scripted = torch.jit.load(export_network("ckpt_export", bundle, tmp_path / "model.ts")).eval()
    assert_agree(segment(scripted), eager)


@pytest.mark.situation("The network exported as TorchScript or ONNX", AGREE)
def test_onnx(bundle, segment, eager, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    axes = {name: {0: "batch", 2: "height", 3: "width"} for name in ("image", "pred")}
    options = {"input_names": ["image"], "output_names": ["pred"], "dynamic_axes": axes}
    file = export_network("onnx_export", bundle, tmp_path / "model.onnx", converter_kwargs=options)
    session = runtime.InferenceSession(file, providers=["CPUExecutionProvider"])

    def run(x: torch.Tensor) -> torch.Tensor:
        (output,) = session.run(None, {"image": torch.as_tensor(x).as_subclass(torch.Tensor).numpy()})
        return torch.from_numpy(output)

    assert_agree(segment(run), eager)
