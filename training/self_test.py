"""
Overfits a handful of samples that it makes itself: shows, within a minute, that reading, batching, training, choosing, saving
and exporting work together. The key frame of a degraded sample shows nothing, so that only a head that uses the other frames
can find the joints.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch

from bundle import write_bundle
from evaluate import load_run, measure_as_infer, pck
from agreement import write_agreement
from model import EXPECTED_JOINTS, Shape
from samples import CLEAN, FORMAT, Batches, Condition, Samples, warped
from train import TrainConfig, Training, fastest_precision, fit, plot

CHANNELS, HEIGHT, WIDTH, JOINTS, K, PEOPLE = 6, 32, 24, 3, 2, 8
NOISE = 0.05


def make_samples(folder: Path, extractor: dict | None = None) -> None:
    """
    A folder as `glpose features` writes it, of an extractor that nobody has unless one is given: each joint is a bump in its own
    channel, which drifts from frame to frame.
    """
    random = np.random.default_rng(0)
    (folder / "maps").mkdir(parents=True)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    videos = []
    for person in range(PEOPLE):
        joints = random.uniform([4, 4], [WIDTH - 4, HEIGHT - 4], (JOINTS, 2))
        maps = []

        def frame(drift: float, visible: bool, maps=maps, joints=joints) -> int:
            image = random.normal(0, NOISE, (CHANNELS, HEIGHT, WIDTH))
            for joint, (jx, jy) in enumerate(joints):
                if visible:
                    image[joint] += np.exp(-((x - jx - drift) ** 2 + (y - jy) ** 2) / 8)
            maps.append(image)
            return len(maps) - 1

        clean = [frame(0.3 * (place - K), True) for place in range(2 * K + 1)]
        blank = [frame(0.3 * (place - K), False) for place in range(2 * K + 1)]
        candidates = [{"frame": 10 + i, "person": 0, "map": frame(1.0, True)} for i in range(4)]
        np.stack(maps).astype("<f2").tofile(folder / "maps" / f"{person}.f16")
        sample = {
            "frame": 5,
            "person": 0,
            "plain": True,
            "joints": [[*map(float, place), 1] for place in joints],
            "size": 20.0,
            "expected": [{"own": [[*map(float, joints[0])]] * EXPECTED_JOINTS, "others": []}] * (2 * K + 1),
            "clean": {"exact": clean},
            "degraded": [{"kind": "occlusion", "exact": blank}],
        }
        videos.append({"name": str(person), "split": None, "maps": len(maps), "candidates": candidates, "samples": [sample]})
    made = dict(extractor=extractor or {}, channels=CHANNELS, height=HEIGHT, width=WIDTH, joints=["a", "b", "c"])
    made |= dict(k=K, m=4, kinds=["occlusion"])
    (folder / "index.json").write_text(json.dumps({"format": FORMAT, "made": made, "videos": videos}))


def check_warp() -> None:
    """On a map that rises evenly, bilinear sampling is exact: the cell at (x', y') holds x' + 100·y', and 0 outside."""
    y, x = torch.meshgrid(torch.arange(HEIGHT).float(), torch.arange(WIDTH).float(), indexing="ij")
    scale, shift_x, shift_y = 0.75, 2.5, -3.25
    out = warped((x + 100 * y)[None, None], torch.tensor([[scale, shift_x, shift_y]]))[0, 0]
    from_x, from_y = scale * x + shift_x, scale * y + shift_y
    within = (from_x <= WIDTH - 1) & (from_y >= 0)
    outside = (from_x >= WIDTH) | (from_y <= -1)
    assert within.any() and outside.any()
    if not torch.allclose(out[within], (from_x + 100 * from_y)[within], atol=0.01) or out[outside].abs().max() > 0.01:
        raise SystemExit("maps are not resampled as the addon does")


def self_test(out: Path | None) -> None:
    """Raises SystemExit where a joint is missed. out: keeps the samples, the run and its golden file."""
    if out is None:
        with tempfile.TemporaryDirectory() as folder:
            return self_test(Path(folder))
    check_warp()
    make_samples(out / "samples")
    samples = Samples(out / "samples")
    shape = Shape(channels=CHANNELS, block_width=8, joints=JOINTS, k=K, n=2)
    cpu = torch.device("cpu")
    config = TrainConfig(epochs=120, batch=PEOPLE, runs=(1, 2 * K + 1), withhold=0.25, precision=fastest_precision(cpu))
    training = Training(shape, config, samples, "frame", cpu)
    fit(training, samples, out / "run", say=lambda text: None)
    plot(out / "run")
    head, settings = load_run(out / "run")
    batches = Batches(samples, settings["mean"], settings["std"], k=K, n=2)
    for condition in (CLEAN, Condition("occlusion", 1), Condition("occlusion", 2 * K + 1)):
        picks = [(i, condition) for i in range(PEOPLE)]
        found = pck(measure_as_infer(head, batches, picks, settings["second_look"]).distance, 0.1)
        print(f"{condition}: {found:.0f} % of the joints found")
        if found < 100:
            raise SystemExit("the head cannot even learn the samples by heart")
    write_agreement(out / "golden.safetensors", head, batches, [(i, CLEAN) for i in range(2)])
    bundle = out / "bundle"
    bundle.mkdir()
    (bundle / "config.json").write_text(json.dumps({"extractor": {"features": {}}}))
    write_bundle(bundle, bundle, head, settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="keeps the samples, the run and its golden file there")
    parser.add_argument("--threads", type=int, help="CPU threads; default: all cores")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    self_test(arguments.out)


if __name__ == "__main__":
    main()
