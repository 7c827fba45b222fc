"""
A cohort's volumes by age
=========================

The table of volumes that ``monai-scse segment`` writes, joined with the ages of the persons.
"""

# %%
# Eleven persons of 18 to 90 years, official test scans of MALC 2012. ``volumes.csv`` is the table in the output folder
# of ``monai-scse segment brain SCANS -o OUT``, ``persons.csv`` has an age for each case.

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from scipy.stats import spearmanr

RESULTS = Path(sys.argv[0]).resolve().parents[3] / "results/malc2012_volumes"
volumes = pd.read_csv(RESULTS / "volumes.csv").pivot(index="case", columns="structure", values="volume_mm3")
persons = pd.read_csv(RESULTS / "persons.csv").set_index("case")
print(persons.join(volumes["left hippocampus"] / 1000).round(2).to_string())

# %%
# Heads differ in size. Each volume is therefore shown as a share of the intracranial volume, which
# :func:`monai_scse.metrics.estimated_intracranial_volume` estimates.

REGIONS = ("lateral ventricle", "cerebral cortex", "cerebral white matter", "hippocampus")
figure, panels = plt.subplots(1, len(REGIONS), figsize=(12, 3.2), layout="constrained")
for region, panel in zip(REGIONS, panels):
    both = volumes[f"left {region}"] + volumes[f"right {region}"]
    share = 100 * both / persons["intracranial_mm3"]
    correlation = spearmanr(persons["age"], share)
    panel.scatter(persons["age"], share, color="#1b6ca8")
    panel.set(title=region, xlabel="age", ylim=(0, 1.15 * share.max()))
    panel.text(0.05, 0.05, f"rank correlation {correlation.statistic:+.2f}", transform=panel.transAxes)
panels[0].set_ylabel("% of intracranial volume")
plt.show()

# %%
# *Each point is a person. Ventricles grow with age, cortex and hippocampus shrink.*
#
# Eleven persons are no norm: the spread at one age is not shown.
