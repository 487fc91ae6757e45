"""
How fast PyTorch runs the head on a GPU, to compare with the addon's kernels (`node native/kernels.js --gpu perf`): half
precision, pixels' channels together, as CUDA graphs; as it stands, and compiled.

    python3 training/bench_head.py

Prints Markdown. The maps are on the GPU already, and the heat maps stay there: no transfer, no decoding.
"""

import statistics

import torch

from model import Head, Shape

SHAPES = {
    "the paper's head": (Shape(channels=48, block_width=48, joints=15, k=4, n=6), 96, 72),
    "the default bundle's head": (Shape(channels=24, block_width=32, joints=15, k=4, n=6), 64, 48),
}
RUNS, REPEATS = 20, 10


def captured(call, *inputs):
    """`call` as a CUDA graph."""
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            call(*inputs)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call(*inputs)
    return graph.replay


def milliseconds(call) -> float:
    """Of the median of RUNS, each of REPEATS calls."""
    times = []
    for run in range(RUNS + 3):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(REPEATS):
            call()
        end.record()
        torch.cuda.synchronize()
        if run >= 3:
            times.append(start.elapsed_time(end) / REPEATS)
    return statistics.median(times)


def main() -> None:
    if not torch.cuda.is_available():
        raise SystemExit("PyTorch sees no CUDA device")
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}\n")
    print("| head | people at once | as it stands, ms | compiled, ms | people a second, the faster |")
    print("| --- | --- | --- | --- | --- |")
    for name, (shape, height, width) in SHAPES.items():
        head = Head(shape).eval().half().cuda().to(memory_format=torch.channels_last)
        for people in (1, 8, 32):
            maps = [torch.randn(people, shape.channels, height, width) for _ in range(1 + shape.references)]
            maps = [m.half().cuda() for m in maps]
            key = maps[0].contiguous(memory_format=torch.channels_last)
            references = torch.stack(maps[1:], 1)
            weights = torch.rand(people, shape.references, shape.channels).half().cuda()
            times = []
            for call in (head, torch.compile(head)):
                with torch.inference_mode():
                    times.append(milliseconds(captured(call, key, references, weights)))
            eager, compiled = times
            rate = people / min(times) * 1e3
            print(f"| {name} | {people} | {eager:.3f} | {compiled:.3f} | {rate:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
