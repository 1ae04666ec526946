"""`tinygrad-lite data`: which data sets are at hand, and fetching those that are not."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tinygrad_lite.datasets.catalogue import CATALOGUE, Entry
from tinygrad_lite.datasets.fetching import fetch
from tinygrad_lite.datasets.finding import find, places

__all__ = ["main", "parser"]

DESCRIPTION = """\
List the public data sets that are known by name, and where each was found: in the folder given, the one that
TINYGRAD_LITE_DATA names, or the one that `fetch` fills. `tinygrad-lite data fetch NAME` downloads one; a download
that was interrupted goes on where it stopped."""


def parser() -> argparse.ArgumentParser:
    """What the command understands.

    Example:
        >>> parser().parse_args(["fetch", "iris", "wine"]).names
        ['iris', 'wine']
    """
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument(
        "--folder", type=Path, default=argparse.SUPPRESS, help="where to look first, and where to put what is fetched"
    )
    made = argparse.ArgumentParser(
        prog="tinygrad-lite data",
        description=DESCRIPTION,
        parents=[folder],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = made.add_subparsers(dest="action", metavar="fetch")
    fetching = actions.add_parser(
        "fetch", parents=[folder], help="download data sets", description="Download data sets."
    )
    fetching.add_argument("names", nargs="+", choices=list(CATALOGUE), metavar="NAME", help=", ".join(CATALOGUE))
    fetching.add_argument(
        "--url", metavar="URL", help="a server of your own that has the files under their public names"
    )
    return made


def _listed(wanted: Entry, folder: Path | None) -> str:
    found = next(filter(None, (find(wanted, place) for place in places(folder))), None)
    if found is not None:
        where = str(found.paths[0] if len(found.paths) == 1 else found.folder)
    else:
        where = "not found; can be fetched" if wanted.public else "not found; `fetch` says how to make it"
    return f"{wanted.name:16} {wanted.title}\n{'':16} {where}"


def main(arguments: Sequence[str]) -> int:
    """List or fetch; returns the exit status: 0, 1 if a data set cannot be had, 130 when interrupted.

    Example:
        >>> main(["fetch", "rotten_tomatoes"])
        1
    """
    given = parser().parse_args(arguments)
    folder = getattr(given, "folder", None)
    if given.action is None:
        print("\n".join(_listed(wanted, folder) for wanted in CATALOGUE.values()))
        return 0
    try:
        for name in given.names:
            print(f"{name:16} {fetch(name, folder, base_url=given.url)}")
    except (ImportError, OSError, ValueError) as error:
        print(f"tinygrad-lite data: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntinygrad-lite data: interrupted; the next time it goes on from here", file=sys.stderr)
        return 130
    return 0
