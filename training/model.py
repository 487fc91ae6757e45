"""
The GLPose head: the reference implementation, written to be read (Jiao et al., ACM TOMM 2022, doi:10.1145/3519305).

The native addon computes the same function; training/golden.py writes the examples that its tests compare against.
The keys of `Head.state_dict()` are the tensor names of a bundle's head.safetensors, BatchNorm unfolded.

Legend: B people (key frames) in a batch   C channels and h×w size of the extractor's map   W width of the blocks
        K joints   k local frames a side, L = 2k   n global people   R = L + n references of a key
        J joints that are expected somewhere, of O people in sight
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


EXPECTED_JOINTS = 13  # J: the nose and the twelve of the limbs, in COCO's order


@dataclass(frozen=True)
class Shape:
    """What a bundle's config.json says about the head."""

    channels: int  # C
    block_width: int  # W; C in the paper
    joints: int  # K
    k: int
    n: int
    enhancement: bool = True
    enhancement_blocks: int = 1  # basic blocks in A
    kernel: int = 3  # of the head's convolution; 1 and 5 are ablations
    conditions: bool = False  # whether it is told who is meant, an addition to the paper

    @property
    def references(self) -> int:
        return 2 * self.k + self.n

    @property
    def condition_maps(self) -> int:
        """Those of `condition_maps`."""
        return 2 * EXPECTED_JOINTS + 4 * self.k if self.conditions else 0


class Shortcut(nn.Sequential):
    """1×1 convolution and batch norm."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.bn = nn.BatchNorm2d(outputs)


class BasicBlock(nn.Module):
    """conv3×3-BN-ReLU-conv3×3-BN + shortcut, then ReLU unless `last_relu` is false."""

    def __init__(self, inputs: int, outputs: int, *, projected: bool, last_relu: bool = True):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = Shortcut(inputs, outputs) if projected else nn.Identity()
        self.last_relu = last_relu

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y)) + self.shortcut(x)
        return torch.relu(y) if self.last_relu else y


class Head(nn.Module):
    """V_t, V_l, V_g and their weights → heat maps."""

    def __init__(self, shape: Shape):
        super().__init__()
        c, w = shape.channels, shape.block_width
        self.shape = shape
        self.aggregation = nn.Sequential(
            BasicBlock((1 + shape.references) * c + shape.condition_maps, w, projected=True),
            BasicBlock(w, w, projected=False),
            BasicBlock(w, w, projected=False),
        )
        if shape.enhancement:
            self.psi = BasicBlock(c, w, projected=c != w, last_relu=False)
            self.enhancement = nn.Sequential(
                *(BasicBlock(w + c if i == 0 else w, w, projected=i == 0) for i in range(shape.enhancement_blocks))
            )
        self.head = nn.Conv2d(w, shape.joints, shape.kernel, padding=shape.kernel // 2)

    def aggregate(self, key: Tensor, references: Tensor, weights: Tensor, expected: Tensor | None = None) -> Tensor:
        """
        S of Eq. 4 [B, W, h, w]. key V_t [B, C, h, w], references [B, R, C, h, w], weights [B, R, C], expected as in
        `condition_maps`, which a head with conditions needs.
        """
        weighted = references * weights[..., None, None]
        inputs = [key, weighted.flatten(1, 2)]
        if self.shape.conditions:
            inputs.append(condition_maps(expected, *key.shape[2:]))
        return self.aggregation(torch.cat(inputs, 1))

    def mask(self, key: Tensor) -> Tensor:
        """M of Eq. 5 [B, W, h, w]: where the key frame overlooks something."""
        return 1 - torch.sigmoid(self.psi(key))

    def enhance(self, key: Tensor, s: Tensor) -> Tensor:
        """F of Eq. 5 [B, W, h, w]."""
        return self.enhancement(torch.cat([self.mask(key) * s, key], 1))

    def forward(self, key: Tensor, references: Tensor, weights: Tensor, expected: Tensor | None = None) -> Tensor:
        """Heat maps H [B, K, h, w]; arguments as in `aggregate`."""
        s = self.aggregate(key, references, weights, expected)
        return self.head(self.enhance(key, s) if self.shape.enhancement else s)


def condition_maps(expected: Tensor, h: int, w: int) -> Tensor:
    """
    Who is meant [B, 2J + 4k, h, w], an addition to the paper: in the key frame a map of each of the person's own J expected joints,
    and of everybody else's; then, of each local frame −k … −1, 1 … k, one of all the person's own and one of all others'.
    A map is the largest of Gaussians about its places, σ = h/16 cells; 0 where there are none.
    expected: [B, 1 + 2k, O, J, 2] x, y in cells of the key's window; the key frame first, then the local ones in their order;
    of the people the own one first; NaN where nobody knows.
    """
    own, others = expected[:, :, :1], expected[:, :, 1:]
    in_key = [bumps(people[:, 0].transpose(1, 2), h, w) for people in (own, others)]  # [B, J, h, w] each
    in_local = [bumps(people[:, 1:].flatten(2, 3), h, w) for people in (own, others)]  # [B, 2k, h, w] each
    return torch.cat([*in_key, torch.stack(in_local, 2).flatten(1, 2)], 1)


def bumps(places: Tensor, h: int, w: int) -> Tensor:
    """The largest [..., h, w] of Gaussians about places [..., P, 2]."""
    if places.shape[-2] == 0:
        return places.new_zeros((*places.shape[:-2], h, w))
    sigma = h / 16
    row, column = (
        torch.exp(-((torch.arange(side, device=places.device) - places[..., axis, None]) ** 2) / (2 * sigma**2))
        for axis, side in ((1, h), (0, w))
    )
    return (row[..., :, None] * column[..., None, :]).nan_to_num(0).amax(-3)


def standardise(features: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """V of Eq. 1 out of the extractor's map [..., C, h, w], per channel."""
    return (features - mean[:, None, None]).div_(std[:, None, None])


def embed(v: Tensor) -> Tensor:
    """The embedding [..., C] of V [..., C, h, w]: its global average pool."""
    return v.mean((-2, -1))


def local_weights(k: int) -> Tensor:
    """W_l of Eq. 2 [2k], offsets −k … −1, 1 … k: larger when nearer, (k + 1 − |δ|) / (k + 1)."""
    return torch.tensor([(k + 1 - abs(d)) / (k + 1) for d in range(-k, k + 1) if d != 0])


def global_weights(key: Tensor, others: Tensor, similarity: str) -> Tensor:
    """
    W_g of Eq. 3 [B, n, C] out of embeddings key [B, C] and others [B, n, C]: softmax over the people of the Hadamard
    product ("channel"), or of its sum over the channels ("frame").
    """
    product = key[:, None] * others
    if similarity == "frame":
        product = product.sum(-1, keepdim=True).expand_as(product)
    return product.softmax(1)


def paper_initialisation(head: Head) -> None:
    """Weights N(0, 0.001), biases 0 (the paper's; slow to train from)."""
    for module in head.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0, 0.001)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def loss(heatmaps: Tensor, targets: Tensor, visible: Tensor) -> Tensor:
    """Eq. 6: 1/K Σ_m v_m ‖G(m) − P(m)‖², mean over the batch. Maps [B, K, h, w], visible [B, K]."""
    return (((targets - heatmaps) ** 2).sum((-2, -1)) * visible).mean()
