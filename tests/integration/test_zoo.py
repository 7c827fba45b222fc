"""What ``make zoo`` builds: archives, and variants of the bundles that run where monai_scse is not installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import monai.bundle
import nibabel
import numpy as np
import pytest
import torch
from monai.bundle import ConfigWorkflow
from support.bundle_command import run_verb
from support.hub_server import fake_hub
from support.phantom_brains import phantom, save_case

from monai_scse.synthetic.ct.torso import synthetic_ct

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PUSH = ROOT / "integrations/zoo/push_to_hub.py"
CHECK_WORKFLOW = """
def check_workflow(workflow, check_properties=False):
    workflow.initialize()
    if check_properties and (missing := workflow.check_properties()):
        raise ValueError(missing)
    workflow.run()
    workflow.finalize()
"""
RUNNER = """
import os, sys, unittest
sys.path.append(os.path.dirname(__file__))
tests = unittest.TestLoader().loadTestsFromName(f"test_{sys.argv[1]}")
sys.exit(not unittest.TextTestRunner().run(tests).wasSuccessful())
"""
VERIFY = """
import sys
sys.path.insert(0, sys.argv[1])
from monai.bundle import ckpt_export, verify_metadata, verify_net_in_out
bundle, metadata, out = sys.argv[1:]
files = {"meta_file": metadata, "config_file": f"{bundle}/configs/inference.json", "bundle_root": bundle}
verify_metadata(meta_file=metadata, filepath=f"{out}/eval/schema.json")
verify_net_in_out(net_id="network_def", **files)
ckpt_export(net_id="network_def", filepath=f"{out}/model.ts", ckpt_file=f"{bundle}/models/model.pt", **files)
"""


def version_of(bundle: Path) -> str:
    return json.loads((bundle / "configs/metadata.json").read_text())["version"]


def build(output_dir: Path) -> Path:
    command = [sys.executable, str(ROOT / "integrations/zoo/build.py"), "--output_dir", str(output_dir)]
    subprocess.run(command, check=True, capture_output=True)
    return output_dir


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def zoo(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zoo's root, with the self-contained variants in models/ and the unit tests in ci/."""
    root = tmp_path_factory.mktemp("zoo")
    for archive in dist.glob("*_self_contained_*.zip"):
        zipfile.ZipFile(archive).extractall(root / "models")
    tests = root / "ci/unit_tests"
    tests.mkdir(parents=True)
    (tests / "utils.py").write_text(CHECK_WORKFLOW)  # these two do what files of their names do in the zoo
    (tests / "runner.py").write_text(RUNNER)
    for test in dist.glob("test_*.py"):
        shutil.copy(test, tests)
    return root


@pytest.fixture(params=sorted(path.name for path in (ROOT / "bundles").glob("*_segmentation")))
def bundle(request: pytest.FixtureRequest) -> Path:
    return ROOT / "bundles" / request.param


def run_without_the_package(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Python with the installed packages but for those installed in place, of which monai_scse is one."""
    paths = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    return subprocess.run(
        [sys.executable, "-S", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.fixture(scope="module", autouse=True)
def _without_the_package(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("empty")
    done = run_without_the_package(["-c", "import monai_scse"], folder)
    if "No module named 'monai_scse'" not in done.stderr:
        pytest.skip("monai_scse is installed in site-packages; install it in place: pip install -e .")


def test_archives_hold_the_bundle_in_small_files(dist, bundle):
    tracked = subprocess.run(["git", "ls-files", "--", str(bundle)], cwd=ROOT, capture_output=True, text=True).stdout
    expected = {str(Path(name).relative_to("bundles")) for name in tracked.splitlines()}
    if not expected:
        pytest.skip("no git checkout")
    for kind in ("", "_self_contained"):
        with zipfile.ZipFile(dist / f"{bundle.name}{kind}_v{version_of(bundle)}.zip") as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        assert max(sizes.values()) < 25_000_000
        assert {name for name in sizes if "/scripts/" not in name} == expected
        assert any("/scripts/" in name for name in sizes) == bool(kind)


def test_the_same_bundle_gives_the_same_archive(dist, tmp_path):
    again = build(tmp_path)
    for archive in dist.glob("*.zip"):
        assert archive.read_bytes() == (again / archive.name).read_bytes()


def test_missing_weights_are_told_in_one_line(tmp_path):
    (tmp_path / "bundle").mkdir()
    command = [sys.executable, str(ROOT / "integrations/zoo/build.py"), "--bundles", str(tmp_path / "bundle")]
    done = subprocess.run([*command, "--output_dir", str(tmp_path / "dist")], capture_output=True, text=True)
    assert done.returncode == 1
    weights = tmp_path / "bundle/models/model.pt"
    assert done.stderr == f"error: {weights}: the weights are missing; train the bundle first.\n"
    assert not (tmp_path / "dist").exists()


def test_self_contained_variant_names_nothing_of_the_package(zoo, bundle):
    variant = zoo / "models" / bundle.name
    for config in (variant / "configs").rglob("*"):
        if config.suffix in (".json", ".yaml") and config.name != "metadata.json":
            assert "monai_scse" not in config.read_text()
    assert "monai-scse" not in json.loads((variant / "configs/metadata.json").read_text())["required_packages_version"]
    assert "needs no monai_scse" in (variant / "docs/README.md").read_text()


def test_unit_test_of_the_zoo_passes_without_the_package(zoo, bundle):
    done = run_without_the_package(["ci/unit_tests/runner.py", bundle.name], zoo)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Ran 2 tests" in done.stderr


def test_what_the_zoo_verifies_holds_without_the_package(zoo, bundle, metadata_schema, tmp_path):
    """As its ci/verify_bundle.py does it, but for the address of the schema."""
    variant = zoo / "models" / bundle.name
    metadata = json.loads((variant / "configs/metadata.json").read_text())
    (tmp_path / "metadata.json").write_text(json.dumps({**metadata, "schema": metadata_schema}))
    done = run_without_the_package(["-c", VERIFY, str(variant), str(tmp_path / "metadata.json"), str(tmp_path)], zoo)
    assert done.returncode == 0, done.stderr[-3000:]
    exported = torch.jit.load(tmp_path / "model.ts").state_dict()
    weights = torch.load(variant / "models/model.pt", weights_only=True)
    assert all(torch.equal(exported[name], value) for name, value in weights.items())


def test_self_contained_variant_segments_like_the_bundle(zoo, bundle, tmp_path):
    options = {"dataset_dir": str(tmp_path / "images"), "device": "cpu", "slice_size": [32, 32]}
    if bundle.name.startswith("brain"):
        save_case(tmp_path, "case", *phantom(0))
    else:
        options["spacing"] = [9, 9, 9]
        ct = synthetic_ct(0, spacing=(9, 9, 9), field_of_view="abdomen")
        (tmp_path / "images").mkdir()
        nibabel.save(nibabel.Nifti1Image(ct.image, ct.affine), tmp_path / "images/case.nii.gz")
    command = ["-m", "monai.bundle", "run", "--config_file", "configs/inference.json"]
    for name, value in {**options, "output_dir": tmp_path / "variant", "report": True}.items():
        command += [f"--{name}", str(value)]
    done = run_without_the_package(command, zoo / "models" / bundle.name)
    assert done.returncode == 0, done.stderr[-3000:]
    config = str(bundle / "configs/inference.json")
    workflow = ConfigWorkflow(
        config, workflow_type="infer", bundle_root=str(bundle), output_dir=str(tmp_path / "bundle"), **options
    )
    workflow.initialize()
    workflow.run()
    for name in ("case_volumes.csv", "volumes.csv", "case_overlay.png"):
        assert (tmp_path / "variant" / name).read_bytes() == (tmp_path / "bundle" / name).read_bytes()
    assert (tmp_path / "variant/case_report.html").stat().st_size > 2_000_000  # the viewer is in it
    first, second = (nibabel.load(tmp_path / kind / "case_seg.nii.gz") for kind in ("variant", "bundle"))
    assert first.header == second.header
    np.testing.assert_array_equal(np.asarray(first.dataobj), np.asarray(second.dataobj))
    assert np.unique(np.asarray(first.dataobj)).size >= 3


def test_download_from_a_file_url_and_load(dist, bundle, tmp_path):
    archive = dist / f"{bundle.name}_v{version_of(bundle)}.zip"
    done = run_verb("download", tmp_path, name=bundle.name, bundle_dir=tmp_path, url=archive.as_uri())
    assert done.returncode == 0, done.stderr
    network = monai.bundle.load(bundle.name, bundle_dir=str(tmp_path), device="cpu")
    weights = torch.load(bundle / "models/model.pt", weights_only=True)
    assert network.state_dict().keys() == weights.keys()
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())


def test_push_to_the_hub_and_download_from_it(dist, bundle, tmp_path):
    pytest.importorskip("huggingface_hub")
    version = version_of(bundle)
    archive = dist / f"{bundle.name}_v{version}.zip"
    with fake_hub() as hub:
        env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_made_up", "HF_HOME": str(tmp_path / "home")}
        command = [sys.executable, str(PUSH), str(archive), "--repo", "group/name"]
        pushed = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
        assert pushed.returncode == 0, pushed.stderr[-3000:]
        assert pushed.stdout.splitlines()[-1] == f"pushed {bundle.name} {version} to group/name"
        assert hub.repos == {"group/name": True}
        assert hub.tags == [version, "latest_version"]
        assert hub.tokens == {"Bearer hf_made_up"}
        with zipfile.ZipFile(archive) as packed:
            sent = {entry.removeprefix(f"{bundle.name}/"): packed.read(entry) for entry in packed.namelist()}
        card = hub.files["README.md"].decode()
        assert {name: content for name, content in hub.files.items() if name != "README.md"} == sent
        assert card.startswith("---\ntags:\n- monai\n")
        weights_license = "cc-by-nc-3.0" if bundle.name.startswith("brain") else "apache-2.0"
        assert card.endswith(f"\nlicense: {weights_license}\n---\n{sent['docs/README.md'].decode()}")

        command = [sys.executable, "-m", "monai.bundle", "download", "--source", "huggingface_hub"]
        command += ["--repo", "group/name", "--name", bundle.name, "--bundle_dir", str(tmp_path)]
        downloaded = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
        assert downloaded.returncode == 0, downloaded.stderr[-3000:]
    for name, content in sent.items():
        assert (tmp_path / bundle.name / name).read_bytes() == content


def test_archive_that_names_no_licence_of_its_weights_is_not_pushed(tmp_path):
    pytest.importorskip("huggingface_hub")
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as archive:
        archive.writestr("bundle/configs/metadata.json", '{"version": "1.0.0"}')
    command = [sys.executable, str(PUSH), str(tmp_path / "bundle.zip"), "--repo", "group/name"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    cure = "metadata.json has no weights_license; add it, for example apache-2.0."
    assert done.stderr.splitlines()[-1] == f"error: {tmp_path / 'bundle.zip'}: {cure}"
