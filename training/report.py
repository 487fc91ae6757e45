"""
The tables of docs/accuracy.md out of the runs of training/experiments.py.

    python3 training/report.py runs --plot docs/images/accuracy.png > tables.md

Figures are means over the seeds that are there, ± half the range between them. Intervals are 95 %, from drawing the test
videos anew (frames of one video are no independent evidence); differences are paired: both heads on the same draw.
"""

import argparse
from pathlib import Path

import numpy as np

from evaluate import Measured, average_precision, pck

KINDS = ("motion-blur", "defocus", "occlusion")
RUNS = (1, 3, 5, 9)
DRAWS = 2000
GROUPS = {
    "Head": ("nose", "neck", "head_top"),
    "Shoulder": ("left_shoulder", "right_shoulder"),
    "Elbow": ("left_elbow", "right_elbow"),
    "Wrist": ("left_wrist", "right_wrist"),
    "Hip": ("left_hip", "right_hip"),
    "Knee": ("left_knee", "right_knee"),
    "Ankle": ("left_ankle", "right_ankle"),
}
METHODS = {  # of the first table
    "extractor": "the extractor's own poses",
    "single-frame": "single-frame head",
    "single-frame averaged": "… its heat maps averaged over the window with W_l",
    "single-frame interpolated": "… its joints interpolated from outside the run",
    "glpose": "**GLPose**",
    "second-look": "… which may look again without local",
    "no-global": "without global",
    "no-local": "without local",
    "no-enhancement": "without enhancement",
}
ABLATIONS = {
    "k": {"no-local": "k = 0", "k-1": "k = 1", "k-2": "k = 2", "k-3": "k = 3", "glpose": "k = 4"},
    "n": {"no-global": "n = 0", **{f"n-{n}": f"n = {n}" for n in range(1, 6)}, "glpose": "n = 6"},
    "head and similarity": {
        "mlp": "1×1, reads S",
        "no-enhancement": "3×3, reads S",
        "glpose": "3×3",
        "kernel-5": "5×5",
        "channel": "3×3, W_g per channel",
    },
}
CLEAN = ("clean",)
FAULTY_KEY = tuple(f"{kind} 1" for kind in KINDS)


def faulty(run: int) -> tuple[str, ...]:
    return tuple(f"{kind} {run}" for kind in KINDS)


class Results:
    """What training/evaluate.py wrote of the runs: results[method][seed][condition]."""

    def __init__(self, folder: Path, file: str = "test.npz"):
        self.methods: dict[str, dict[int, dict[str, Measured]]] = {}
        self.videos: dict[str, np.ndarray] = {}
        self.joints: list[str] = []
        for path in sorted(folder.glob(f"*/{file}")):
            run, seed = path.parent.name.rsplit("-", 1)
            stored = np.load(path)
            self.joints = [str(name) for name in stored["joints"]]
            for key in stored.files:
                if not key.endswith("|distance"):
                    continue
                name, condition, _ = key.split("|")
                method = name.replace(path.parent.name, run, 1)
                measured = Measured(stored[key], stored[f"{name}|{condition}|score"])
                self.methods.setdefault(method, {}).setdefault(int(seed), {})[condition] = measured
                self.videos[condition] = stored[f"{name}|{condition}|videos"]

    def seeds(self, method: str) -> list[int]:
        return sorted(self.methods.get(method, {}))

    def values(self, method: str, conditions: tuple[str, ...], of) -> list[float]:
        """`of` each seed, averaged over the conditions; empty where a condition was not measured."""
        found = []
        for seed in self.seeds(method):
            measured = self.methods[method][seed]
            if all(condition in measured for condition in conditions):
                found.append(float(np.mean([of(measured[condition]) for condition in conditions])))
        return found


def cell(values: list[float]) -> str:
    if not values or np.isnan(values).any():
        return "–"
    spread = f"{(max(values) - min(values)) / 2:.1f}"
    return f"{np.mean(values):.1f}" + ("" if spread == "0.0" else f" ± {spread}")


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def overview(results: Results, methods: dict[str, str], of) -> str:
    columns = {"clean": CLEAN, "key": FAULTY_KEY, "3": faulty(3), "5": faulty(5), "9": faulty(9)}
    rows = [
        [text, *(cell(results.values(method, conditions, of)) for conditions in columns.values())]
        for method, text in methods.items()
        if results.seeds(method)
    ]
    return table(["", "clean", "degraded key", "run of 3", "run of 5", "run of 9"], rows)


def by_kind(results: Results) -> str:
    header = ["", *(f"{kind} {run}" for kind in KINDS for run in RUNS)]
    rows = [
        [text, *(cell(results.values(method, (c,), pck10)) for c in header[1:])]
        for method, text in METHODS.items()
        if results.seeds(method)
    ]
    return table(header, rows)


def by_joint(results: Results, conditions: tuple[str, ...]) -> str:
    def of_group(names: tuple[str, ...]):
        columns = [results.joints.index(name) for name in names if name in results.joints]
        return lambda measured: pck(measured.distance[:, columns], 0.1)

    rows = [
        [text, *(cell(results.values(m, conditions, of_group(g))) for g in GROUPS.values()), cell(results.values(m, conditions, pck10))]  # fmt: skip
        for m, text in METHODS.items()
        if results.seeds(m)
    ]
    return table(["", *GROUPS, "All"], rows)


def pck10(measured: Measured) -> float:
    return pck(measured.distance, 0.1)


def difference(a: Results, one: str, b: Results, other: str, conditions: tuple[str, ...]) -> str | None:
    """PCK@0.1 of `one` minus `other`, of the seeds that both have, with its interval."""
    seeds = [s for s in a.seeds(one) if s in b.seeds(other)]
    if not seeds or any(c not in a.methods[one][s] or c not in b.methods[other][s] for s in seeds for c in conditions):
        return None
    names = np.unique(a.videos[conditions[0]])
    chosen = np.random.default_rng(0).integers(0, len(names), (DRAWS, len(names)))
    total, drawn = 0.0, np.zeros(DRAWS)
    for seed in seeds:
        for condition in conditions:
            sides = []
            for results, method in ((a, one), (b, other)):
                distance, videos = results.methods[method][seed][condition].distance, results.videos[condition]
                hits = np.array([np.sum(distance[videos == v] < 0.1) for v in names], float)
                counts = np.array([np.sum(~np.isnan(distance[videos == v])) for v in names], float)
                sides.append((100 * hits.sum() / counts.sum(), 100 * hits[chosen].sum(1) / counts[chosen].sum(1)))
            total += sides[0][0] - sides[1][0]
            drawn += sides[0][1] - sides[1][1]
    parts = len(seeds) * len(conditions)
    low, high = np.percentile(drawn / parts, [2.5, 97.5])
    return f"{total / parts:+.1f} [{low:+.1f}, {high:+.1f}]"


def differences(results: Results) -> str:
    others = [m for m in METHODS if m != "glpose"]
    columns = {"clean": CLEAN, "key": FAULTY_KEY, "3": faulty(3), "5": faulty(5), "9": faulty(9)}
    rows = []
    for other in others:
        cells = [difference(results, "glpose", results, other, conditions) for conditions in columns.values()]
        if any(cells):
            rows.append([METHODS[other], *(c or "–" for c in cells)])
    return table(["GLPose minus", "clean", "degraded key", "run of 3", "run of 5", "run of 9"], rows)


def versus(title: str, a: Results, b: Results) -> str:
    columns = {"clean": CLEAN, "key": FAULTY_KEY, "3": faulty(3), "5": faulty(5), "9": faulty(9)}
    cells = [difference(a, "glpose", b, "glpose", conditions) or "–" for conditions in columns.values()]
    return table(["", "clean", "degraded key", "run of 3", "run of 5", "run of 9"], [[title, *cells]])


WHOLE_WINDOWS = {  # run as long as the window: averaged, without global, GLPose
    3: ("single-frame averaged k=1", "no-global-k-1", "k-1"),
    5: ("single-frame averaged k=2", "no-global-k-2", "k-2"),
    9: ("single-frame averaged", "no-global", "glpose"),
}


def whole_windows(results: Results) -> str:
    """Where nothing in the window is good: what is left are the global people."""
    rows = []
    for run, methods in WHOLE_WINDOWS.items():
        *others, glpose = methods
        minus = [difference(results, glpose, results, other, faulty(run)) or "–" for other in others]
        rows.append([f"k = {run // 2}, run of {run}", *(cell(results.values(m, faulty(run), pck10)) for m in methods), *minus])
    header = ["", "averaged over the window", "without global", "GLPose", "GLPose − averaged", "GLPose − without global"]
    return table(header, rows)


def plot(results: Results, file: Path) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(KINDS), figsize=(12, 4), sharey=True)
    styles = {
        "glpose": ("GLPose", "C3", "-"),
        "no-global": ("without global", "C1", "-"),
        "no-local": ("without local", "C2", "-"),
        "single-frame": ("single frame", "C0", "-"),
        "single-frame averaged": ("single frame, averaged", "C0", "--"),
        "single-frame interpolated": ("single frame, interpolated", "C0", ":"),
    }
    for axis, kind in zip(axes, KINDS):
        for method, (label, colour, line) in styles.items():
            points = [(0, results.values(method, CLEAN, pck10))]
            points += [(run, results.values(method, (f"{kind} {run}",), pck10)) for run in RUNS]
            points = [(run, np.mean(values)) for run, values in points if values]
            axis.plot(*zip(*points), line, color=colour, marker="o", markersize=3, label=label)
        axis.set(title=kind.replace("-", " "), xlabel="degraded frames about the key", xticks=[0, *RUNS])
        axis.grid(alpha=0.3)
    axes[0].set(ylabel="PCK@0.1", ylim=(0, 100))
    axes[-1].legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="the --out of training/experiments.py")
    parser.add_argument("--plot", type=Path, help="PCK over the length of the run, as a picture")
    arguments = parser.parse_args()
    results = Results(arguments.runs)
    warp, leak = Results(arguments.runs, "test-warp.npz"), Results(arguments.runs, "test-leak.npz")
    for method in results.methods:
        print(f"{method}: seeds {results.seeds(method)}")
    videos = len(np.unique(results.videos["clean"]))
    print(f"\n{len(results.videos['clean'])} key frames of {videos} videos\n\n### PCK@0.1\n")
    print(overview(results, METHODS, pck10))
    print("### PCK@0.2\n\n" + overview(results, METHODS, lambda measured: pck(measured.distance, 0.2)))
    print("### AP at 0.1\n\n" + overview(results, METHODS, lambda measured: average_precision(measured, 0.1)))
    print("### Differences, PCK@0.1\n\n" + differences(results))
    print("### Each kind of degradation, PCK@0.1\n\n" + by_kind(results))
    print("### Joint by joint, clean\n\n" + by_joint(results, CLEAN))
    print("### Joint by joint, degraded key\n\n" + by_joint(results, FAULTY_KEY))
    print("### Joint by joint, runs of 9\n\n" + by_joint(results, faulty(9)))
    for name, methods in ABLATIONS.items():
        print(f"### {name}, PCK@0.1\n\n" + overview(results, methods, pck10))
    print("### The whole window degraded, PCK@0.1\n\n" + whole_windows(results))
    print("### Exact minus warp, PCK@0.1\n\n" + versus("exact − warp", results, warp))
    print("### Candidates within the degraded run, PCK@0.1\n\n" + versus("with − without them", leak, results))
    if arguments.plot:
        plot(results, arguments.plot)


if __name__ == "__main__":
    main()
