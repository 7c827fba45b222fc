"""A job in NVFlare's simulator with two sites. Run by `make test-nvflare`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import torch
from support.small_cases import SMALL, save_small_cases

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-nvflare" / "bin" / "python"
SITES = ("one", "two")

pytestmark = pytest.mark.skipif(not PYTHON.is_file(), reason="NVFlare is not set up; run make test-nvflare")


def run_job(bundle: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(PYTHON), str(ROOT / "integrations/nvflare/job.py"), "--bundle", str(bundle)]
    command += ["--clients", *(str(folder / "two halves" / site) for site in SITES), *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=500, check=False)


def rounds_and_dice(output: str) -> list[tuple[int, str, float]]:
    lines = [line.partition("round ")[2] for line in output.splitlines() if "mean Dice of the shared weights" in line]
    return sorted(
        (int(line.split(",")[0]), line.split(", ")[1].split(":")[0], float(line.split()[-1])) for line in lines
    )


@pytest.mark.parametrize("name", SMALL)
def test_simulated_job_averages_the_weights_of_two_sites(name, tmp_path):
    for seed, site in enumerate(SITES):
        save_small_cases(name, tmp_path / "two halves" / site, [seed])
    options = [text for key, value in SMALL[name].items() for text in (f"--{key}", str(value))]
    bundle, out = ROOT / "bundles" / name, tmp_path / "out"
    done = run_job(bundle, tmp_path, "--output_dir", str(out), "--rounds", "2", "--network_def#features", "4", *options)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = rounds_and_dice(done.stdout + done.stderr)
    assert [entry[:2] for entry in seen] == [(0, "one"), (0, "two"), (1, "one"), (1, "two")]
    averaged = torch.load(out / "model.pt", weights_only=True)
    one, two = (torch.load(out / site / "model.pt", weights_only=True) for site in SITES)
    assert averaged.keys() == one.keys()
    # a site counts by its iterations, the same number in each round
    steps = [torch.load(out / site / "checkpoint.pt", weights_only=True)["iteration"] for site in SITES]
    share = steps[0] / sum(steps)
    for key, value in averaged.items():
        assert value.dtype == one[key].dtype
        if value.is_floating_point():
            torch.testing.assert_close(value, share * one[key] + (1 - share) * two[key], rtol=1e-4, atol=1e-5)
    assert not torch.equal(one["classifier.weight"], two["classifier.weight"])


def test_job_for_real_sites_is_written(tmp_path):
    bundle = ROOT / "bundles/wholebody_ct_scse_segmentation"
    done = run_job(bundle, tmp_path, "--export", "--export-dir", str(tmp_path / "job"))
    assert done.returncode == 0, done.stderr[-3000:]
    for site in SITES:
        job = tmp_path / "job" / bundle.name / f"app_{site}"
        assert f"two%20halves/{site} " in (job / "config/config_fed_client.json").read_text()
        assert {file.name for file in (job / "custom").rglob("*.py")} == {"client.py", "federated_round.py"}
    assert not (tmp_path / "federated").exists()


def test_output_folder_with_a_space_is_refused(tmp_path):
    done = run_job(ROOT / "bundles/wholebody_ct_scse_segmentation", tmp_path, "--output_dir", str(tmp_path / "my out"))
    assert done.returncode == 1
    assert "takes no spaces" in done.stderr
