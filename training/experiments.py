"""
The experiments of docs/accuracy.md: trains the heads that are compared, equally long, on the same samples, and measures
each on the test samples, which chose nothing.

    python3 training/experiments.py --train features/train … --validation features/validation --test features/test \\
        --bundle models/glpose-movenet --out runs

A head that is there already is not trained again, and one that was stopped goes on. training/report.py makes the tables.
"""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent

# What differs from the head that ships: k = 4, n = 6, enhancement, 3×3.
HEADS = {
    "glpose": [],
    "single-frame": ["--k", "0", "--n", "0", "--no-enhancement", "--width", "48"],  # wider: about as many parameters a map
    "no-global": ["--n", "0"],
    "no-local": ["--k", "0"],
    "no-enhancement": ["--no-enhancement"],
    "second-look": ["--withhold", "0.25"],  # asked again without local frames where it is unsure
    "k-1": ["--k", "1"],
    "k-2": ["--k", "2"],
    "k-3": ["--k", "3"],
    "no-global-k-1": ["--k", "1", "--n", "0"],  # beside k-1 and k-2: windows that are no longer than the run
    "no-global-k-2": ["--k", "2", "--n", "0"],
    "n-1": ["--n", "1"],
    "n-2": ["--n", "2"],
    "n-3": ["--n", "3"],
    "n-4": ["--n", "4"],
    "n-5": ["--n", "5"],
    "mlp": ["--kernel", "1", "--no-enhancement"],  # the paper's reads S
    "kernel-5": ["--kernel", "5"],
    "channel": ["--similarity", "channel"],  # W_g per channel, the literal reading of Eq. 3
}


def run(arguments: argparse.Namespace, head: str, seed: int) -> None:
    out = arguments.out / f"{head}-{seed}"
    threads = ["--threads", str(arguments.threads)]
    if not (out / "bundle" / "config.json").exists():
        out.mkdir(parents=True, exist_ok=True)
        resume = ["--resume"] if (out / "last.pt").exists() else []
        samples = ["--train", *map(str, arguments.train), "--validation", *map(str, arguments.validation)]
        train = ["--bundle", str(arguments.bundle), "--out", str(out), "--epochs", str(arguments.epochs)]
        call("train.py", [*samples, *train, "--seed", str(seed), *HEADS[head], *resume, *threads], out / "train.txt")
    test = [str(out), "--samples", *map(str, arguments.test), *threads]
    forms = {"test": []}
    if head == "glpose" and seed == arguments.seeds[0]:
        forms |= {"test-warp": ["--warp"], "test-leak": ["--leak"]}
    for name, options in forms.items():
        if not (out / f"{name}.npz").exists():
            call("evaluate.py", [*test, *options, "--out", str(out / f"{name}.npz")], out / f"{name}.txt")
    print(f"{out}: done", flush=True)


def call(script: str, options: list[str], log: Path) -> None:
    with log.open("a") as stream:
        done = subprocess.run([sys.executable, str(HERE / script), *options], stdout=stream, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise SystemExit(f"{script} failed; see {log}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="folders of glpose features")
    parser.add_argument("--validation", type=Path, nargs="+", required=True)
    parser.add_argument("--test", type=Path, nargs="+", required=True)
    parser.add_argument("--bundle", type=Path, required=True, help="the bundle whose extractor made the features")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs, one folder <head>-<seed> each")
    parser.add_argument("--heads", nargs="+", choices=list(HEADS), default=list(HEADS), help="default: all")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="default: 0 1 2")
    parser.add_argument("--epochs", type=int, default=8, help="of every head (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="heads at a time (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each (default: %(default)s)")
    arguments = parser.parse_args()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        waiting = [pool.submit(run, arguments, head, seed) for seed in arguments.seeds for head in arguments.heads]
        for one in waiting:
            one.result()


if __name__ == "__main__":
    main()
