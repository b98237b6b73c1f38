"""What the site has beside docs/: pages and files of the repository that are linked to, and the reference.

A hook of MkDocs. Links in the pages are those of the repository, where they lead to files; here each becomes
the link to that file's place in the site. What a page links to, and the repository has, is in the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/**/*.md")  # beside those of docs/
METHODS = "labelworks/tasks/methods"
NOTEBOOK = "labelworks/flows/notebook"
# what a function of the front door gives back
RESULT = re.compile(r"^class (\w+)\((?:\w+, )?Shown\)", re.MULTILINE)
FLAT = "    options: {show_submodules: false, summary: {modules: false, classes: true, functions: true}}\n"
WHOLE = "    options: {heading_level: 3, inherited_members: true, summary: false}\n"
LINK = re.compile(r"(?<=\]\()(?!\w+:|#|/)([^)#\s]+)(?=[)#])")
FENCE = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)
AFAR = r"""=["']?(?:https?:)?//[^"'\s>]+"""
LOADED = re.compile(
    rf"<(?:script|img|iframe|source)\b[^>]*\bsrc{AFAR}|<link\b[^>]*\brel=[\"']?stylesheet[^>]*\bhref{AFAR}"
)


def on_config(config: Any) -> Any:
    """Name every page of the folders whose pages come and go."""
    config.nav += [
        {"Reference": list(reference())},
        {"Results": sorted(map(in_site, pages("benchmarks/**/*.md")))},
        {"Decisions": sorted(map(in_site, pages("docs/decisions/*.md")))},
        {"Taking part": ["CONTRIBUTING.md", "CHANGELOG.md"]},
    ]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that lie outside of docs/, what any page links to, and the reference."""
    for name in (page for pattern in PAGES for page in pages(pattern)):
        files.append(File.generated(config, in_site(name), abs_src_path=str(ROOT / name)))
    for name, text in reference().items():
        files.append(File.generated(config, name, content=text))
    known = set(files.src_uris)
    for page in list(files.documentation_pages()):
        for link in LINK.findall(FENCE.sub("", page.content_string)):
            name = target(in_repository(page.src_uri), link)
            if in_site(name) not in known and (ROOT / name).is_file():
                known.add(in_site(name))
                files.append(File.generated(config, in_site(name), abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn each link to a file of the repository into the link to its place in the site."""
    return relinked(markdown, page.file.src_uri)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Let no page load anything from another host."""
    if found := LOADED.search(output):
        raise PluginError(f"{page.file.src_uri} loads from another host: {found[0]}")
    return output


def relinked(markdown: str, uri: str) -> str:
    """The text of a page of the site, its links out of code turned to where the site has their files."""
    here = in_repository(uri)

    def turned(match: re.Match[str]) -> str:
        return posixpath.relpath(in_site(target(here, match[1])), posixpath.dirname(uri) or ".")

    parts = FENCE.split(markdown)
    return "".join(part if part.startswith("```") else LINK.sub(turned, part) for part in parts)


def target(page: str, link: str) -> str:
    """The file that a link of a page leads to, both by their places in the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def in_site(name: str) -> str:
    """Where the site has a file of the repository."""
    return "index.md" if name == "README.md" else name.removeprefix("docs/")


def in_repository(uri: str) -> str:
    """Where the repository has a file of the site."""
    if uri == "index.md":
        return "README.md"
    return uri if (ROOT / uri).is_file() else f"docs/{uri}"


def pages(pattern: str) -> list[str]:
    """Files of the repository by a pattern."""
    return [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob(pattern))]


def reference() -> dict[str, str]:
    """A page for the front door and one for each package of methods, by its name in the site."""
    packages = sorted(path.parent.name for path in (ROOT / METHODS).glob("*/__init__.py"))
    inner = {f"reference/{name}.md": _page(name, f"{METHODS.replace('/', '.')}.{name}") for name in packages}
    front = _page("labelworks", "labelworks") + FLAT + "\n## What they give\n\n" + "\n".join(_results())
    return {"reference/labelworks.md": front} | inner


def _results() -> list[str]:
    return [
        f"::: {'.'.join(path.relative_to(ROOT).with_suffix('').parts)}.{name}\n{WHOLE}"
        for path in sorted((ROOT / NOTEBOOK).rglob("*.py"))
        for name in RESULT.findall(path.read_text(encoding="utf-8"))
    ]


def _page(name: str, module: str) -> str:
    return f"# {name.replace('_', ' ').capitalize()}\n\n::: {module}\n"
