"""
Writes a golden file of a trained head on real samples, as training/golden.py does of random ones: what PyTorch makes of them,
for the native addon to be compared with.

    python3 training/agreement.py runs/glpose --samples features/validation --out golden.safetensors
"""

import argparse
from pathlib import Path

import torch

from bundle import head_tensors, write_safetensors
from evaluate import load_run, plain_picks
from golden import describe
from model import Head, embed
from samples import CLEAN, Batches, Condition, Samples


def write_agreement(path: Path, head: Head, batches: Batches, picks: list[tuple[int, Condition]]) -> None:
    batch = batches.batch(picks)
    v = torch.cat([batch.key[:, None], batch.references], 1)  # [B, 1 + R, C, h, w]
    mean, std = batches.mean, batches.std
    with torch.no_grad():
        tensors = dict(
            features=(v * std[:, None, None] + mean[:, None, None]).flatten(0, 1),
            mean=mean,
            std=std,
            weights=batch.weights,
            embeddings=embed(v).flatten(0, 1),
            expected=batch.expected,
            heatmaps=head.double()(batch.key.double(), batch.references.double(), batch.weights.double(), batch.expected.double()),
        )
    head.float()
    tensors |= {f"head/{name}": tensor for name, tensor in head_tensors(head).items()}
    write_safetensors(path, tensors, describe(head.shape, len(picks), *v.shape[-2:]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a folder of training/train.py")
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--people", type=int, default=4)
    arguments = parser.parse_args()
    head, settings = load_run(arguments.run)
    samples = Samples(arguments.samples)
    samples.require(settings, arguments.run)
    shape = head.shape
    batches = Batches(samples, settings["mean"], settings["std"], k=shape.k, n=shape.n, similarity=settings["similarity"])
    write_agreement(arguments.out, head, batches, plain_picks(samples, CLEAN)[: arguments.people])


if __name__ == "__main__":
    main()
