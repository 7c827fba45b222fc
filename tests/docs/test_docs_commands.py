"""The commands in README, docs and the bundles' READMEs name files, options and config entries that are there."""

from __future__ import annotations

import ast
import configparser
import inspect
import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from string import Template

import monai.bundle
import pytest
from click.testing import CliRunner
from monai.bundle import ConfigParser
from torch.distributed.run import get_args_parser

from monai_scse.cli import main

ROOT = Path(__file__).parents[2]
BUNDLES = sorted((ROOT / "bundles").glob("*_segmentation"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *(bundle / "docs/README.md" for bundle in BUNDLES)]
READ = ("--config_file", "--meta_file", "--ckpt_file", "--logging_file")  # options that name files to read


def commands(text: str) -> Iterator[list[str]]:
    """The words of every command in the blocks for a shell, the assignments of a block put in."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        if language not in ("", "bash"):
            continue
        variables: dict[str, str] = {}
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(Template(line).safe_substitute(variables), comments=True)
            while words and re.fullmatch(r"\w+=.*", words[0]):
                name, value = words.pop(0).split("=", 1)
                variables[name] = value
            if words:
                yield words[1:] if words[0] == "srun" else words


def faults_of_pip(words: list[str]) -> Iterator[str]:
    """Extras and files that pip is given, of this package."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    for option, value in options_of(words, "-c").items():
        if option == "-c" and not (ROOT / value).is_file():
            yield f"no file {value}"
    for extras in re.findall(r"\.\[([\w,]+)\]", " ".join(words)):
        yield from (f"no extra {name}" for name in extras.split(",") if name not in setup["options.extras_require"])


def options_of(words: list[str], pattern: str = r"--\w") -> dict[str, str]:
    """Options with the word behind each. What follows an option's first value is left out."""
    return {word: following for word, following in zip(words, [*words[1:], ""]) if re.match(pattern, word)}


def config_entries(files: list[Path]) -> set[str]:
    parser = ConfigParser()
    parser.read_config([str(file) for file in files])
    return {name.lstrip("+").split("#")[0] for name in parser.get()}


def faults_of_bundle_command(words: list[str], bundle: Path) -> Iterator[str]:
    verb, options = words[0], options_of(words[1:])
    function = getattr(monai.bundle, {"init": "init_bundle"}.get(verb, verb), None)
    if function is None:
        yield f"no verb {verb}"
        return
    known, configs = {f"--{name}" for name in inspect.signature(function).parameters}, []
    for option in options.keys() & set(READ):
        value = options[option]
        for name in ast.literal_eval(value) if value.startswith("[") else [value]:
            found = [folder / name for folder in (bundle, ROOT, ROOT / "docs/examples") if (folder / name).is_file()]
            if not found:
                yield f"no file {name} in {bundle.name}"
            elif option == "--config_file":
                configs.append(found[0])
    entries = {f"--{name}" for name in config_entries(configs)} if "--override" in known and configs else set()
    for option in options.keys() - known:
        if option.split("#")[0] not in entries:
            yield f"{option} is no option of {verb} and no entry of {[file.name for file in configs]}"


def faults_of_script(script: Path, words: list[str]) -> Iterator[str]:
    if not script.is_file():
        yield f"no file {script}"
        return
    source = script.read_text()
    known = set(re.findall(r'add_argument\(\s*"(--[\w-]+)"', source))
    if "parse_known_args" in source:  # for other programs, which the docstring names, and the bundles' configs
        known |= set(re.findall(r"--[\w-]+", ast.get_docstring(ast.parse(source))))
        known |= {f"--{name}" for bundle in BUNDLES for name in config_entries([bundle / "configs/train.json"])}
    for option in options_of(words).keys() - known:
        yield f"{script.name} has no option {option}"


def faults_of_module(module: str, words: list[str], bundles: list[Path]) -> Iterator[str]:
    if module == "monai.bundle":
        for bundle in bundles:
            yield from faults_of_bundle_command(words, bundle)
    else:
        package = find_spec(module).submodule_search_locations is not None
        yield from faults_of_script(Path(find_spec(f"{module}.__main__" if package else module).origin), words)


def faults_of_monai_scse(words: list[str]) -> Iterator[str]:
    if words[0].startswith("-"):
        return
    if (command := main.commands.get(words[0])) is None:
        yield f"monai-scse has no command {words[0]}"
        return
    known = {"-h", "--help"} | {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    for word in words[1:]:
        if word.startswith("-") and word.partition("=")[0] not in known:
            yield f"monai-scse {words[0]} has no option {word}"


def faults(words: list[str], bundles: list[Path]) -> Iterator[str] | None:
    """What is wrong with a command, None for a program of others."""
    program = words[0]
    if Path(program).name == "python":
        if words[1] == "-m":
            return faults_of_module(words[2], words[3:], bundles)
        return faults_of_script(ROOT / words[1], words[2:])
    if program == "monai-scse":
        return faults_of_monai_scse(words[1:])
    if program == "pip":
        return faults_of_pip(words[1:])
    if program == "torchrun":
        arguments = get_args_parser().parse_args(words[1:])
        return faults_of_module(arguments.training_script, arguments.training_script_args, bundles)
    if program == "make":
        rules = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        return (f"no target {target} in the Makefile" for target in words[1:] if target not in rules)
    if program.endswith(".sh"):
        return (f"no file {program}" for _ in [0] if not (ROOT / program).is_file())
    return None


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def dry_run(words: list[str]) -> list[str]:
    """The bundle's command that a command of monai-scse stands for, its files made in the current folder."""
    task = next((index for index, word in enumerate(words) if word in ("brain", "body")), None)
    assert task is not None, shlex.join(words)
    for word in words[task + 1 :]:
        if word.startswith("-"):
            break
        (Path.cwd() / word).mkdir(parents=True, exist_ok=True)
    for option in ("--weights", "--brain-mask"):
        if option in words:
            path = Path(words[words.index(option) + 1])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(exist_ok=True) if option == "--brain-mask" else path.touch()
    result = CliRunner().invoke(main, [*words, "--dry-run"])
    assert result.exit_code == 0, result.output
    return shlex.split(result.output)


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_values_of_commands_are_of_the_bundle(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in commands(page.read_text()):
        if words[:2] in (["monai-scse", "segment"], ["monai-scse", "train"], ["monai-scse", "evaluate"]):
            if {"--series", "--list-series"}.intersection(words) or "$(ls" in words:
                continue  # they need a DICOM folder, or a shell
            command = dry_run(words[1:])
            bundle = next(bundle for bundle in BUNDLES if bundle.name in " ".join(command))
            assert not list(faults(command, [bundle]))


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_commands_name_what_is_there(page: Path) -> None:
    text = page.read_text()
    bundles = [bundle for bundle in BUNDLES if bundle in page.parents] or [
        bundle for bundle in BUNDLES if bundle.name in text
    ]
    for words in commands(text):
        found = faults(words, bundles or BUNDLES)
        assert found is None or not list(found), shlex.join(words)


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("python -m monai.bundle run --config_file configs/train.json --epoch 3", "--epoch is no option of run"),
        (
            "python -m monai.bundle run --config_file \"['configs/train.json','configs/x.yaml']\"",
            "no file configs/x.yaml",
        ),
        ("python -m monai.bundle ckpt_export --net network_def", "--net is no option of ckpt_export"),
        ("torchrun --nproc_per_node 2 -m monai.bundle runs", "no verb runs"),
        ("python docs/examples/demo.py brain --output OUT", "demo.py has no option --output"),
        ("python docs/examples/federated_round.py --roundz 3", "federated_round.py has no option --roundz"),
        (".venv/bin/python -m experiments table1 --split 5", "__main__.py has no option --split"),
        ("monai-scse segmnt brain SCANS", "monai-scse has no command segmnt"),
        ("monai-scse segment brain SCANS --out OUT", "monai-scse segment has no option --out"),
        ("make demo-mr", "no target demo-mr"),
        ("pip install -c constraints.txt -e '.[onnx,openvinno]'", "no extra openvinno"),
        ("integrations/set_up.sh", "no file integrations/set_up.sh"),
    ],
)
def test_a_wrong_command_is_found(command: str, fault: str) -> None:
    (words,) = commands(f"```bash\n{command}\n```\n")
    assert fault in "\n".join(faults(words, BUNDLES))
