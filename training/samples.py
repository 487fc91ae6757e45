"""
Reads the folders that `glpose features` writes (docs/training.md) and makes batches of them. Maps stay on the disk; what is
read into memory is one batch.

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

from model import EXPECTED_JOINTS, embed, global_weights, local_weights, standardise


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


def run_length(text: str) -> int:
    """For the command line: a run has its key in the middle."""
    length = int(text)
    if length < 1 or length % 2 == 0:
        raise ValueError
    return length


CLEAN = Condition()
FORMAT = 4  # of index.json
HIDDEN_EXPECTATION = 0.2  # share of the samples drawn in training that are not told who is meant, or not who else is there

# How looks at single frames err (`look_once`), by what was measured of people who overlap: the share of joints that are somebody
# else's or far off, in clean frames and in degraded ones, and of those of the own person that are so in all frames of a window.
ASTRAY = {False: 0.12, True: 0.55}
ASTRAY_THROUGHOUT = 0.1
FAR = 0.2  # standard deviation, in shares of the person's size
UNSTEADY = 0.05  # of all joints in degraded frames


@dataclass(frozen=True)
class MapFile:
    """Feature maps of a video on the disk. Opened for each read: there are more videos than files may be open at once."""

    path: Path
    shape: tuple[int, int, int]  # C, h, w

    def read(self, places: list[int]) -> np.ndarray:
        """[len(places), C, h, w] float16"""
        maps = np.empty((len(places), *self.shape), "<f2")
        with self.path.open("rb") as stream:
            for one, place in zip(maps, places):
                stream.seek(place * one.nbytes)
                if stream.readinto(one.data.cast("B")) < one.nbytes:
                    raise SystemExit(f"{self.path} ends before map {place}. Remove its videos/….json and run glpose features again.")
        return maps


@dataclass
class Sample:
    video: int
    frame: int
    plain: bool
    joints: np.ndarray  # [K, 3] x, y in cells, weight
    size: float  # the person's larger side in cells
    expected: list[np.ndarray]  # [2·stored_k + 1] of [O, J, 2] x, y in cells, the own person first; NaN where nobody knows
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
    expected: Tensor  # [B, 1 + L, O, J, 2] as in model.condition_maps
    joints: Tensor  # [B, K, 3]
    size: Tensor  # [B]

    def inputs(self, device: torch.device) -> list[Tensor]:
        """What a head takes."""
        return [part.to(device) for part in (self.key, self.references, self.weights, self.expected)]


class Samples:
    """All samples of some folders, which were made with the same bundle."""

    def __init__(self, *folders: Path):
        self.maps: list[MapFile] = []  # by video
        self.candidates: list[list[tuple[int, int]]] = []  # by video: frame, map
        self.samples: list[Sample] = []
        self.folder = folders[0]
        made = [self._read_index(Path(folder)) for folder in folders]
        for folder, other in zip(folders, made):
            for setting in ("extractor", "joints", "k"):
                if other[setting] != made[0][setting]:
                    raise SystemExit(f"{folder} and {folders[0]} cannot be used together: they differ in `{setting}` (settings.json)")
        self.extractor: dict = made[0]["extractor"]
        self.joints: list[str] = made[0]["joints"]
        self.stored_k: int = made[0]["k"]
        self.m: int = min(one["m"] for one in made)
        self.kinds = list(dict.fromkeys(kind for one in made for kind in one["kinds"]))
        self.map_shape = _map_shape(made[0])
        self._embeddings = [None] * len(self.maps)

    def require(self, settings: dict, whose: object) -> None:
        """
        settings: of a head (train.py). whose: names the head.
        SystemExit where its extractor or its joints are not these samples'.
        """
        for part, own in (("extractor", self.extractor), ("joints", self.joints)):
            if settings[part] != own:
                raise SystemExit(f"{whose} and {self.folder} cannot be used together: they differ in `{part}`")

    def _read_index(self, folder: Path) -> dict:
        """@returns what the folder's samples were made with"""
        index_file = folder / "index.json"
        if not index_file.exists():
            raise SystemExit(f"{index_file} is missing. Make it with glpose features; a run that was stopped must go on.")
        index = json.loads(index_file.read_text(encoding="utf-8"))
        if index["format"] != FORMAT:
            raise SystemExit(f"{folder} was made by another version of glpose (format {index['format']}). Make it again.")
        shape = _map_shape(index["made"])
        for video in index["videos"]:
            self.maps.append(MapFile(folder / "maps" / f"{video['name']}.f16", shape))
            self.candidates.append([(c["frame"], c["map"]) for c in video["candidates"]])
            for s in video["samples"]:
                self.samples.append(
                    Sample(
                        video=len(self.maps) - 1,
                        frame=s["frame"],
                        plain=s["plain"],
                        joints=np.array(s["joints"], np.float32),
                        size=s["size"],
                        expected=[_expected(frame) for frame in s["expected"]],
                        clean=s["clean"],
                        degraded={d["kind"]: d for d in s["degraded"]},
                        transforms=np.array(s["transforms"], np.float32) if "transforms" in s else None,
                    )
                )
        return index["made"]

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def have_own(self) -> bool:
        """Whether neighbours can be seen in their own windows."""
        return all("own" in s.clean for s in self.samples)

    def statistics(self, most: int = 400, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation [C] of the clean key maps; of `most` of them where there are more."""
        chosen = np.random.default_rng(seed).permutation(len(self))[:most]
        keys = [self.maps[s.video].read([s.key_map(self.stored_k)]) for s in (self.samples[i] for i in sorted(chosen))]
        maps = np.concatenate(keys).astype(np.float64)
        return torch.tensor(maps.mean((0, 2, 3))).float(), torch.tensor(maps.std((0, 2, 3))).clamp(min=1e-4).float()

    def candidate_embeddings(self, video: int) -> np.ndarray:
        """[candidates, C] means of the extractor's maps, not standardised."""
        if self._embeddings[video] is None:
            maps = self.maps[video].read([place for _, place in self.candidates[video]])
            self._embeddings[video] = torch.from_numpy(maps).float().mean((2, 3)).numpy()
        return self._embeddings[video]


def _expected(frame: dict) -> np.ndarray:
    """[O, J, 2]"""
    unknown = [None] * EXPECTED_JOINTS
    people = [frame["own"] or unknown, *frame["others"]]
    return np.array([[place or (np.nan, np.nan) for place in pose] for pose in people], np.float32)


def _map_shape(made: dict) -> tuple[int, int, int]:
    return made["channels"], made["height"], made["width"]


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
        if warp and not samples.have_own:
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
        key, references, weights = (torch.stack(parts) for parts in list(zip(*made))[:3])
        expected = together([expected for _, _, _, expected in made])
        chosen = [self.samples.samples[i] for i, _ in picks]
        joints = torch.from_numpy(np.stack([s.joints for s in chosen]))
        return Batch(key, references, weights, expected, joints, torch.tensor([s.size for s in chosen]))

    def _one(self, s: Sample, condition: Condition, random: np.random.Generator | None) -> tuple:
        """@returns key, references and weights as in `Batch`, and the expected poses [O, J, 2] of each of the 1 + L frames"""
        middle, k, channels = self.samples.stored_k, self.k, self.samples.map_shape[0]
        maps = self.samples.maps[s.video]
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
        frames = [middle, *(place for place in places if place != middle)]
        seeded = random or np.random.default_rng([s.frame, len(s.expected[middle]), condition.run])  # of no training: always the same
        spoilt = [condition.spoils(place - middle) for place in frames]
        expected = look_once([s.expected[place] for place in frames], spoilt, s.size, seeded)
        if withheld:
            expected[1:] = [np.full_like(pose, np.nan) for pose in expected[1:]]
        if random is not None:
            own_hidden, others_hidden = random.random(2) < HIDDEN_EXPECTATION
            expected = [hidden(poses, own_hidden, others_hidden) for poses in expected]
        return key, references, weights, expected

    def _form(self, s: Sample, random: np.random.Generator | None) -> str:
        """Whose window neighbours are seen in: `own` or `exact`; in training either, where a sample has both."""
        if "exact" in s.clean and "own" in s.clean:
            return "own" if self.warp or (random is not None and random.random() < 0.5) else "exact"
        return "own" if "own" in s.clean else "exact"

    def _global(self, s: Sample, condition: Condition, key: Tensor, maps: MapFile, random) -> tuple[Tensor, Tensor]:
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

    def _read(self, maps: MapFile, places: list[int]) -> Tensor:
        return standardise(torch.from_numpy(maps.read(places)).float(), self.mean, self.std)  # NumPy converts four times slower


def look_once(frames: list[np.ndarray], spoilt: list[bool], size: float, random: np.random.Generator) -> list[np.ndarray]:
    """
    Expected poses [O, J, 2] of each frame as the extractor's own pose of that frame alone would have them: some joints are the
    neighbour's, some far off, and more of them where the frame is degraded.
    size: the person's, in cells
    """
    throughout = random.random(EXPECTED_JOINTS) < ASTRAY_THROUGHOUT
    away = random.normal(0, FAR * size, (EXPECTED_JOINTS, 2))
    looks = []
    for poses, bad in zip(frames, spoilt):
        look = poses + (random.normal(0, UNSTEADY * size, poses.shape) if bad else 0)
        astray = random.random(poses.shape[:2]) < ASTRAY[bad]
        astray[0] |= throughout
        far = poses + random.normal(0, FAR * size, poses.shape)
        far[0] = np.where(throughout[:, None], poses[0] + away, far[0])
        borrowed = random.random(poses.shape[:2]) < 0.5
        for person, joint in zip(*np.nonzero(astray)):
            if borrowed[person, joint] and len(poses) > 1:
                owner = (person + random.integers(1, len(poses))) % len(poses)
                look[person, joint] = poses[owner, joint]
            else:
                look[person, joint] = far[person, joint]
        looks.append(look.astype(np.float32))
    return looks


def hidden(poses: np.ndarray, own: bool, others: bool) -> np.ndarray:
    """Expected poses [O, J, 2] of a frame without those of the person, or of everybody else."""
    poses = poses.copy()
    if own:
        poses[0] = np.nan
    if others:
        poses[1:] = np.nan
    return poses


def together(expected: list[list[np.ndarray]]) -> Tensor:
    """Poses of one or more frames of every sample, of as many people as were in sight, as [B, frames, O, J, 2]."""
    most = max(len(poses) for frames in expected for poses in frames)
    batch = np.full((len(expected), len(expected[0]), most, EXPECTED_JOINTS, 2), np.nan, np.float32)
    for of, frames in zip(batch, expected):
        for people, poses in zip(of, frames):
            people[: len(poses)] = poses
    return torch.from_numpy(batch)


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
