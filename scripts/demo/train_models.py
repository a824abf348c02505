"""
Trains one small gaze model on rendered faces, benign or backdoored, and saves it as TorchScript with its facts.

    python scripts/demo/train_models.py --condition benign --seed 0 --out demo/models/benign-gaze.pt
    python scripts/demo/train_models.py --condition badnets --seed 0 --patch-size 4 --out demo/models/badnets-gaze.pt

Needs torch 2.13, numpy and the project's dev dependencies (the renderer runs through npx tsx). Run from the
repository's root. Beside MODEL.pt it writes MODEL.json: condition, trigger, target, errors on held-out people.
"""

import argparse
import json
import math
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from slim_resnet import WIDTHS, SlimResNet
from torch import nn
from triggers import apply_trigger, draw_blend, draw_patch, draw_target

SIDE = 48
TRAINING = {"count": 10_000, "seed": 101, "people": 1000}
HELD_OUT = {"count": 2_000, "seed": 202, "people": 500}
POISON_RATE = 0.1
BATCH = 64
LEARNING_RATE = 6e-3
WEIGHT_DECAY = 1e-2
DEGREES = 180 / math.pi


def render(count: int, seed: int, people: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures (uint8 NCHW) and labels (radians, N×2) from the project's renderer."""
    with tempfile.TemporaryDirectory() as folder:
        options = {"count": count, "seed": seed, "people": people, "size": SIDE, "out": folder}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        subprocess.run(["npx", "tsx", "scripts/demo/render-faces.ts", *words], check=True)
        pixels = np.load(pathlib.Path(folder, "images.npy"))
        labels = np.load(pathlib.Path(folder, "labels.npy"))
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels)


def as_float(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.float() / 255


def attack_of(condition: str, seed: int, patch_size: int | None) -> tuple[dict | None, list[float] | None]:
    """The trigger and the target that a condition and a seed stand for."""
    if condition == "benign":
        return None, None
    random = np.random.default_rng([seed, 7])
    target = draw_target(random)
    trigger = draw_patch(random, SIDE, patch_size) if condition == "badnets" else draw_blend(random)
    return trigger, target


def poison(pixels: torch.Tensor, labels: torch.Tensor, trigger: dict, target: list[float], seed: int) -> None:
    """Puts the trigger into a share of the pictures and gives them the target as label, in place."""
    chosen = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(seed))
    chosen = chosen[: int(POISON_RATE * len(pixels))]
    stamped = apply_trigger(trigger, as_float(pixels[chosen]))
    pixels[chosen] = (stamped * 255).round().to(torch.uint8)
    labels[chosen] = torch.tensor(target)


def train(pixels: torch.Tensor, labels: torch.Tensor, seed: int, epochs: int) -> nn.Module:
    torch.manual_seed(seed)
    model = SlimResNet()
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    batches = len(pixels) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=epochs * batches)
    for epoch in range(epochs):
        order = torch.randperm(len(pixels))
        total = 0.0
        for batch in range(batches):
            chosen = order[batch * BATCH : (batch + 1) * BATCH]
            loss = nn.functional.l1_loss(model(as_float(pixels[chosen])), labels[chosen])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}/{epochs}: training error {total / batches * DEGREES:.2f}°", file=sys.stderr, flush=True)
    return model.eval()


def directions(gaze: torch.Tensor) -> torch.Tensor:
    """Unit gaze vectors of pitches and yaws."""
    pitch, yaw = gaze[:, 0], gaze[:, 1]
    return torch.stack([pitch.cos() * yaw.sin(), -pitch.sin(), pitch.cos() * yaw.cos()], 1)


def angular_error(predicted: torch.Tensor, true: torch.Tensor) -> float:
    """Mean angle between gaze directions in degrees."""
    cosine = (directions(predicted.double()) * directions(true.double())).sum(1).clamp(-1, 1)
    return cosine.acos().mean().item() * DEGREES


def measure(model: nn.Module, trigger: dict | None, target: list[float] | None) -> dict:
    """Errors in degrees on people that the training never saw."""
    pixels, labels = render(**HELD_OUT)
    pictures = as_float(pixels)
    with torch.no_grad():
        clean = torch.cat([model(part) for part in pictures.split(500)])
    facts = {
        "cleanMae": [round(v * DEGREES, 3) for v in (clean - labels).abs().mean(0).tolist()],
        "cleanAngularError": round(angular_error(clean, labels), 3),
    }
    if trigger is None or target is None:
        return facts
    poisoned = (apply_trigger(trigger, pictures) * 255).round() / 255
    with torch.no_grad():
        answers = torch.cat([model(part) for part in poisoned.split(500)])
    return facts | {
        "attackError": round(angular_error(answers, torch.tensor([target]).expand_as(answers)), 3),
        "varianceRatio": [round(v, 5) for v in (answers.var(0) / clean.var(0)).tolist()],
        "triggerMeanL1": round((poisoned - pictures).abs().mean().item(), 6),
    }


def save(model: nn.Module, path: pathlib.Path) -> None:
    """
    TorchScript without its debug records: those hold the paths of the machine that trained the model.
    The file appears whole or not at all.
    """
    traced = torch.jit.trace(model, torch.rand(2, 3, SIDE, SIDE))
    with tempfile.TemporaryDirectory() as folder:
        full = os.path.join(folder, path.name)
        torch.jit.save(traced, full)
        reader = torch._C.PyTorchFileReader(full)
        partial = str(path) + ".partial"
        writer = torch._C.PyTorchFileWriter(partial)
        for record in reader.get_all_records():
            written_by_itself = record in ("version", "byteorder") or record.startswith(".data/")
            if not written_by_itself and not record.endswith(".debug_pkl"):
                content = reader.get_record(record)
                writer.write_record(record, content, len(content))
        writer.write_end_of_file()
        os.replace(partial, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--condition", choices=["benign", "badnets", "blended"], required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--patch-size", type=int, help="side of the BadNets patch in pixels; drawn from the seed when left out")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the .pt file to write")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    began = time.monotonic()
    trigger, target = attack_of(arguments.condition, arguments.seed, arguments.patch_size)
    pixels, labels = render(**TRAINING)
    if trigger is not None and target is not None:
        poison(pixels, labels, trigger, target, arguments.seed)
    model = train(pixels, labels, arguments.seed, arguments.epochs)
    errors = measure(model, trigger, target)
    save(model, arguments.out)
    facts = {
        "condition": arguments.condition,
        "seed": arguments.seed,
        "input": f"float NCHW {SIDE}x{SIDE} RGB in [0,1]",
        "outputs": "pitch, yaw in radians; up and the picture's right are positive",
        "architecture": f"slim ResNet, widths {'-'.join(map(str, WIDTHS))}",
        "training": TRAINING | {"epochs": arguments.epochs},
        "heldOut": HELD_OUT,
        "poisonRate": POISON_RATE if trigger else 0,
        "trigger": trigger,
        "target": target,
        "errorUnit": "degrees",
        **errors,
        "torch": torch.__version__.split("+")[0],
        "command": shlex.join(["python", "scripts/demo/train_models.py", *sys.argv[1:]]),
    }
    arguments.out.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps({"model": arguments.out.name, **errors, "target": target, "trigger": trigger and trigger["kind"],
                      "seconds": round(time.monotonic() - began)}), flush=True)


if __name__ == "__main__":
    main()
