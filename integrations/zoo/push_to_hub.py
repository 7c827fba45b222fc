"""Push a bundle from its archive (``make zoo``) to the Hugging Face Hub.

    python integrations/zoo/push_to_hub.py dist/zoo/<archive>.zip --repo USER/NAME

The version of the metadata becomes a tag, and the latest version. The card of the repository is the bundle's, under the
licence that the metadata name for the weights. The repository is private by default. The token is the one of
``hf auth login`` or of the variable HF_TOKEN.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import zipfile
from pathlib import Path

from huggingface_hub import HfApi
from monai.bundle import push_to_hf_hub

HEAD = """---
tags:
- monai
- medical
library_name: monai
license: {}
---
"""


def main() -> None:
    """Push the card, then all else. The card that MONAI makes has the licence of the code, and stays here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--repo", required=True, help="USER/NAME")
    parser.add_argument("--public", action="store_true", help="a new repository can be seen by everybody")
    options = parser.parse_args()
    if not zipfile.is_zipfile(options.archive):
        sys.exit(f"error: {options.archive}: no archive of a bundle; make it with `make zoo`.")
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(options.archive) as packed:
            packed.extractall(folder)
        (bundle,) = Path(folder).iterdir()
        metadata = json.loads((bundle / "configs" / "metadata.json").read_text())
        if "weights_license" not in metadata:
            sys.exit(f"error: {options.archive}: metadata.json has no weights_license; add it, for example apache-2.0.")
        version = metadata["version"]
        card = HEAD.format(metadata["weights_license"]) + (bundle / "docs" / "README.md").read_text()
        hub = HfApi()
        hub.create_repo(options.repo, private=not options.public, exist_ok=True)
        hub.upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id=options.repo)
        push_to_hf_hub(
            repo=options.repo,
            name=bundle.name,
            bundle_dir=folder,
            private=not options.public,
            version=version,
            tag_as_latest_version=True,
            ignore_patterns="README.md",
        )
    print(f"pushed {bundle.name} {version} to {options.repo}")


if __name__ == "__main__":
    main()
