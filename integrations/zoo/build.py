"""Build what the MONAI model zoo hosts: an archive of each bundle, and one that needs no monai_scse.

    python integrations/zoo/build.py --output_dir dist/zoo

``<name>_v<version>.zip`` is the bundle, with a file in place of each link to a shared config. Links of its pages to
files of the repository lead there by the URL ``Source`` of setup.cfg. Without that URL the text names the file.
``<name>_self_contained_v<version>.zip`` carries the modules that it needs in ``scripts/``. Both hold one folder named
like the bundle. ``test_<name>.py`` is its unit test in the form of the zoo's.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from links import links_from_anywhere, repository_url
from self_contained import make_self_contained

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns("__pycache__", "checkpoint.pt", "eval", "runs", ".*.part*", "*.plan")
WHEN = (2020, 1, 1, 0, 0, 0)  # the same bundle gives the same archive


def pack(bundle: Path, archive: Path) -> None:
    """Zip a bundle under its own name."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(file for file in bundle.rglob("*") if file.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(bundle.parent)), WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, file.read_bytes())


def build(bundle: Path, output_dir: Path) -> list[Path]:
    """Both archives of a bundle, and its unit test."""
    version = json.loads((bundle / "configs" / "metadata.json").read_text())["version"]
    url = repository_url(ROOT / "setup.cfg")
    files_url = url and f"{url}/blob/v{version}"
    archives = []
    output_dir.mkdir(parents=True, exist_ok=True)
    for kind in ("", "_self_contained"):
        with tempfile.TemporaryDirectory() as folder:
            # links to shared configs become files
            copy = Path(shutil.copytree(bundle, Path(folder) / bundle.name, symlinks=False, ignore=LEFT_OUT))
            for page in [*copy.glob("docs/*.md"), *copy.glob("docs/*.txt")]:
                original = bundle / page.relative_to(copy)
                page.write_text(links_from_anywhere(page.read_text(), original, bundle, ROOT, files_url))
            if kind:
                make_self_contained(copy, ROOT / "monai_scse")
            archives.append(output_dir / f"{bundle.name}{kind}_v{version}.zip")
            pack(copy, archives[-1])
    shutil.copyfile(Path(__file__).with_name("unit_test.py"), output_dir / f"test_{bundle.name}.py")
    return archives


def main() -> None:
    """Build the archives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output_dir", type=Path, default=Path("dist/zoo"), help="receives the archives")
    parser.add_argument("--bundles", type=Path, nargs="*", default=sorted((ROOT / "bundles").glob("*_segmentation")))
    options = parser.parse_args()
    for bundle in options.bundles:
        if not (bundle / "models" / "model.pt").is_file():
            sys.exit(f"error: {bundle / 'models' / 'model.pt'}: the weights are missing; train the bundle first.")
        for archive in build(bundle, options.output_dir):
            print(f"{archive}  {archive.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
