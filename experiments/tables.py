"""The paper's table and the tests behind it, from the Dice of every case and structure."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from .combinations import ARCHITECTURES, RECALIBRATIONS
from .comparisons import holm, mean_interval, rank_biserial, signed_rank

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["comparison_table", "dice_table", "parameter_table", "structure_table"]

_NETWORK = ["architecture", "recal"]
# the better one expected, the one it is compared with
_PAIRS = [
    *(("cse", "none"), ("sse", "none"), ("scse", "none"), ("scse_max", "none")),
    *(("scse", "cse"), ("scse", "sse"), ("scse_max", "scse")),
]
_COMPARISON = [
    *("architecture", "recal", "than", "unit", "pairs", "gain", "effect_size", "p", "p_holm"),
    *("seeds", "gain_low", "gain_high"),
]


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of the paper."""
    wanted = [pair for pair in product(ARCHITECTURES, RECALIBRATIONS) if pair in table.index]
    return table.loc[wanted]


def _over_seeds(dice: pd.DataFrame) -> pd.DataFrame:
    """One value a case and structure: its mean over the seeds."""
    return dice.groupby([*_NETWORK, "case", "structure"], sort=False)["dice"].mean().reset_index()


def dice_table(dice: pd.DataFrame) -> pd.DataFrame:
    """Mean Dice of each network, as in the paper, and how it varies.

    Args:
        dice: columns architecture, recal, split, seed, case, structure, dice.

    Returns:
        indexed by architecture and recal. ``mean`` and ``std`` are over structures and subjects, seeds averaged first.
        ``std_subjects`` is of the subjects' means, ``std_seeds`` of the seeds' means. ``subjects`` and ``seeds`` are
        their numbers.
    """
    import pandas as pd

    averaged = _over_seeds(dice)
    subjects = averaged.groupby([*_NETWORK, "case"])["dice"].mean().groupby(level=_NETWORK)
    seeds = dice.groupby([*_NETWORK, "seed"])["dice"].mean().groupby(level=_NETWORK)
    grouped = averaged.groupby(_NETWORK)["dice"]
    columns = {
        "mean": grouped.mean(),
        "std": grouped.std(),
        "std_subjects": subjects.std(),
        "std_seeds": seeds.std(),
        "subjects": subjects.count(),
        "seeds": seeds.count(),
    }
    return _in_order(pd.DataFrame(columns))


def structure_table(dice: pd.DataFrame) -> pd.DataFrame:
    """Mean Dice of each structure, a row a structure, a column a network, over subjects and seeds."""
    means = _over_seeds(dice).groupby([*_NETWORK, "structure"], sort=False)["dice"].mean()
    return _in_order(means.unstack("structure")[list(dict.fromkeys(dice["structure"]))]).T


def parameter_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Parameters of each network, those of squeeze & excitation, and their share of the rest in percent.

    Args:
        runs: columns architecture, recal, parameters, se_parameters.
    """
    table = runs.groupby(_NETWORK)[["parameters", "se_parameters"]].first()
    table["added_percent"] = 100 * table["se_parameters"] / (table["parameters"] - table["se_parameters"])
    return _in_order(table)


def comparison_table(dice: pd.DataFrame) -> pd.DataFrame:
    """Wilcoxon's signed-rank test of recalibration against none, and of scSE against its parts.

    The unit ``subjects`` is a subject's mean Dice, whose pairs are independent. The unit ``structures and subjects`` is
    every structure of every subject, as in the paper. Its pairs of one subject depend on each other, so its p-values
    are too small. Holm's correction is over all tests of one unit. The interval is over seeds: 95 % for the mean gain
    of a further training.

    Args:
        dice: columns architecture, recal, split, seed, case, structure, dice.

    Returns:
        columns architecture, recal, than, unit, pairs, gain, effect_size, p, p_holm, seeds, gain_low, gain_high.
    """
    import pandas as pd

    rows = []
    each = dice.set_index([*_NETWORK, "split", "seed", "case", "structure"])["dice"].sort_index()
    for architecture, (recal, than) in product(ARCHITECTURES, _PAIRS):
        if not {(architecture, recal), (architecture, than)} <= set(each.index.droplevel([2, 3, 4, 5])):
            continue
        # only runs that both have, so that one unfinished fold or seed more does not tilt the comparison
        both = (each[architecture, recal] - each[architecture, than]).dropna()
        per_seed = both.groupby("seed").mean()
        low, high = mean_interval(per_seed)
        pairs = both.groupby(["case", "structure"]).mean()
        units = {"subjects": pairs.groupby("case").mean(), "structures and subjects": pairs}
        for unit, differences in units.items():
            rows.append(
                {
                    "architecture": architecture,
                    "recal": recal,
                    "than": than,
                    "unit": unit,
                    "pairs": len(differences),
                    "gain": differences.mean(),
                    "effect_size": rank_biserial(differences),
                    "p": signed_rank(differences),
                    "seeds": len(per_seed),
                    "gain_low": low,
                    "gain_high": high,
                }
            )
    table = pd.DataFrame(rows, columns=_COMPARISON)
    table["p_holm"] = table.groupby("unit")["p"].transform(holm)
    return table
