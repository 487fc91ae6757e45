"""
How good a head is: PCK of its joints on samples, clean and degraded, and what simple ways of using the neighbours give.

    python3 training/evaluate.py --samples features/test runs/glpose runs/single-frame
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model import Head, Shape, local_weights
from samples import CLEAN, Batches, Condition, Samples, decode

BATCH = 16


def distances(head: Head, batches: Batches, picks: list[tuple[int, Condition]]) -> np.ndarray:
    """[picks, K] distance of each joint to its label, in shares of the person's size; NaN where there is no label."""
    head.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(picks), BATCH):
            batch = batches.batch(picks[start : start + BATCH])
            parts.append(errors(decode(head(batch.key, batch.references, batch.weights)), batch.joints, batch.size))
    return np.concatenate(parts)


def errors(places: Tensor, joints: Tensor, size: Tensor) -> np.ndarray:
    """As `distances`; joints that the extractor filled in (weight below 1) are no labels."""
    distance = (places - joints[..., :2]).norm(dim=-1) / size[:, None]
    return torch.where(joints[..., 2] >= 1, distance, torch.full_like(distance, float("nan"))).numpy()


def pck(distance: np.ndarray, threshold: float) -> float:
    """Percentage of labelled joints nearer than `threshold`."""
    return 100 * float((distance[~np.isnan(distance)] < threshold).mean())


def interval(distance: np.ndarray, videos: np.ndarray, threshold: float, draws: int = 1000) -> tuple[float, float]:
    """95 % interval of PCK by drawing videos anew: frames of one video are no independent evidence."""
    random = np.random.default_rng(0)
    names = np.unique(videos)
    hits = np.array([np.nansum(distance[videos == v] < threshold) for v in names])
    counts = np.array([np.sum(~np.isnan(distance[videos == v])) for v in names])
    chosen = random.integers(0, len(names), (draws, len(names)))
    low, high = np.percentile(100 * hits[chosen].sum(1) / counts[chosen].sum(1), [2.5, 97.5])
    return float(low), float(high)


def plain_picks(samples: Samples, condition: Condition) -> list[tuple[int, Condition]]:
    """The samples as inference sees them that have this condition."""
    return [
        (i, condition)
        for i, s in enumerate(samples.samples)
        if s.plain and (condition.kind is None or condition.kind in s.degraded)
    ]


def conditions(samples: Samples, runs: list[int]) -> list[Condition]:
    kinds = [kind for kind in samples.made["kinds"] if any(kind in s.degraded for s in samples.samples)]
    return [CLEAN] + [Condition(kind, run) for kind in kinds for run in runs]


def load_run(folder: Path) -> tuple[Head, dict]:
    """The best head of a training run, and its settings."""
    saved = torch.load(folder / "best.pt", map_location="cpu")
    head = Head(Shape(**saved["shape"]))
    head.load_state_dict(saved["head"])
    return head.eval(), saved["settings"]


def own_poses(samples: Samples, picks: list[tuple[int, Condition]]) -> np.ndarray | None:
    """Distances [picks, K] of the extractor's own poses; None where the samples lack them."""
    parts = []
    for i, condition in picks:
        s = samples.samples[i]
        pose = (s.degraded[condition.kind] if condition.kind else s.clean).get("pose")
        if pose is None:
            return None
        places = torch.tensor([[place or (float("inf"), float("inf")) for place in pose]])
        parts.append(errors(places, torch.from_numpy(s.joints)[None], torch.tensor([s.size])))
    return np.concatenate(parts)


def baselines(head: Head, batches: Batches, samples: Samples, picks: list[tuple[int, Condition]], k: int) -> dict:
    """
    What a single-frame head gives with its neighbours and no learning, as distances [picks, K]: `averaged`, its heat maps
    weighted by W_l, and `interpolated`, the line between its joints in the nearest frames outside the run.
    """
    single = Batches(samples, batches.mean, batches.std, k=k, n=0)
    weights = local_weights(k)
    results = {"averaged": [], "interpolated": []}
    with torch.no_grad():
        for i, condition in picks:
            batch = single.batch([(i, condition)])
            frames = torch.cat([batch.references[0, :k], batch.key, batch.references[0, k:]])
            empty = frames.new_zeros((len(frames), 0, *frames.shape[1:]))
            heatmaps = head(frames, empty, empty[..., 0, 0])  # [2k+1, K, h, w]
            w = torch.cat([weights[:k], torch.ones(1), weights[k:]])
            averaged = (heatmaps * w[:, None, None, None]).sum(0, keepdim=True)
            results["averaged"].append(errors(decode(averaged), batch.joints, batch.size))
            outside = condition.run // 2 + 1
            if outside <= k:
                ends = decode(heatmaps[[k - outside, k + outside]])
                results["interpolated"].append(errors(ends.mean(0, keepdim=True), batch.joints, batch.size))
    return {name: np.concatenate(parts) for name, parts in results.items() if parts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of training/train.py")
    parser.add_argument("--samples", type=Path, required=True, help="a folder of glpose features")
    parser.add_argument("--runs-of", type=int, nargs="+", default=[1, 3, 5, 9], help="lengths of degraded runs")
    parser.add_argument("--threshold", type=float, default=0.1, help="share of the person's larger side")
    parser.add_argument("--leak", action="store_true", help="candidates within the degraded run stay, undegraded")
    parser.add_argument("--warp", action="store_true", help="neighbours from their own windows, as infer --reuse warp")
    parser.add_argument("--json", type=Path, help="write the figures here, joint by joint")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)

    samples = Samples(arguments.samples)
    figures: dict[str, dict] = {}

    def note(name: str, condition: Condition, distance: np.ndarray, picks: list) -> None:
        videos = np.array([samples.samples[i].video for i, _ in picks])
        low, high = interval(distance, videos, arguments.threshold)
        per_joint = {}
        for joint, column in zip(samples.joints, distance.T):
            if not np.isnan(column).all():
                per_joint[joint] = pck(column, arguments.threshold)
        value = pck(distance, arguments.threshold)
        figures.setdefault(name, {})[str(condition)] = dict(pck=value, low=low, high=high, joints=per_joint)
        print(f"{name:32} {str(condition):18} {value:5.1f}  [{low:.1f}, {high:.1f}]", flush=True)

    for condition in conditions(samples, arguments.runs_of):
        picks = plain_picks(samples, condition)
        distance = own_poses(samples, picks)
        if distance is not None:
            note("extractor", condition, distance, picks)
    for folder in arguments.runs:
        head, settings = load_run(folder)
        shape = head.shape
        batches = Batches(
            samples,
            settings["mean"],
            settings["std"],
            k=shape.k,
            n=shape.n,
            similarity=settings["similarity"],
            warp=arguments.warp and shape.k > 0,
            leak=arguments.leak,
        )
        for condition in conditions(samples, arguments.runs_of):
            picks = plain_picks(samples, condition)
            note(folder.name, condition, distances(head, batches, picks), picks)
            if shape.references == 0:
                for name, distance in baselines(head, batches, samples, picks, samples.stored_k).items():
                    note(f"{folder.name} {name}", condition, distance, picks)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
