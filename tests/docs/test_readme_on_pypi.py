"""What the registry shows of the package: links and pictures of the repository lead nowhere there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_description_leads_to_no_file_of_the_repository() -> None:
    command = [sys.executable, "setup.py", "--long-description"]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "monai-scse segment brain" in text
    assert re.findall(r"!\[|\]\((?!https?://)[^)]*\)", text) == []
    assert "[MONAI](https://monai.io)" in text
