"""
How good a head is: PCK of its joints on samples, clean and degraded, and what simple ways of using the neighbours give.

    python3 training/evaluate.py runs/glpose runs/single-frame --samples features/test
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from allocator import keep_memory
from bundle import read_head
from model import Head, Shape, local_weights
from samples import CLEAN, Batches, Condition, Samples, decode, run_length
from atomic_write import atomic_write

BATCH = 16


@dataclass
class Measured:
    """What a way of estimating is worth on some samples; NaN where there is no label."""

    distance: np.ndarray  # [picks, K] of each joint to its label, in shares of the person's size
    score: np.ndarray  # [picks, K] maximum of the heat map, or what else a method calls sure


def measure(head: Head, batches: Batches, picks: list[tuple[int, Condition]]) -> Measured:
    head.eval()
    device = next(head.parameters()).device
    distance, score = [], []
    with torch.no_grad():
        for start in range(0, len(picks), BATCH):
            batch = batches.batch(picks[start : start + BATCH])
            heatmaps = head(*batch.inputs(device)).cpu()
            distance.append(errors(decode(heatmaps), batch.joints, batch.size))
            score.append(heatmaps.amax((-2, -1)).numpy())
    return Measured(np.concatenate(distance), np.concatenate(score))


def measure_as_infer(head: Head, batches: Batches, picks: list[tuple[int, Condition]], second_look: float) -> Measured:
    """With a second look at those whose mean score is below `second_look`; 0: none."""
    measured = measure(head, batches, picks)
    if second_look > 0:
        measured = with_second_look(measured, measure(head, batches.without_local(), picks), second_look)
    return measured


def with_second_look(first: Measured, without: Measured, below: float) -> Measured:
    """
    What infer keeps of two looks: the one without local frames, where the first one's mean score is below `below` and the
    other's is higher.
    """
    sure, other = first.score.mean(1), without.score.mean(1)
    again = ((sure < below) & (other > sure))[:, None]
    return Measured(*(np.where(again, b, a) for a, b in ((first.distance, without.distance), (first.score, without.score))))


def errors(places: Tensor, joints: Tensor, size: Tensor) -> np.ndarray:
    """[picks, K] as in `Measured`; joints that the extractor filled in (weight below 1) are no labels."""
    distance = (places - joints[..., :2]).norm(dim=-1) / size[:, None]
    return torch.where(joints[..., 2] >= 1, distance, torch.full_like(distance, float("nan"))).numpy()


def pck(distance: np.ndarray, threshold: float) -> float:
    """Percentage of labelled joints nearer than `threshold`."""
    return 100 * float((distance[~np.isnan(distance)] < threshold).mean())


def average_precision(measured: Measured, threshold: float) -> float:
    """Mean over joints of AP as PoseTrack takes it: by score over all samples, all-point interpolation (one pose a person)."""
    values = []
    for distance, score in zip(measured.distance.T, measured.score.T):
        known = ~np.isnan(distance)
        if not known.any():
            continue
        hits = (distance[known] < threshold)[np.argsort(-score[known], kind="stable")]
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        values.append(100 * float((envelope * hits).sum() / len(hits)))  # recall steps where a joint is hit
    return float(np.mean(values))


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
    """Those in which a joint can be measured: a labelled one of a sample as inference sees it."""

    def measurable(condition: Condition) -> bool:
        return any((samples.samples[i].joints[:, 2] >= 1).any() for i, _ in plain_picks(samples, condition))

    if not measurable(CLEAN):
        raise SystemExit("no sample has a labelled joint to measure")
    kinds = [kind for kind in samples.kinds if measurable(Condition(kind))]
    return [CLEAN] + [Condition(kind, run) for kind in kinds for run in runs]


def load_run(source: Path) -> tuple[Head, dict]:
    """The best head of a training run, or the head of a bundle, and its settings."""
    if not (source / "best.pt").exists():
        if not (source / "config.json").exists():
            raise SystemExit(f"{source} is neither a run (with best.pt) nor a bundle (with config.json)")
        return read_head(source)
    saved = torch.load(source / "best.pt", map_location="cpu")
    head = Head(Shape(**saved["shape"]))
    head.load_state_dict(saved["head"])
    return head.eval(), saved["settings"]


def own_poses(samples: Samples, picks: list[tuple[int, Condition]]) -> Measured | None:
    """The extractor's own poses; None where the samples lack them."""
    distance, score = [], []
    for i, condition in picks:
        s = samples.samples[i]
        pose = (s.degraded[condition.kind] if condition.kind else s.clean).get("pose")
        if pose is None:
            return None
        joints = torch.tensor([[joint or (float("inf"), float("inf"), 0) for joint in pose]])
        distance.append(errors(joints[..., :2], torch.from_numpy(s.joints)[None], torch.tensor([s.size])))
        score.append(joints[..., 2].numpy())
    return Measured(np.concatenate(distance), np.concatenate(score))


def baselines(
    head: Head, samples: Samples, settings: dict, wanted: list[tuple[Condition, list]]
) -> dict[tuple[str, Condition], Measured]:
    """
    What a single-frame head gives with its neighbours and no learning, by name and condition: `averaged`, its heat maps
    weighted by W_l, over every stored neighbour and (`averaged k=1`, …) over fewer; `interpolated`, the line between its joints
    in the nearest frames outside the run, where the stored ones hold such.
    """
    stored = samples.stored_k
    single = Batches(samples, settings["mean"], settings["std"], k=stored, n=0)
    measured_in: dict[int, list[Condition]] = {}
    for condition, picks in wanted:
        for i, _ in picks:
            measured_in.setdefault(i, []).append(condition)
    found: dict[tuple[str, Condition], tuple[list, list]] = {}

    def keep(name: str, condition: Condition, i: int, joints: Tensor, score: Tensor) -> None:
        s = samples.samples[i]
        distance, scores = found.setdefault((name, condition), ([], []))
        distance.append(errors(joints, torch.from_numpy(s.joints)[None], torch.tensor([s.size])))
        scores.append(score.numpy())

    everywhere = 2 * stored + 1
    for i, conditions_of in sorted(measured_in.items()):
        kinds = {condition.kind for condition in conditions_of}
        # The window clean and degraded throughout; a run takes its frames from the latter.
        heatmaps = {kind: frame_by_frame(head, single, i, Condition(kind, everywhere)) for kind in {None, *kinds}}
        for condition in conditions_of:
            spoiled = torch.tensor([condition.spoils(offset) for offset in range(-stored, stored + 1)])
            of = torch.where(spoiled[:, None, None, None], heatmaps[condition.kind], heatmaps[None])
            for k in range(1, stored + 1):
                name = "averaged" if k == stored else f"averaged k={k}"
                before, after = local_weights(k).split(k)
                w = torch.cat([before, torch.ones(1), after])
                averaged = (of[stored - k : stored + k + 1] * w[:, None, None, None]).sum(0, keepdim=True) / w.sum()
                keep(name, condition, i, decode(averaged), averaged.amax((-2, -1)))
            outside = condition.run // 2 + 1
            if outside <= stored:
                ends = of[[stored - outside, stored + outside]]
                ends_score = ends.amax((-2, -1)).mean(0, keepdim=True)
                keep("interpolated", condition, i, decode(ends).mean(0, keepdim=True), ends_score)
    return {of: Measured(*(np.concatenate(part) for part in parts)) for of, parts in found.items()}


def frame_by_frame(head: Head, single: Batches, i: int, condition: Condition) -> Tensor:
    """A single-frame head's heat maps [2k+1, K, h, w] of the frames of sample i, its key in the middle."""
    batch, k = single.batch([(i, condition)]), single.k
    frames = torch.cat([batch.references[0, :k], batch.key, batch.references[0, k:]])
    expected = batch.expected[0, [*range(1, k + 1), 0, *range(k + 1, 2 * k + 1)], None]  # each frame is a key of its own
    none = frames.new_zeros((len(frames), 0, *frames.shape[1:]))
    with torch.no_grad():
        return head(frames, none, none[..., 0, 0], expected)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of training/train.py, or bundles")
    parser.add_argument("--samples", type=Path, nargs="+", required=True, help="folders of glpose features")
    parser.add_argument("--runs-of", type=run_length, nargs="+", default=[1, 3, 5, 9], help="odd lengths of degraded runs")
    parser.add_argument("--threshold", type=float, default=0.1, help="share of the person's larger side")
    parser.add_argument("--leak", action="store_true", help="candidates within the degraded run stay, undegraded")
    parser.add_argument("--warp", action="store_true", help="neighbours from their own windows, as infer --reuse warp")
    parser.add_argument("--second-look", type=float, help="mean score below which the head looks again without local frames; default: the run's")  # fmt: skip
    parser.add_argument("--out", type=Path, help="write every joint's distance and score here (.npz)")
    parser.add_argument("--threads", type=int, help="CPU threads; default: all cores")
    arguments = parser.parse_args()
    keep_memory()
    torch.set_grad_enabled(False)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)

    samples = Samples(*arguments.samples)
    found = []
    for name, condition, measured, picks in evaluations(samples, arguments.runs, arguments):
        videos = np.array([samples.samples[i].video for i, _ in picks])
        low, high = interval(measured.distance, videos, arguments.threshold)
        value = pck(measured.distance, arguments.threshold)
        print(f"{name:32} {str(condition):18} {value:5.1f}  [{low:.1f}, {high:.1f}]", flush=True)
        found.append((name, str(condition), measured, videos))
    if arguments.out:
        save(arguments.out, samples.joints, found)


def evaluations(samples: Samples, runs: list[Path], arguments) -> Iterator[tuple[str, Condition, Measured, list]]:
    """Everything that is measured, one after the other, with the samples it was measured on."""
    wanted = [(c, plain_picks(samples, c)) for c in conditions(samples, arguments.runs_of)]
    for condition, picks in wanted:
        own = own_poses(samples, picks)
        if own is not None:
            yield "extractor", condition, own, picks
    for folder in runs:
        head, settings = load_run(folder)
        samples.require(settings, folder)
        shape = head.shape
        parts = dict(k=shape.k, n=shape.n, similarity=settings["similarity"])
        parts |= dict(warp=arguments.warp and shape.k > 0, leak=arguments.leak)
        batches = Batches(samples, settings["mean"], settings["std"], **parts)
        second_look = settings.get("second_look", 0) if arguments.second_look is None else arguments.second_look
        for condition, picks in wanted:
            yield folder.name, condition, measure_as_infer(head, batches, picks, second_look), picks
        if shape.references == 0:
            picks_of = dict(wanted)
            for (name, condition), measured in baselines(head, samples, settings, wanted).items():
                yield f"{folder.name} {name}", condition, measured, picks_of[condition]


def save(file: Path, joints: list[str], found: list[tuple[str, str, Measured, np.ndarray]]) -> None:
    """
    An .npz with, for every `<name>|<condition>`, `…|distance` and `…|score` [picks, K] and `…|videos` [picks], and `joints`:
    enough for any threshold and for paired comparisons.
    """
    arrays = {"joints": np.array(joints)}
    for name, condition, measured, videos in found:
        key = f"{name}|{condition}"
        arrays[f"{key}|distance"] = measured.distance.astype(np.float32)
        arrays[f"{key}|videos"] = videos
        arrays[f"{key}|score"] = measured.score.astype(np.float32)
    with atomic_write(file) as part, part.open("wb") as stream:
        np.savez_compressed(stream, **arrays)


if __name__ == "__main__":
    main()
