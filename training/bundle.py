"""Bundles, as far as training is concerned: reading config.json, writing a trained head."""

import hashlib
import json
import re
import shutil
import struct
from pathlib import Path

import torch

from model import Head, Shape
from atomic_write import atomic_write


def write_safetensors(path: Path, tensors: dict, metadata: dict) -> None:
    """Tensors as float32, in the order given. metadata: strings."""
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, tensor in tensors.items():
        raw = tensor.detach().float().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with atomic_write(path) as file:
        file.write_bytes(struct.pack("<Q", len(text)) + text + data)


def read_safetensors(path: Path) -> dict:
    """Tensors as float32, by name."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    kinds = {"F32": torch.float32, "F16": torch.float16}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        flat = torch.frombuffer(bytearray(raw[begin:end]), dtype=kinds[entry["dtype"]])
        tensors[name] = flat.float().reshape(entry["shape"])
    return tensors


def read_config(bundle: Path) -> dict:
    file = bundle / "config.json"
    if not file.exists():
        raise SystemExit(f"{bundle} is no bundle: {file} is missing")
    return json.loads(file.read_text(encoding="utf-8"))


def extractor_of(bundle: Path) -> dict:
    """What decides the feature maps of a bundle, as `glpose features` writes it into settings.json."""
    extractor = read_config(bundle)["extractor"]
    sha256 = hashlib.sha256((bundle / extractor["file"]).read_bytes()).hexdigest()
    return dict(sha256=sha256, input=extractor["input"], output=extractor["features"]["output"])


def read_head(bundle: Path) -> tuple[Head, dict]:
    """A bundle's head, and its settings as in `write_bundle`."""
    config = read_config(bundle)
    features, head = config["extractor"]["features"], config["head"]
    if not head["trained"]:
        raise SystemExit(f"the head of {bundle} is not trained")
    shape = Shape(
        channels=features["channels"],
        block_width=head["blockWidth"],
        joints=len(head["joints"]),
        k=head["k"],
        n=head["n"],
        enhancement=head["enhancement"],
        enhancement_blocks=head["enhancementBlocks"],
        kernel=head["kernel"],
        conditions=head.get("conditions", False),
    )
    result = Head(shape)
    result.load_state_dict(read_safetensors(bundle / head["file"]), strict=False)  # strict would ask for BatchNorm's counters
    settings = {part: torch.tensor(features[part]) for part in ("mean", "std")}
    settings |= {part: head[part] for part in ("joints", "m", "similarity", "reuse")}
    settings |= {"second_look": head.get("secondLook", 0), "offsets": head.get("offsets")}
    return result.eval(), settings | {"extractor": extractor_of(bundle)}


CARD = """# {name}

A glpose bundle: {extractor}, under its terms, and a GLPose head trained with training/train.py. Write here what it was trained
on, what that material allows, and how it was measured; `config.json` holds its shape.
"""


def head_tensors(head: Head) -> dict:
    """What stands in head.safetensors, sorted by name: equal heads give equal bytes."""
    return {name: t for name, t in sorted(head.state_dict().items()) if not name.endswith("num_batches_tracked")}


def write_bundle(source: Path, out: Path, head: Head, settings: dict, name: str | None = None) -> None:
    """
    The bundle `source` with another head: in its place where `out` is `source`, or as a bundle of its own, whose name is the
    folder's unless one is given.
    settings: mean and std [C] of the features, joints, m, similarity, reuse, second_look (0: none), offsets (None: none; those of another
    head are not this one's)
    """
    config = read_config(source)
    shape = head.shape
    if out.resolve() != source.resolve():
        # What describes the source's head stays behind; config.json comes last: until then `out` is no bundle.
        described = shutil.ignore_patterns("config.json", "head.safetensors", "README.md")
        shutil.copytree(source, out, dirs_exist_ok=True, ignore=described)
        extractor = f"the extractor of {config['name']}"
        config["name"] = re.sub("[^A-Za-z0-9._-]+", "-", name or out.resolve().name).lstrip("._-") or "trained"
        config["description"] = f"{extractor[0].upper()}{extractor[1:]} and a GLPose head that training/train.py made"
        card = out / "README.md"
        if not card.exists():  # somebody may have written more on it
            card.write_text(CARD.format(name=config["name"], extractor=extractor), encoding="utf-8")
    features = config["extractor"]["features"]
    features["mean"], features["std"] = ([float(f"{x:.6g}") for x in settings[part].tolist()] for part in ("mean", "std"))
    config["head"] = {
        "file": "head.safetensors",
        "trained": True,
        "blockWidth": shape.block_width,
        "joints": settings["joints"],
        "k": shape.k,
        "n": shape.n,
        "m": settings["m"],
        "similarity": settings["similarity"],
        "enhancement": shape.enhancement,
        "enhancementBlocks": shape.enhancement_blocks,
        "kernel": shape.kernel,
        "decode": "quarter",
        "reuse": settings["reuse"],
    }
    if shape.conditions:
        config["head"]["conditions"] = True
    if settings.get("second_look"):
        config["head"]["secondLook"] = settings["second_look"]
    if settings.get("offsets"):
        config["head"]["offsets"] = settings["offsets"]
    write_safetensors(out / "head.safetensors", head_tensors(head), {"trained": "true"})
    with atomic_write(out / "config.json") as file:
        file.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def rounded(statistics: torch.Tensor) -> torch.Tensor:
    """Six digits, as config.json holds them: training and inference standardise alike."""
    return torch.tensor([float(f"{x:.6g}") for x in statistics.tolist()])
