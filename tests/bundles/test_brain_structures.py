"""Other structures in the config of the brain bundle."""

from __future__ import annotations

import pandas as pd
from support.bundle_command import run_bundle


def test_user_with_other_structures_changes_the_config_alone(brain_bundle, labelled_dataset, tmp_path):
    table = [
        {"name": "right cerebral cortex", "colour": [205, 62, 78]},
        {"name": "left cerebral cortex", "colour": [205, 62, 78]},
        {"name": "4th ventricle", "colour": [42, 204, 164]},
    ]
    options = {
        "brain_structures": table,
        "dataset_dir": labelled_dataset,
        "ckpt_dir": tmp_path,
        "output_dir": tmp_path,
        "slice_size": [32, 32],
        "network_def__features": 4,
        "device": "cpu",
    }
    trained = run_bundle(brain_bundle, "train.json", cwd=tmp_path, epochs=1, validation_cases=0, **options)
    assert trained.returncode == 0, trained.stderr
    evaluated = run_bundle(brain_bundle, ["train.json", "evaluate.json"], cwd=tmp_path, **options)
    assert evaluated.returncode == 0, evaluated.stderr
    metrics = pd.read_csv(tmp_path / "metrics.csv").set_index("structure")["dice"]
    assert list(metrics.index[:3]) == [entry["name"] for entry in table]
    assert metrics["left cerebral cortex"].notna().all()
    assert metrics["4th ventricle"].isna().all() or (metrics["4th ventricle"].dropna() == 0).all()
