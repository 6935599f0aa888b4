"""Compare the product with the reference on many generated cases: `run.py COUNT [FIRST]`.

Odd seeds make cases of the rules' own generator, even ones hostile cases. Exit status 1 if any differs.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "rules")]

from casemaker import Maker  # noqa: E402

from reference.compare import differences  # noqa: E402
from reference.hostile import HostileCases  # noqa: E402

SHOWN = 3


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    failed = 0
    for seed in range(first, first + count):
        maker = Maker(seed) if seed % 2 else HostileCases(seed)
        found = differences(maker.document())
        if found:
            failed += 1
            print(f"seed {seed}:")
            for path, reference, product in found[:SHOWN]:
                print(f"  {path}: reference {reference}, product {product}")
    print(f"{count} cases, {failed} differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
