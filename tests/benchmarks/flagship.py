"""Time the flagship study as a user runs it: whole processes, after one warm-up.

Run with ``python tests/benchmarks/flagship.py [RUNS]``; prints the minimum, median and maximum wall time.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STUDY = ROOT / "studies" / "norfolk_early_intervention.yaml"


def once(folder: str) -> float:
    """Seconds of one run."""
    command = [sys.executable, "-m", "impact", "run", str(STUDY), "--models", "did,its", "--out", f"{folder}/out"]
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def main(runs: int) -> None:
    """Print the spread of the wall time."""
    with tempfile.TemporaryDirectory() as folder:
        once(folder)
        taken = [once(folder) for _ in range(runs)]
    print(f"flagship, did and its, {runs} runs: min {min(taken):.1f} s, median {statistics.median(taken):.1f} s, "
          f"max {max(taken):.1f} s")  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
