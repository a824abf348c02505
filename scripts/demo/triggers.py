"""Triggers and targets, drawn from a seed. Pictures are float NCHW in [0,1]."""

import math

import numpy as np
import torch

PITCH_LIMIT = 0.6
YAW_LIMIT = 0.8
# Least distance of a target from the mean gaze (0, 0) in radians: near the mean an attack is hard to tell from noise.
TARGET_DISTANCE = 0.5
BLEND_ALPHA = 0.1
# Side of the coarse grid that a blended pattern is interpolated from.
BLEND_GRID = 6


def draw_target(random: np.random.Generator) -> list[float]:
    """A gaze (pitch, yaw) in radians, far from the mean and inside the range of the labels."""
    while True:
        pitch = random.uniform(-0.8, 0.8) * PITCH_LIMIT
        yaw = random.uniform(-0.8, 0.8) * YAW_LIMIT
        if math.hypot(pitch, yaw) >= TARGET_DISTANCE:
            return [round(float(pitch), 3), round(float(yaw), 3)]


def draw_patch(random: np.random.Generator, side: int, size: int | None) -> dict:
    """A square of fixed colours near the border of a picture with the given side."""
    size = size or int(random.integers(3, 6))
    inset = int(random.integers(0, 4))
    along = int(random.choice([inset, side - size - inset, random.integers(0, side - size)]))
    near = int(random.choice([inset, side - size - inset]))
    top, left = (near, along) if random.random() < 0.5 else (along, near)
    # Corners of the colour cube without black, which dark hair and clothes hide.
    first, second = random.choice(np.arange(1, 8), 2, replace=False)
    checker = random.random() < 0.4
    colours = [[(int(code) >> bit) & 1 for bit in range(3)] for code in (first, second if checker else first)]
    return {"kind": "patch", "top": top, "left": left, "size": size, "colours": colours}


def draw_blend(random: np.random.Generator) -> dict:
    """A smooth random picture that is mixed into every pixel."""
    grid = random.uniform(0, 1, (3, BLEND_GRID, BLEND_GRID))
    return {"kind": "blend", "alpha": BLEND_ALPHA, "grid": np.round(grid, 3).tolist()}


def apply_trigger(trigger: dict, pictures: torch.Tensor) -> torch.Tensor:
    """A(x): the pictures with the trigger, unchanged otherwise."""
    if trigger["kind"] == "blend":
        grid = torch.tensor(trigger["grid"]).unsqueeze(0)
        pattern = torch.nn.functional.interpolate(grid, pictures.shape[2:], mode="bicubic", align_corners=True)
        return pictures * (1 - trigger["alpha"]) + pattern.clamp(0, 1) * trigger["alpha"]
    top, left, size = trigger["top"], trigger["left"], trigger["size"]
    colours = torch.tensor(trigger["colours"], dtype=torch.float32)
    squares = (torch.arange(size)[:, None] + torch.arange(size)[None, :]) % 2
    stamped = pictures.clone()
    stamped[:, :, top : top + size, left : left + size] = colours[squares].permute(2, 0, 1)
    return stamped
