"""Links of the docs site to files of the repository that are no pages: they become the file's path."""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath
from typing import Any

LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<path>\.\./[^)#]+)(#[^)]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, **_: object) -> str:
    """Replace links that leave the folder of pages."""

    def named(link: re.Match[str]) -> str:
        target = normpath(join(dirname(page.file.src_uri), link["path"]))
        return f"{link['text']} (`{target.removeprefix('../')}`)" if target.startswith("../") else link[0]

    return LINK.sub(named, markdown)
