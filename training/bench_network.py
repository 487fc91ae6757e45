"""
How fast PyTorch runs the extractor on a GPU, to compare with the addon's kernels (`glpose bench network --device cuda`):
HRNet-W48 cut at stage 3, branch 0, in half precision, pixels' channels together, as CUDA graphs; as it stands, and compiled.

    python3 training/bench_network.py

Prints Markdown. The crops are on the GPU already, and the features stay there: no transfer. Weights are arbitrary, batch norm is folded.
"""

import torch
from torch import nn

from bench_head import captured, milliseconds

HEIGHT, WIDTH, CHANNELS = 384, 288, 48


class Conv(nn.Sequential):
    """A convolution that keeps the size, or halves it, and ReLU where it is asked for."""

    def __init__(self, ins: int, outs: int, kernel: int = 3, stride: int = 1, relu: bool = True):
        layers: list[nn.Module] = [nn.Conv2d(ins, outs, kernel, stride, kernel // 2)]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if relu else []))


class Residual(nn.Module):
    """ReLU of a path and of what went into it."""

    def __init__(self, path: nn.Module, shortcut: nn.Module | None = None):
        super().__init__()
        self.path, self.shortcut = path, shortcut or nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x [N, ins, h, w] -> [N, outs, h, w]"""
        return torch.relu(self.path(x) + self.shortcut(x))


def bottleneck(ins: int) -> Residual:
    path = nn.Sequential(Conv(ins, 64, 1), Conv(64, 64), Conv(64, 256, 1, relu=False))
    return Residual(path, None if ins == 256 else Conv(ins, 256, 1, relu=False))


def basic(channels: int) -> Residual:
    return Residual(nn.Sequential(Conv(channels, channels), Conv(channels, channels, relu=False)))


def fusion(source: int, target: int) -> nn.Module:
    """The way from branch `source` to branch `target`; branch b has CHANNELS · 2^b channels at 1 / 2^b of the size."""
    ins, outs = CHANNELS << source, CHANNELS << target
    if source == target:
        return nn.Identity()
    if source > target:
        return nn.Sequential(Conv(ins, outs, 1, relu=False), nn.Upsample(scale_factor=2 ** (source - target)))
    steps = [Conv(ins, ins, stride=2) for _ in range(target - source - 1)]
    return nn.Sequential(*steps, Conv(ins, outs, stride=2, relu=False))


class Module(nn.Module):
    """One of HRNet's modules: four basic blocks in each branch, then every branch into the first `outputs`."""

    def __init__(self, branches: int, outputs: int):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(basic(CHANNELS << b) for _ in range(4))) for b in range(branches))
        self.fusions = nn.ModuleList(
            nn.ModuleList(fusion(source, target) for source in range(branches)) for target in range(outputs)
        )

    def forward(self, maps: list[torch.Tensor]) -> list[torch.Tensor]:
        """The branches' maps, the finest first."""
        maps = [branch(x) for branch, x in zip(self.branches, maps)]
        return [torch.relu(sum(way(x) for way, x in zip(ways, maps))) for ways in self.fusions]


class Extractor(nn.Module):
    """HRNet-W48 up to stage 3, branch 0."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(Conv(3, 64, stride=2), Conv(64, 64, stride=2))
        self.stage1 = nn.Sequential(bottleneck(64), *(bottleneck(256) for _ in range(3)))
        self.first, self.second = Conv(256, CHANNELS), Conv(256, 2 * CHANNELS, stride=2)
        self.stage2 = Module(2, 2)
        self.third = Conv(2 * CHANNELS, 4 * CHANNELS, stride=2)
        self.stage3 = nn.ModuleList([Module(3, 3), Module(3, 3), Module(3, 3), Module(3, 1)])

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """crops [N, 3, 384, 288] -> [N, 48, 96, 72]"""
        x = self.stage1(self.stem(crops))
        maps = self.stage2([self.first(x), self.second(x)])
        maps.append(self.third(maps[1]))
        for module in self.stage3:
            maps = module(maps)
        return maps[0]


def main() -> None:
    if not torch.cuda.is_available():
        raise SystemExit("PyTorch sees no CUDA device")
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}\n")
    print("| crops at once | as it stands, ms | compiled, ms | crops a second, the faster |")
    print("| --- | --- | --- | --- |")
    net = Extractor().eval().half().cuda().to(memory_format=torch.channels_last)
    for crops in (1, 8, 32):
        images = torch.randn(crops, 3, HEIGHT, WIDTH).half().cuda().contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            eager, compiled = (milliseconds(captured(call, images)) for call in (net, torch.compile(net)))
        print(f"| {crops} | {eager:.3f} | {compiled:.3f} | {crops / min(eager, compiled) * 1e3:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
