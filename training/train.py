"""
Trains a GLPose head on the samples of `glpose features`.

    python3 training/train.py --train features/train --validation features/validation \\
        --bundle models/glpose-movenet --out runs/glpose

A run's folder holds log.csv, last.pt (to go on with --resume), best.pt (the best epoch on the validation samples), plot.png
where matplotlib is installed, and bundle/, the bundle with the best head. `self_test.py` shows within a minute that the whole
way works: it overfits a handful of samples that it makes itself.
"""

import argparse
import csv
import math
import os
import time
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import torch
from torch import nn

from allocator import keep_memory
from bundle import extractor_of, rounded
from evaluate import conditions, load_run, measure_as_infer, pck, plain_picks
from export import export
from model import Head, Shape, loss, paper_initialisation
from samples import CLEAN, Batches, Condition, Samples, gaussians, run_length
from atomic_write import atomic_write


@dataclass(frozen=True)
class TrainConfig:
    """How a head is trained; the defaults are what worked best in trials on two cores (docs/training.md)."""

    epochs: int = 20
    batch: int = 12
    schedule: str = "cosine"  # a 40-step warm-up to `rate`, then half a cosine; "paper": ×0.1 after epochs 6, 12, 18
    rate: float = 2e-3
    initialisation: str = "he"  # "paper": N(0, 0.001) throughout
    clean_share: float = 0.4  # samples that are seen undegraded
    runs: tuple[int, ...] = (1, 3, 5, 9)  # lengths of degraded runs, equally often
    withhold: float = 0  # share of samples whose local frames have weight 0, so that the head can do without them
    precision: str = "float32"  # of the convolutions in training; with bfloat16 weights, sums and validation still are float32
    seed: int = 0


WARM_UP = 40  # steps
SECOND_LOOK = 0.4  # mean score below which a head that can do without local frames is asked to (docs/accuracy.md)


def fastest_precision(device: torch.device) -> str:
    """bfloat16 where the processor computes with it; others imitate it, which takes twice as long as float32."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.get_device_capability(device) >= (8, 0) else "float32"
    about = Path("/proc/cpuinfo")
    flags = set(about.read_text().split()) if about.exists() else set()
    return "bfloat16" if flags & {"avx512_bf16", "amx_bf16", "bf16"} else "float32"


def initialise(head: Head, kind: str) -> None:
    if kind == "paper":
        paper_initialisation(head)
        return
    for module in head.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    nn.init.normal_(head.head.weight, 0, 0.001)  # heat maps are nearly zero everywhere, and begin so
    nn.init.zeros_(head.head.bias)


def as_wide_as(like: torch.Tensor, tensor: torch.Tensor) -> torch.Tensor:
    """A weight for more input channels, the last ones, of which it makes nothing yet: a head that learns to read conditions."""
    more = like.shape[1] - tensor.shape[1] if tensor.dim() == 4 else 0
    return torch.cat([tensor, tensor.new_zeros((len(tensor), more, *tensor.shape[2:]))], 1) if more > 0 else tensor


def learning_rate(config: TrainConfig, step: int, steps_an_epoch: int) -> float:
    if config.schedule == "paper":
        epoch = step // steps_an_epoch
        return config.rate * 0.1 ** sum(epoch >= drop for drop in (6, 12, 18))
    share = step / (config.epochs * steps_an_epoch)
    return config.rate * min(1, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * share))


def draw_condition(samples: Samples, i: int, config: TrainConfig, random: np.random.Generator) -> Condition:
    kinds = list(samples.samples[i].degraded)
    if not kinds or random.random() < config.clean_share:
        return CLEAN
    return Condition(kinds[random.integers(len(kinds))], int(random.choice(config.runs)))


class Training:
    """One run: its head, optimiser and place in the schedule."""

    def __init__(self, shape: Shape, config: TrainConfig, train: Samples, similarity: str, device: torch.device):
        torch.manual_seed(config.seed)
        self.config, self.train, self.device = config, train, device
        self.head = Head(shape)
        initialise(self.head, config.initialisation)
        # Channels last is the faster layout for bfloat16, and the slower one for float32.
        layout = torch.channels_last if config.precision == "bfloat16" else torch.contiguous_format
        self.head.to(device, memory_format=layout)
        self.optimiser = torch.optim.Adam(self.head.parameters(), config.rate)
        mean, std = (rounded(statistic) for statistic in train.statistics())
        self.settings = dict(mean=mean, std=std, m=train.m, similarity=similarity)
        self.settings |= dict(extractor=train.extractor, joints=train.joints)
        # A head that has seen neighbours in their own windows may be given such, which costs a fraction.
        self.settings["reuse"] = "warp" if any("own" in s.clean for s in train.samples) else "exact"
        self.settings["second_look"] = SECOND_LOOK if config.withhold > 0 and shape.k > 0 else 0
        self.epoch, self.best = 0, -1.0
        self.begun = False  # with the head of another run

    def batches(self, samples: Samples, **more) -> Batches:
        shape, settings = self.head.shape, self.settings
        parts = dict(k=shape.k, n=shape.n, similarity=settings["similarity"]) | more
        return Batches(samples, settings["mean"], settings["std"], **parts)

    def run_epoch(self, world: int = 1, rank: int = 0) -> float:
        """One pass over the samples. @returns the mean loss a step."""
        config, train = self.config, self.train
        random = np.random.default_rng([config.seed, self.epoch])  # the same draws after a resume
        order = random.permutation(len(train))[rank::world]
        steps = max(1, len(train) // world // config.batch)  # the same for all: they wait for one another at every step
        batches = self.batches(train, withhold=config.withhold)
        _, height, width = train.map_shape
        sigma = height / 32  # 3 cells at 96×72, 2 at 64×48
        model = nn.parallel.DistributedDataParallel(self.head) if world > 1 else self.head
        low = torch.autocast(self.device.type, torch.bfloat16, enabled=config.precision == "bfloat16")
        model.train()
        total = 0.0
        for step in range(steps):
            for group in self.optimiser.param_groups:
                group["lr"] = learning_rate(config, self.epoch * steps + step, steps)
            chosen = order[step * config.batch : (step + 1) * config.batch]
            batch = batches.batch([(i, draw_condition(train, i, config, random)) for i in chosen], random)
            targets = gaussians(batch.joints, height, width, sigma).to(self.device)
            with low:
                heatmaps = model(*batch.inputs(self.device))
            value = loss(heatmaps.float(), targets, batch.joints[..., 2].to(self.device))
            self.optimiser.zero_grad()
            value.backward()
            self.optimiser.step()
            total += value.item()
        self.epoch += 1
        return total / steps

    def validate(self, samples: Samples, wanted: list[Condition]) -> dict[str, float]:
        """
        PCK@0.1 of each condition, as `infer` would see it: neighbours as the bundle will ask for them, where the samples have
        them so. An epoch is as good as their mean.
        """
        warp = self.settings["reuse"] == "warp" and self.head.shape.k > 0 and samples.have_own
        batches, second_look = self.batches(samples, warp=warp), self.settings["second_look"]
        measured = {c: measure_as_infer(self.head, batches, plain_picks(samples, c), second_look) for c in wanted}
        return {str(c): pck(of.distance, 0.1) for c, of in measured.items()}

    def save(self, file: Path, **more) -> None:
        state = dict(
            shape=asdict(self.head.shape),
            config=asdict(self.config),
            settings=self.settings,
            head={name: t.cpu() for name, t in self.head.state_dict().items()},
            **more,
        )
        with atomic_write(file) as part:
            torch.save(state, part)

    def start_from(self, source: Path) -> None:
        """Begins with the best head of another run, or the head of a bundle, and its standardisation."""
        head, settings = load_run(source)
        self.train.require(settings, source)
        if replace(head.shape, conditions=self.head.shape.conditions) != self.head.shape:
            raise SystemExit(f"the head of {source} has another shape: {head.shape}, not {self.head.shape}")
        self.require_similarity(settings, source)
        own = self.head.state_dict()
        self.head.load_state_dict({name: as_wide_as(own[name], t) for name, t in head.state_dict().items()})
        self.settings |= {part: settings[part] for part in ("mean", "std")}
        self.begun = True

    def require_similarity(self, settings: dict, whose: Path) -> None:
        if settings["similarity"] != self.settings["similarity"]:
            raise SystemExit(f"{whose} has learnt --similarity {settings['similarity']}; give that")

    def resume(self, file: Path) -> None:
        saved = torch.load(file, map_location="cpu")
        config = asdict(TrainConfig()) | saved["config"]  # what was not there yet was as it is by default
        if saved["shape"] != asdict(self.head.shape) or config != asdict(self.config):
            raise SystemExit(f"{file} belongs to a run with other settings. Give them again, or another --out.")
        self.require_similarity(saved["settings"], file)
        self.train.require(saved["settings"], file)
        self.settings |= saved["settings"]
        self.head.load_state_dict(saved["head"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.epoch, self.best = saved["epoch"], saved["best"]


def fit(training: Training, validation: Samples, out: Path, *, world: int = 1, rank: int = 0, say=print) -> None:
    """Trains to the last epoch; writes log.csv, last.pt and best.pt."""
    out.mkdir(parents=True, exist_ok=True)
    runs = [1, 5, 9] if training.settings["second_look"] > 0 else [1, 5]  # nine: where a second look counts
    wanted = conditions(validation, runs)
    first = training.begun and training.epoch == 0  # epoch 0 is the head begun with, which is kept where none is better
    while first or training.epoch < training.config.epochs:
        started = time.time()
        mean_loss = math.nan if first else training.run_epoch(world, rank)
        first = False
        if rank != 0:
            continue
        figures = training.validate(validation, wanted)
        score = sum(figures.values()) / len(figures)
        seconds = time.time() - started
        log(out / "log.csv", dict(epoch=training.epoch, loss=f"{mean_loss:.4f}", seconds=f"{seconds:.1f}", mean=f"{score:.2f}", **{name: f"{v:.2f}" for name, v in figures.items()}))  # fmt: skip
        how = "begun with" if math.isnan(mean_loss) else f"loss {mean_loss:.3f}"
        say(f"epoch {training.epoch}: {how}, PCK {score:.1f} (clean {figures['clean']:.1f}), {seconds:.0f} s")
        if score > training.best:
            training.best = score
            training.save(out / "best.pt")
        training.save(
            out / "last.pt", optimiser=training.optimiser.state_dict(), epoch=training.epoch, best=training.best
        )


def log(file: Path, row: dict) -> None:
    """Adds the row of an epoch; a run that was stopped before it was saved does its last epoch again."""
    rows = []
    if file.exists():
        with file.open(newline="") as stream:
            rows = [before for before in csv.DictReader(stream) if int(before["epoch"]) < row["epoch"]]
    with atomic_write(file) as part, part.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, row.keys())
        writer.writeheader()
        writer.writerows([*rows, row])


def plot(folder: Path) -> None:
    """log.csv as plot.png, where matplotlib is installed."""
    try:
        from matplotlib import pyplot
    except ImportError:
        return
    with (folder / "log.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    epochs = [int(row["epoch"]) for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4))
    left.plot(epochs, [float(row["loss"]) for row in rows])
    left.set(xlabel="epoch", ylabel="loss", yscale="log")
    for name in [name for name in rows[0] if name not in ("epoch", "loss", "seconds")]:
        right.plot(epochs, [float(row[name]) for row in rows], label=name)
    right.set(xlabel="epoch", ylabel="PCK@0.1 on validation")
    right.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(folder / "plot.png", dpi=120)


def arguments_of(parser: argparse.ArgumentParser) -> argparse.Namespace:
    config = TrainConfig()
    parser.add_argument("--train", type=Path, nargs="+", help="folders of glpose features")
    parser.add_argument("--validation", type=Path, nargs="+", help="others, of other videos")
    parser.add_argument("--bundle", type=Path, help="the bundle whose extractor made the features")
    parser.add_argument("--out", type=Path, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on where the run in --out was stopped")
    parser.add_argument("--start-from", type=Path, help="begin with the head of another run or of a bundle, to tune it")
    parser.add_argument("--threads", type=int, help="CPU threads; default: all cores")
    head = parser.add_argument_group("head")
    head.add_argument("--k", type=int, default=4, help="local frames a side (default: %(default)s)")
    head.add_argument("--n", type=int, default=6, help="global people (default: %(default)s)")
    head.add_argument("--width", type=int, default=32, help="channels of the blocks (default: %(default)s)")
    head.add_argument("--no-enhancement", action="store_true", help="the head reads S")
    head.add_argument("--enhancement-blocks", type=int, default=1, help="basic blocks in A (default: %(default)s)")
    head.add_argument("--kernel", type=int, choices=[1, 3, 5], default=3, help="of the head (default: %(default)s)")
    head.add_argument("--conditions", action="store_true", help="the head is told where everybody's joints are expected")
    head.add_argument("--similarity", choices=["frame", "channel"], default="frame", help="W_g (default: %(default)s)")
    how = parser.add_argument_group("training")
    how.add_argument("--epochs", type=int, default=config.epochs, help="default: %(default)s")
    how.add_argument("--batch", type=int, default=config.batch, help="default: %(default)s")
    how.add_argument("--schedule", choices=["cosine", "paper"], default=config.schedule, help="default: %(default)s")
    how.add_argument("--rate", type=float, help="learning rate; default: 2e-3, the paper's schedule 1e-3")
    how.add_argument("--initialisation", choices=["he", "paper"], default=config.initialisation, help="default: %(default)s")  # fmt: skip
    how.add_argument("--clean-share", type=float, default=config.clean_share, help="undegraded samples (default: %(default)s)")  # fmt: skip
    how.add_argument("--runs", type=run_length, nargs="+", default=config.runs, help="odd lengths of degraded runs")
    how.add_argument("--withhold", type=float, default=config.withhold, help="samples whose local frames are hidden (default: %(default)s)")  # fmt: skip
    how.add_argument("--precision", choices=["bfloat16", "float32"], help="default: bfloat16 where the processor computes with it")  # fmt: skip
    how.add_argument("--seed", type=int, default=config.seed, help="default: %(default)s")
    return parser.parse_args()


def main() -> None:
    keep_memory()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments = arguments_of(parser)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    for name in ("train", "validation", "bundle", "out"):
        if getattr(arguments, name) is None:
            parser.error(f"--{name} is needed")

    world, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))  # torchrun sets them
    local_rank = int(os.environ.get("LOCAL_RANK", 0))
    device = torch.device("cuda", local_rank) if torch.cuda.is_available() else torch.device("cpu")
    if world > 1:
        backend = "nccl" if device.type == "cuda" else "gloo"
        torch.distributed.init_process_group(backend, timeout=timedelta(hours=2))  # the others wait while rank 0 validates

    train, validation = Samples(*arguments.train), Samples(*arguments.validation)
    of_bundle = dict(extractor=extractor_of(arguments.bundle), joints=train.joints)  # it may hold a head of other joints
    train.require(of_bundle, arguments.bundle)
    validation.require(of_bundle, arguments.bundle)
    if arguments.n > train.m:
        raise SystemExit(f"n = {arguments.n} global people need samples of as many candidates (glpose features --m)")
    shape = Shape(
        channels=train.map_shape[0],
        block_width=arguments.width,
        joints=len(train.joints),
        k=arguments.k,
        n=arguments.n,
        enhancement=not arguments.no_enhancement,
        enhancement_blocks=arguments.enhancement_blocks,
        kernel=arguments.kernel,
        conditions=arguments.conditions,
    )
    config = TrainConfig(
        epochs=arguments.epochs,
        batch=arguments.batch,
        schedule=arguments.schedule,
        rate=arguments.rate or (1e-3 if arguments.schedule == "paper" else 2e-3),
        initialisation=arguments.initialisation,
        clean_share=arguments.clean_share,
        runs=tuple(arguments.runs),
        withhold=arguments.withhold,
        precision=arguments.precision or fastest_precision(device),
        seed=arguments.seed,
    )
    training = Training(shape, config, train, arguments.similarity, device)
    if arguments.resume:
        training.resume(arguments.out / "last.pt")
    elif (arguments.out / "last.pt").exists():
        raise SystemExit(f"{arguments.out} holds a run. Go on with --resume, or give another --out.")
    elif arguments.start_from:
        training.start_from(arguments.start_from)
    parameters = sum(p.numel() for p in training.head.parameters())
    if rank == 0:
        print(f"{len(train)} training and {len(validation)} validation samples; {parameters:,} parameters; {device}")
    fit(training, validation, arguments.out, world=world, rank=rank)
    if rank == 0:
        plot(arguments.out)
        export(arguments.out, arguments.bundle, arguments.out / "bundle", name=arguments.out.resolve().name)


if __name__ == "__main__":
    main()
