"""Train, evaluate and inference of a bundle in the form of the model zoo's unit tests.

``make zoo`` writes it beside the archives as ``test_<bundle>.py``, to be put into the zoo's ``ci/unit_tests``, whose
runner starts it in the zoo's root. The file's name says which bundle is tested.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import unittest

import nibabel as nib
import numpy as np
from monai.bundle import ConfigWorkflow
from utils import check_workflow

BUNDLE_ROOT = os.path.join("models", os.path.splitext(os.path.basename(__file__))[0].removeprefix("test_"))
sys.path.insert(0, BUNDLE_ROOT)  # scripts/ of the self-contained variant
LABELS = {"label_protocol": "classes"} if "brain" in BUNDLE_ROOT else {}  # class indices in both bundles


class TestBundle(unittest.TestCase):
    """The three configs on random volumes."""

    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.dataset_dir = os.path.join(self.folder, "data")
        random = np.random.default_rng(0)
        for part, low, high in (("images", -1000, 400), ("labels", 0, 3)):
            os.makedirs(os.path.join(self.dataset_dir, part))
            for case in range(3):
                volume = random.integers(low, high, (40, 36, 12)).astype(np.int16)
                affine = np.diag([3.0 if "ct" in BUNDLE_ROOT else 1.0] * 3 + [1.0])
                nib.save(nib.Nifti1Image(volume, affine), os.path.join(self.dataset_dir, part, f"case{case}.nii.gz"))

    def tearDown(self) -> None:
        shutil.rmtree(self.folder)

    def _check(self, workflow_type: str, *names: str, **override: object) -> None:
        configs = os.path.join(BUNDLE_ROOT, "configs")
        workflow = ConfigWorkflow(
            workflow_type=workflow_type,
            config_file=[os.path.join(configs, f"{name}.json") for name in names],
            logging_file=os.path.join(configs, "logging.conf"),
            meta_file=os.path.join(configs, "metadata.json"),
            bundle_root=BUNDLE_ROOT,
            output_dir=os.path.join(self.folder, "eval"),
            slice_size=[32, 32],
            **override,
        )
        check_workflow(workflow, check_properties=True)

    def test_train_eval_config(self) -> None:
        """Train for an epoch, and evaluate what was trained."""
        ckpt_dir = os.path.join(self.folder, "models")
        shared = {"dataset_dir": self.dataset_dir, "ckpt_dir": ckpt_dir, **LABELS}
        self._check("train", "train", epochs=1, validation_cases=["case2"], **shared)
        assert os.path.isfile(os.path.join(ckpt_dir, "model.pt"))
        self._check("train", "train", "evaluate", **shared)
        assert os.path.isfile(os.path.join(self.folder, "eval", "metrics.csv"))

    def test_infer_config(self) -> None:
        """Segment with the weights of the bundle."""
        self._check("infer", "inference", dataset_dir=os.path.join(self.dataset_dir, "images"))
        assert os.path.isfile(os.path.join(self.folder, "eval", "case0_seg.nii.gz"))


if __name__ == "__main__":
    unittest.main()
