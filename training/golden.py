"""
Writes the golden files of the native addon's tests: for each case a head's weights, features, and what training/model.py
makes of them, in float64. Run from the repository's root: python3 training/golden.py
"""

import json
from dataclasses import asdict
from pathlib import Path

import torch

from bundle import head_tensors, read_head, write_safetensors
from model import EXPECTED_JOINTS, Head, Shape, embed, standardise

ROOT = Path(__file__).parent.parent
OUT = ROOT / "test" / "native" / "golden"
SHIPPED = ROOT / "models" / "glpose-movenet", ROOT / "test" / "models" / "golden" / "glpose-movenet.safetensors"
HEIGHT, WIDTH = 9, 7  # not multiples of any tile
PEOPLE = 2
EXPECTED = 3  # people whose joints are expected about each

PAPER = dict(channels=5, block_width=6, joints=3, k=1, n=2)
CASES = {
    "full": Shape(**PAPER),
    "wide": Shape(**PAPER | dict(channels=20, block_width=17, joints=17)),  # more than one vector of channels
    "width-is-channels": Shape(**PAPER | dict(block_width=5)),  # ψ without a shortcut convolution
    "two-blocks": Shape(**PAPER | dict(enhancement_blocks=2)),
    "no-enhancement": Shape(**PAPER, enhancement=False),
    "no-global": Shape(**PAPER | dict(n=0)),
    "no-local": Shape(**PAPER | dict(k=0)),
    "single-frame": Shape(**PAPER | dict(k=0, n=0), enhancement=False),
    "mlp": Shape(**PAPER, enhancement=False, kernel=1),
    "kernel-5": Shape(**PAPER, kernel=5),
    "conditions": Shape(**PAPER, conditions=True),
    "conditions-alone": Shape(**PAPER | dict(k=0, n=0), conditions=True),
}


def random_head(shape: Shape) -> Head:
    """A head with every parameter and statistic away from its default."""
    head = Head(shape).double().eval()
    for name, tensor in head.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif tensor.dim() == 4:
            tensor.normal_(0, (2 / tensor[0].numel()) ** 0.5)
        elif tensor.dim() == 1:
            tensor.normal_(1 if name.endswith("bn1.weight") or name.endswith("bn2.weight") else 0, 0.3)
        tensor.copy_(tensor.float())  # what the file can hold
    return head


def some_expected(shape: Shape, people: int) -> torch.Tensor | None:
    """Where joints are expected, as in model.condition_maps: inside the map and outside, a quarter unknown; with conditions only."""
    if not shape.conditions:
        return None
    places = people, 1 + 2 * shape.k, EXPECTED, EXPECTED_JOINTS
    expected = (torch.rand(*places, 2) * 1.5 - 0.25) * torch.tensor([WIDTH, HEIGHT])
    expected[torch.rand(places) < 0.25] = torch.nan
    return expected.double()


def case(shape: Shape) -> dict:
    c, r = shape.channels, shape.references
    head = random_head(shape)
    features = torch.randn(PEOPLE * (1 + r), c, HEIGHT, WIDTH).double()
    mean, std = torch.randn(c).double(), torch.rand(c).double() + 0.5
    weights = torch.rand(PEOPLE, r, c).double()
    v = standardise(features, mean, std).view(PEOPLE, 1 + r, c, HEIGHT, WIDTH)
    key, references = v[:, 0], v[:, 1:]
    tensors = {f"head/{name}": tensor for name, tensor in head_tensors(head).items()}
    tensors |= dict(features=features, mean=mean, std=std, weights=weights)
    expected = some_expected(shape, PEOPLE)
    if expected is not None:
        tensors["expected"] = expected
    with torch.no_grad():
        tensors["embeddings"] = embed(v).flatten(0, 1)
        tensors["heatmaps"] = head(key, references, weights, expected)
        tensors["s"] = head.aggregate(key, references, weights, expected)
        if shape.enhancement:
            tensors["mask"] = head.mask(key)
            tensors["f"] = head.enhance(key, tensors["s"])
    return tensors


def shipped(bundle: Path) -> tuple[Shape, dict]:
    """The bundle's own head on noise of its features' size and spread; the head itself is in the bundle."""
    head, settings = read_head(bundle)
    mean, std = settings["mean"], settings["std"]
    head, shape = head.double(), head.shape
    c, r = shape.channels, shape.references
    features = mean[:, None, None] + std[:, None, None] * torch.randn(1 + r, c, HEIGHT, WIDTH)
    weights = torch.rand(1, r, c)
    v = standardise(features.double(), mean.double(), std.double())
    expected = some_expected(shape, 1)
    with torch.no_grad():
        heatmaps = head(v[None, 0], v[None, 1:], weights.double(), expected)
    tensors = dict(features=features, mean=mean, std=std, weights=weights, embeddings=embed(v), heatmaps=heatmaps)
    return shape, tensors if expected is None else tensors | dict(expected=expected)


def describe(shape: Shape, people: int, height: int = HEIGHT, width: int = WIDTH) -> dict[str, str]:
    """The metadata of a golden file."""
    metadata = {key: json.dumps(value) for key, value in asdict(shape).items()}
    return metadata | dict(height=str(height), width=str(width), people=str(people))


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for seed, (name, shape) in enumerate(CASES.items()):
        torch.manual_seed(seed)
        write_safetensors(OUT / f"{name}.safetensors", case(shape), describe(shape, PEOPLE))
    torch.manual_seed(len(CASES))
    bundle, file = SHIPPED
    shape, tensors = shipped(bundle)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_safetensors(file, tensors, describe(shape, 1))


if __name__ == "__main__":
    main()
