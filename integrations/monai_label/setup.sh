#!/usr/bin/env bash
# Sets up .venv-label, an environment of its own for MONAI Label: its dependencies differ from those of this package.
set -euo pipefail
cd "$(dirname "$0")/../.."
python="${PYTHON:-python3.11}"
[ -x .venv-label/bin/python ] || "$python" -m venv .venv-label
pip=".venv-label/bin/python -m pip install --quiet --disable-pip-version-check"
$pip -r integrations/monai_label/requirements.txt
$pip --no-deps monailabel==0.8.5 pydicom-seg==0.4.1
$pip --no-deps -e .
cp integrations/monai_label/sitecustomize.py "$(.venv-label/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
