"""
Reads the folders that `glpose features` writes (docs/training.md) and makes batches of them. Maps stay on the disk and are
memory-mapped; what is read into memory is one batch.

Legend: B people in a batch   C channels and h×w size of a map   K joints   k local frames a side, L = 2k   n global people
        places: 0 … 2·stored_k of a sample's frames, its key in the middle
"""

import json
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from model import embed, global_weights, local_weights, standardise


@dataclass(frozen=True)
class Condition:
    """What is wrong with the frames: the degradation `kind` in a run of `run` frames about the key; clean where None."""

    kind: str | None = None
    run: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.run}" if self.kind else "clean"

    def spoils(self, offset: int) -> bool:
        """Whether the frame so many after the key, or before it, is degraded."""
        return self.kind is not None and abs(offset) <= self.run // 2


CLEAN = Condition()


@dataclass
class Sample:
    video: int
    frame: int
    plain: bool
    joints: np.ndarray  # [K, 3] x, y in cells, weight
    size: float  # the person's larger side in cells
    clean: dict  # exact, own, or both: [2·stored_k + 1] places in the video's maps
    degraded: dict  # the same by kind
    transforms: np.ndarray | None  # [2·stored_k + 1, 3] from the key's cells to those of `own`

    def key_map(self, middle: int) -> int:
        """The clean key's place in the video's maps: its window is the same in both forms."""
        return self.clean["exact" if "exact" in self.clean else "own"][middle]


@dataclass
class Batch:
    key: Tensor  # [B, C, h, w] V of the key's window
    references: Tensor  # [B, L + n, C, h, w]
    weights: Tensor  # [B, L + n, C]
    joints: Tensor  # [B, K, 3]
    size: Tensor  # [B]


class Samples:
    """All samples of some folders, which were made with the same bundle."""

    def __init__(self, *folders: Path):
        self.files, self.candidates, self.samples = [], [], []
        self.made: dict = {}
        for folder in folders:
            self._read_index(Path(folder))
        self.joints: list[str] = self.made["joints"]
        self.stored_k: int = self.made["k"]
        self.map_shape = tuple(self.made[side] for side in ("channels", "height", "width"))
        self._maps = [None] * len(self.files)
        self._embeddings = [None] * len(self.files)

    def _read_index(self, folder: Path) -> None:
        index_file = folder / "index.json"
        if not index_file.exists():
            raise SystemExit(f"{index_file} is missing. Make it with glpose features; a run that was stopped must go on.")
        index = json.loads(index_file.read_text())
        for setting in ("sha256", "joints", "k", "channels", "height", "width"):
            if self.made and index["made"][setting] != self.made[setting]:
                raise SystemExit(f"{folder} was made with another bundle or another k than the folders before")
        self.made = self.made or index["made"]
        for video in index["videos"]:
            self.files.append((folder / "maps" / f"{video['name']}.f16", video["maps"]))
            self.candidates.append([(c["frame"], c["map"]) for c in video["candidates"]])
            for s in video["samples"]:
                self.samples.append(
                    Sample(
                        video=len(self.files) - 1,
                        frame=s["frame"],
                        plain=s["plain"],
                        joints=np.array(s["joints"], np.float32),
                        size=s["size"],
                        clean=s["clean"],
                        degraded={d["kind"]: d for d in s["degraded"]},
                        transforms=np.array(s["transforms"], np.float32) if "transforms" in s else None,
                    )
                )

    def __len__(self) -> int:
        return len(self.samples)

    def maps(self, video: int) -> np.ndarray:
        """[count, C, h, w] float16 of a video."""
        if self._maps[video] is None:
            file, count = self.files[video]
            self._maps[video] = np.memmap(file, "<f2", "r", shape=(count, *self.map_shape)) if count else None
        return self._maps[video]

    def statistics(self, most: int = 400, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation [C] of the clean key maps; of `most` of them where there are more."""
        chosen = np.random.default_rng(seed).permutation(len(self))[:most]
        keys = [self.maps(s.video)[s.key_map(self.stored_k)] for s in (self.samples[i] for i in sorted(chosen))]
        maps = np.stack(keys).astype(np.float64)
        return torch.tensor(maps.mean((0, 2, 3))).float(), torch.tensor(maps.std((0, 2, 3))).clamp(min=1e-4).float()

    def candidate_embeddings(self, video: int) -> np.ndarray:
        """[candidates, C] means of the extractor's maps, not standardised."""
        if self._embeddings[video] is None:
            places = [place for _, place in self.candidates[video]]
            maps = self.maps(video)[places] if places else np.zeros((0, *self.map_shape), np.float16)
            self._embeddings[video] = torch.from_numpy(maps).float().mean((2, 3)).numpy()
        return self._embeddings[video]


class Batches:
    """Puts samples together as the network takes them."""

    def __init__(
        self,
        samples: Samples,
        mean: Tensor,
        std: Tensor,
        *,
        k: int,
        n: int,
        similarity: str = "frame",
        warp: bool = False,
        leak: bool = False,
        withhold: float = 0,
    ):
        """
        mean, std: [C] of the standardisation. warp: neighbours come from their own windows. leak: candidates within a degraded
        run stay, though they are not degraded; otherwise they are left out, since a real run would have spoiled them.
        withhold: share of the samples drawn in training whose local frames have weight 0; 1: of all, always.
        """
        if k > samples.stored_k:
            raise SystemExit(f"the samples have {samples.stored_k} local frames a side; k = {k} needs more")
        if warp and any("own" not in s.clean for s in samples.samples):
            raise SystemExit("the samples have no maps of own windows; make them with glpose features --warp")
        self.samples, self.mean, self.std = samples, mean, std
        self.k, self.n, self.similarity, self.warp, self.leak = k, n, similarity, warp, leak
        self.withhold, self.local = withhold, local_weights(k)

    def without_local(self) -> "Batches":
        """The same, but with weight 0 for every local frame."""
        other = copy(self)
        other.withhold = 1
        return other

    def batch(self, picks: list[tuple[int, Condition]], random: np.random.Generator | None = None) -> Batch:
        """
        picks: samples with their conditions. random: draws of training, which turn time round and hide candidates.
        """
        made = [self._one(self.samples.samples[i], condition, random) for i, condition in picks]
        key, references, weights = (torch.stack(parts) for parts in zip(*made))
        chosen = [self.samples.samples[i] for i, _ in picks]
        joints = torch.from_numpy(np.stack([s.joints for s in chosen]))
        return Batch(key, references, weights, joints, torch.tensor([s.size for s in chosen]))

    def _one(self, s: Sample, condition: Condition, random: np.random.Generator | None) -> tuple[Tensor, Tensor, Tensor]:
        middle, k, channels = self.samples.stored_k, self.k, self.samples.map_shape[0]
        maps = self.samples.maps(s.video)
        form = self._form(s, random)
        places = range(middle - k, middle + k + 1)
        if random is not None and random.random() < 0.5:
            places = places[::-1]

        def map_at(place: int) -> int:
            return (s.degraded[condition.kind] if condition.spoils(place - middle) else s.clean)[form][place]

        v = self._read(maps, [map_at(place) for place in places])
        if form == "own":
            v = warped(v, torch.from_numpy(s.transforms[list(places)]))
        key = v[k]
        others, global_w = self._global(s, condition, key, maps, random)
        references = torch.cat([v[:k], v[k + 1 :], others])
        withheld = self.withhold == 1 or (random is not None and self.withhold > 0 and random.random() < self.withhold)
        local_w = torch.zeros_like(self.local) if withheld else self.local
        weights = torch.cat([local_w[:, None].expand(2 * k, channels), global_w])
        return key, references, weights

    def _form(self, s: Sample, random: np.random.Generator | None) -> str:
        """Whose window neighbours are seen in: `own` or `exact`; in training either, where a sample has both."""
        if "exact" in s.clean and "own" in s.clean:
            return "own" if self.warp or (random is not None and random.random() < 0.5) else "exact"
        return "own" if "own" in s.clean else "exact"

    def _global(self, s: Sample, condition: Condition, key: Tensor, maps: np.ndarray, random) -> tuple[Tensor, Tensor]:
        """The n most similar candidates [n, C, h, w] and W_g [n, C]; the key itself fills empty places."""
        if self.n == 0:
            return key.new_zeros((0, *key.shape)), key.new_zeros((0, len(key)))
        reach = -1 if self.leak else condition.run // 2
        usable = [
            (i, place)
            for i, (frame, place) in enumerate(self.samples.candidates[s.video])
            if frame != s.frame and abs(frame - s.frame) > reach
        ]
        if random is not None and len(usable) > self.n:
            hidden = random.integers(0, len(usable) - self.n + 1)
            usable = [usable[i] for i in sorted(random.permutation(len(usable))[hidden:])]
        e = embed(key)
        all_embeddings = torch.from_numpy(self.samples.candidate_embeddings(s.video))
        embeddings = (all_embeddings[[i for i, _ in usable]] - self.mean) / self.std
        # Stable, like the addon's ranking: ties go to the earlier frame, then the lower box index.
        order = torch.argsort(-(embeddings @ e), stable=True)[: self.n].tolist()
        v = self._read(maps, [usable[i][1] for i in order])
        missing = self.n - len(order)
        chosen = torch.cat([embeddings[order], e.expand(missing, -1)])
        weights = global_weights(e[None], chosen[None], self.similarity)[0]
        return torch.cat([v, key.expand(missing, *key.shape)]), weights

    def _read(self, maps: np.ndarray, places: list[int]) -> Tensor:
        if not places:
            return torch.zeros((0, *self.samples.map_shape))
        return standardise(torch.from_numpy(maps[places]).float(), self.mean, self.std)  # NumPy converts four times slower


def warped(maps: Tensor, transforms: Tensor) -> Tensor:
    """
    Maps [N, C, h, w] resampled into other windows: out(x, y) = in(scale·x + shift_x, scale·y + shift_y), bilinear, cells
    outside count as 0. transforms: [N, 3] scale, shift x, shift y in cells.
    """
    _, _, h, w = maps.shape
    scale, shift_x, shift_y = (transforms[:, i, None] for i in range(3))
    x = scale * torch.arange(w) + shift_x  # [N, w]
    y = scale * torch.arange(h) + shift_y  # [N, h]
    x, y = 2 * x / (w - 1) - 1, 2 * y / (h - 1) - 1  # grid_sample counts from −1 to 1, corner cell to corner cell
    grid = torch.stack([x[:, None, :].expand(-1, h, w), y[:, :, None].expand(-1, h, w)], -1)
    return functional.grid_sample(maps, grid, mode="bilinear", padding_mode="zeros", align_corners=True)


def gaussians(joints: Tensor, height: int, width: int, sigma: float) -> Tensor:
    """Target heat maps G [B, K, h, w] of joints [B, K, 3]; cell centres are whole numbers, the peak is 1."""
    x = torch.arange(width) - joints[..., 0, None]  # [B, K, w]
    y = torch.arange(height) - joints[..., 1, None]
    return torch.exp(-(x[..., None, :] ** 2 + y[..., :, None] ** 2) / (2 * sigma**2))


def decode(heatmaps: Tensor) -> Tensor:
    """[B, K, h, w] → [B, K, 2] x, y in cells: the maximum, a quarter towards the higher neighbour (as the addon decodes)."""
    b, joints, h, w = heatmaps.shape
    at = heatmaps.flatten(2).argmax(-1)
    x, y = at % w, at // w

    def value(dx: int, dy: int) -> Tensor:
        place = (y + dy).clamp(0, h - 1) * w + (x + dx).clamp(0, w - 1)
        return heatmaps.flatten(2).gather(-1, place[..., None])[..., 0]

    inside = (x > 1) & (x < w - 1) & (y > 1) & (y < h - 1)
    shift_x = torch.sign(value(1, 0) - value(-1, 0)) * 0.25 * inside
    shift_y = torch.sign(value(0, 1) - value(0, -1)) * 0.25 * inside
    return torch.stack([x + shift_x, y + shift_y], -1)
