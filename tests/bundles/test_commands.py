"""The commands in processes of their own, as a user types them. The other tests run them in process."""

from __future__ import annotations

import pytest
from support.bundle_command import bundle_options, spawn_verb


@pytest.mark.parametrize("bundle_name", ["brain_bundle", "ct_bundle"])
def test_run_ends_in_one_line_that_names_bad_input(bundle_name, tmp_path, request):
    options = bundle_options(request.getfixturevalue(bundle_name), "inference.json")
    done = spawn_verb("run", tmp_path, dataset_dir=tmp_path / "nowhere", output_dir=tmp_path, device="cpu", **options)
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "nowhere: no such " in errors[0]
    assert "Traceback" not in done.stderr


def test_verify_net_in_out(brain_bundle, tmp_path):
    files = {
        "config_file": brain_bundle / "configs/inference.json",
        "meta_file": brain_bundle / "configs/metadata.json",
    }
    done = spawn_verb("verify_net_in_out", tmp_path, net_id="network_def", **files)
    assert done.returncode == 0, done.stderr
