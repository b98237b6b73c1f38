"""Cost of one peer on the windows of benchmarks/shift_cost.py, run in the peers' own environment.

Both windows are loaded whole; at most LIMIT bytes of address space beyond the imports.
"""

import resource
import sys
import time
from pathlib import Path

import numpy as np
from shift_peers import peers

LIMIT = 10 * 2**30


def main(folder, K, name):
    status = Path("/proc/self/status").read_text()
    mapped = 1024 * int(status.split("VmSize:")[1].split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (mapped + LIMIT, mapped + LIMIT))
    base, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        labels = np.fromfile(folder / "source.i8", np.int64)
        source, target = (
            np.fromfile(folder / f"{each}.f32", np.float32).reshape(-1, K) for each in ("source", "target")
        )
        prior = np.asarray(peers(source, labels, False)[name]()(target))
    except Exception as error:
        print(
            f"| {name} | {time.process_time() - began:.1f} | {type(error).__name__}: {str(error)[:60]} | | |",
            flush=True,
        )
        return
    seconds = time.process_time() - began
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024
    truth = np.bincount(np.fromfile(folder / "target.i8", np.int64), minlength=K)
    wrong = np.abs(prior - truth / truth.sum()).sum()
    print(f"| {name} | {seconds:.1f} | {used:.0f} | {wrong:.4f} | |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
