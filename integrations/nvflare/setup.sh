#!/usr/bin/env bash
# Sets up .venv-nvflare, an environment of its own: NVFlare pins web packages that the other tools of an environment move.
set -euo pipefail
cd "$(dirname "$0")/../.."
python="${PYTHON:-python3.11}"
[ -x .venv-nvflare/bin/python ] || "$python" -m venv .venv-nvflare
.venv-nvflare/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . nvflare==2.9.0
