"""
Whether a head means the same by a joint as the labels: its mean error with its sign, where clean joints are found at all.

    python3 training/signed_errors.py runs/glpose --samples features/test

In head sizes, of which a person's larger side holds 7.5; beside the extractor's own where the samples hold its poses. The interval is of
drawing people anew.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from evaluate import BATCH, load_run, plain_picks
from samples import CLEAN, Batches, Samples, decode

HEADS = 7.5  # in the height of a standing adult
FOUND = 0.1  # as PCK@0.1 counts a joint


def offsets(places: np.ndarray, samples: list) -> np.ndarray:
    """From the labels [people, K, 2], in shares of the person's size; NaN where there is no label, or where it is not found."""
    joints = np.stack([s.joints for s in samples])
    off = (places - joints[..., :2]) / np.array([s.size for s in samples])[:, None, None]
    off[(joints[..., 2] < 1) | (np.linalg.norm(off, axis=-1) >= FOUND)] = np.nan
    return off


def in_words(off: np.ndarray) -> str:
    """off: [people]"""
    values = HEADS * off[~np.isnan(off)]
    return f"{values.mean():+.3f} ± {1.96 * values.std() / np.sqrt(len(values)):.3f}" if len(values) > 1 else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a folder of training/train.py, or a bundle")
    parser.add_argument("--samples", type=Path, nargs="+", required=True, help="folders of glpose features")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    samples = Samples(*arguments.samples)
    head, settings = load_run(arguments.run)
    samples.require(settings, arguments.run)
    shape = head.shape
    picks = plain_picks(samples, CLEAN)
    warp = shape.k > 0 and settings["reuse"] == "warp" and samples.have_own
    batches = Batches(samples, settings["mean"], settings["std"], k=shape.k, n=shape.n, similarity=settings["similarity"], warp=warp)
    places = [decode(head(*batches.batch(picks[i : i + BATCH]).inputs("cpu"))).numpy() for i in range(0, len(picks), BATCH)]
    people = [samples.samples[i] for i, _ in picks]
    found = {"GLPose": offsets(np.concatenate(places), people)}
    if all("pose" in s.clean for s in people):
        own = np.array([[place or (np.nan,) * 3 for place in s.clean["pose"]] for s in people], np.float64)
        found["extractor"] = offsets(own[..., :2], people)
    for k, joint in enumerate(samples.joints):
        columns = (f"{name}: x {in_words(off[:, k, 0]):16} y {in_words(off[:, k, 1]):16}" for name, off in found.items())
        print(f"{joint:16}", *columns, sep="  ")


if __name__ == "__main__":
    main()
