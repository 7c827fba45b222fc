"""Segmenting scans from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .runtime import (
    BundleRun,
    CaseTables,
    InputError,
    check_device,
    check_output_dir,
    check_versions,
    contrast_configs,
    find_input_error,
    prepare_processor,
    read_weights,
)
from .runtime.arguments import check_list

if TYPE_CHECKING:
    import pandas
    from monai.data import MetaTensor

    from .labels import Structure
    from .reports import CasePage

__all__ = ["Segmentation", "Segmenter", "segment"]


@dataclass(frozen=True)
class Segmentation:
    """A segmented scan.

    Args:
        case: name of the case.
        classes: class indices on the grid of the scan, (1, x, y, z), with its affine.
        structures: names and colours of the classes, index 0 is background.
        window: intensities that the picture shows as black and as white. None chooses them for the scan.
        numbers: the number of each class in the file. None for the class indices.
        page: writes the report. None where there is none.
    """

    case: str
    classes: MetaTensor = field(repr=False)
    structures: tuple[Structure, ...] = field(repr=False)
    window: tuple[float, float] | None = field(default=None, repr=False)
    numbers: Sequence[int] | None = field(default=None, repr=False)
    page: CasePage | None = field(default=None, repr=False)

    @property
    def volumes(self) -> pandas.DataFrame:
        """A row for each structure, see :func:`monai_scse.reports.volume_table`."""
        import pandas

        from .reports import volume_table

        return pandas.DataFrame(volume_table(self.classes, self.structures))

    def save(self, folder: str | Path, report: bool = True) -> Path:
        """Write segmentation, table of volumes, picture and report, as the command does.

        Args:
            folder: folder that receives the files. It is made.
            report: whether to write the report, and that of all cases of the folder.

        Returns:
            the file of the segmentation.

        Raises:
            InputError: when a file cannot be written.
        """
        from .handlers import SegmentationReport
        from .reports import write_cohort_page
        from .transforms import SaveSegmentationd

        check_output_dir(folder)
        saved = SaveSegmentationd("pred", str(folder), self.numbers)({"pred": self.classes})["pred"]
        page = self.page if report else None
        SegmentationReport(str(folder), self.structures, window=self.window, page=page).save_case(saved)
        CaseTables(folder, "failure").remove(self.case)
        if page is not None:
            write_cohort_page(folder)
        return Path(folder) / f"{self.case}_seg.nii.gz"


class Segmenter:
    """A bundle that is loaded once, for any number of scans.

    Nearest is MONAI's ``ConfigWorkflow``, which loads a bundle for one run over a folder.

    Args:
        task: ``"brain"`` or ``"body"``.
        device: where the network runs. None takes a GPU where there is one.
        configs: further config files, of the bundle or others, for example ``"test_time_augmentation.yaml"``.
        entries: further values of config entries.

    Raises:
        InputError: when an entry, a file or the device does not exist.
    """

    def __init__(
        self,
        task: str,
        device: str | None = None,
        configs: Sequence[str] = (),
        entries: Mapping[str, Any] | None = None,
    ) -> None:
        from .reports import CasePage
        from .transforms import SaveSegmentationd

        run = BundleRun(task, ["inference.json", *configs], {"device": device, **(entries or {})})
        check_versions(run.folder)
        parser = run.parser()
        self._device = parser.get_parsed_content("device")
        check_device(self._device)
        prepare_processor()
        self._network = parser.get_parsed_content("network")
        path, hint = (parser.get_parsed_content(name) for name in ("ckpt_path", "ckpt_hint"))
        self._network.load_state_dict(read_weights(path, self._network, hint))
        self._preprocessing = parser.get_parsed_content("preprocessing")
        self._inferer = parser.get_parsed_content("inferer")
        self._postprocessing = parser.get_parsed_content("postprocessing")
        transforms = self._postprocessing.transforms
        self._postprocessing.transforms = [item for item in transforms if not isinstance(item, SaveSegmentationd)]
        self._numbers = next((item.numbers for item in transforms if isinstance(item, SaveSegmentationd)), None)
        self.modality = parser["_meta_"]["network_data_format"]["inputs"]["image"]["modality"]
        self.structures = tuple(parser.get_parsed_content("structures"))
        self.picture_window = parser.get_parsed_content("picture_window")
        self._page = CasePage(self.structures, str(run.folder), parser.get_parsed_content("weight_files"))

    def __call__(self, scan: str | Path) -> Segmentation:
        """Segment one scan.

        Args:
            scan: an image file, a folder with one, or a DICOM series, see :func:`monai_scse.data.image_cases`.

        Raises:
            InputError: when it is not one scan, cannot be read, or is refused.
        """
        from monai.data import DataLoader, Dataset
        from monai.engines import SupervisedEvaluator

        from .data import case_name, image_cases

        cases = image_cases(scan, self.modality)
        if len(cases) != 1:
            names = ", ".join(case_name(case["image"]) for case in cases)
            raise InputError(f"{scan}: holds {len(cases)} scans, {names}; give one of them.")
        try:
            sample = self._preprocessing(cases[0])
            evaluator = SupervisedEvaluator(
                self._device,
                DataLoader(Dataset([sample])),
                self._network,
                inferer=self._inferer,
                postprocessing=self._postprocessing,
            )
            evaluator.run()
        except Exception as error:
            if (input_error := find_input_error(error)) is None:
                raise
            raise input_error from None
        (output,) = evaluator.state.output
        case = case_name(cases[0]["image"])
        return Segmentation(case, output["pred"], self.structures, self.picture_window, self._numbers, self._page)


@lru_cache(maxsize=2)
def _segmenter(task: str, device: str | None, configs: tuple[str, ...], contrast: str | None) -> Segmenter:
    further, entries = contrast_configs(task, contrast)
    return Segmenter(task, device, [*further, *configs], entries)


def segment(
    scan: str | Path,
    task: str,
    device: str | None = None,
    configs: Sequence[str] = (),
    contrast: str | None = None,
) -> Segmentation:
    """Segment a scan. The weights are loaded once for many calls.

    Args:
        scan: an image file, a folder with one, or a DICOM series.
        task: ``"brain"``, 27 structures in T1-weighted MRI, or ``"body"``, ten organs in CT.
        device: where the network runs. None takes a GPU where there is one.
        configs: further config files, of the bundle or others, for example ``"test_time_augmentation.yaml"``.
        contrast: of a brain, ``"t1"``, ``"any"``, or ``"auto"`` to choose by the scan. None is ``"t1"``.

    Returns:
        ``classes`` on the grid of the scan, ``volumes`` as a table, and ``save`` to write files.

    Raises:
        InputError: when the scan is refused, or there is no such task, config, device or contrast.
    """
    check_list("configs", configs)
    return _segmenter(task, device, tuple(configs), contrast)(scan)
