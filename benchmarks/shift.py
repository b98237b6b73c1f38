"""Distribution shift: every benchmark of it by its name; without one, what there is and how it is called.

LABELWORKS_DATA=… python benchmarks/shift.py prior letter 20
LABELWORKS_DATA=… python benchmarks/shift.py drift cost
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from textwrap import indent

HERE = Path(__file__).parent
NO_BENCHMARK = ("data", "peers", "cost_peers", "drift_peers")  # what the others import or start


def benchmarks() -> dict[str, Path]:
    """The scripts by what comes after `shift_`."""
    found = {each.stem.removeprefix("shift_"): each for each in sorted(HERE.glob("shift_*.py"))}
    return {name: path for name, path in found.items() if name not in NO_BENCHMARK}


def main() -> int:
    """Start the one that is named, with what follows."""
    known = benchmarks()
    if len(sys.argv) > 1 and sys.argv[1] in known:
        return subprocess.run(
            [sys.executable, str(known[sys.argv[1]]), *sys.argv[2:]], check=False
        ).returncode
    for name, path in known.items():
        about = ast.get_docstring(ast.parse(path.read_text())) or ""
        print(name, indent(about, "    "), sep="\n", end="\n\n")
    return 0 if len(sys.argv) == 1 else 2


if __name__ == "__main__":
    sys.exit(main())
