"""Links of a bundle's pages that hold where the bundle is alone."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!\w+:)([^)\s#]+)(#[^)\s]*)?\)")


def repository_url(setup_cfg: Path) -> str | None:
    """``Source`` of the project's URLs, or None.

    Args:
        setup_cfg: the file with the project's metadata.
    """
    parser = configparser.ConfigParser()
    parser.read(setup_cfg)
    lines = parser.get("metadata", "project_urls", fallback="").splitlines()
    urls = dict(map(str.strip, line.split("=", 1)) for line in lines if "=" in line)
    return urls.get("Source")


def links_from_anywhere(text: str, page: Path, bundle: Path, root: Path, url: str | None) -> str:
    """The text of a page whose links out of the bundle lead to the repository.

    Args:
        text: what the page says.
        page: the file, in the bundle in the repository.
        bundle: folder of the bundle.
        root: folder of the repository.
        url: where the files of the repository are, or None: then the text names the file in place of a link.
    """

    def replace(link: re.Match[str]) -> str:
        words, path, anchor = link.groups(default="")
        target = (page.parent / path).resolve()
        if target.is_relative_to(bundle.resolve()) or not target.is_relative_to(root.resolve()):
            return link[0]
        file = target.relative_to(root.resolve()).as_posix()
        return f"[{words}]({url}/{file}{anchor})" if url else f"{words} (`{file}` in the repository of monai_scse)"

    return _LINK.sub(replace, text)
