"""
Puts the best head of a run into a bundle.

    python3 training/export.py runs/glpose --bundle models/glpose-movenet --out models/mine
"""

import argparse
from pathlib import Path

from bundle import extractor_of, write_bundle
from evaluate import load_run


def export(run: Path, bundle: Path, out: Path, *, name: str | None = None, m: int | None = None, second_look: float | None = None) -> None:  # fmt: skip
    """m: candidates that inference draws; second_look: see train.py. As the run has them where None. name: see write_bundle."""
    head, settings = load_run(run)
    if extractor_of(bundle) != settings["extractor"]:
        raise SystemExit(f"the head of {run} reads the features of another extractor than that of {bundle}")
    other = {part: value for part, value in (("m", m), ("second_look", second_look)) if value is not None}
    write_bundle(bundle, out, head, settings | other, name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a folder of training/train.py")
    parser.add_argument("--bundle", type=Path, required=True, help="the bundle whose extractor made the features")
    parser.add_argument("--out", type=Path, required=True, help="folder of the new bundle; may be --bundle itself")
    parser.add_argument("--m", type=int, help="candidates that inference draws; default: as many as the samples had")
    parser.add_argument("--second-look", type=float, help="mean score below which the head looks again without local frames; 0: never")
    arguments = parser.parse_args()
    export(arguments.run, arguments.bundle, arguments.out, m=arguments.m, second_look=arguments.second_look)


if __name__ == "__main__":
    main()
