"""
Makes TorchScript files of two networks that others trained and published: those of the npm package
@vladmandic/face-api (MIT licence) that estimate a face's age and its 68 landmarks. Nobody planted a backdoor in them as
far as is known, so they show what the scanner says of benign models that it did not come with.

Both take float pictures of faces, N×3×112×112, RGB, values in [0, 1], any N, and no other height or width.

    age.pt          N×1    years                                      (age_gender_model without its second head)
    landmarks.pt    N×136  x0, y0, x1, y1, ... in picture sides       (face_landmark_68_model; (0, 0) is top left)

In a folder outside the repository:

    npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz
    python REPOSITORY/scripts/models/face_api_to_torchscript.py --package package --out models

To compare the files with the original networks, run by the package itself in Node (tried with 20), on pictures of faces:

    npm install --ignore-scripts @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0
    python REPOSITORY/scripts/models/face_api_to_torchscript.py --package package --out models --compare FACES.jpk.npz

Needs torch 2.13 and numpy, with --compare also pillow. Measured on 8 real faces of 64×64 pixels (resized to 112×112)
against the pure JavaScript backend: largest difference of the age 1.1e-5 years (outputs 27 to 62), of the landmarks
1.2e-7 (outputs 0.10 to 0.94); relative to the largest output 1.8e-7 and 1.3e-7. That is float32's rounding.
"""

import argparse
import io
import json
import math
import pathlib
import subprocess

import numpy as np
import torch
from torch import nn
from torch.nn import functional

VERSION = "1.7.15"
SIDE = 112
# The package's meanRgb, for pixels in [0, 255].
MEAN = (122.782, 117.001, 104.298)
BATCHES = (1, 3, 8)
COMPARED = 8
# Of the largest output. Both sides compute in float32 and add in different order, which gives about 2e-7; padding on
# the wrong side gives 0.1 and more, the mean's channels in the wrong order 0.016.
LARGEST_DIFFERENCE = 1e-3


class Convolution(nn.Conv2d):
    """
    A convolution with TensorFlow's padding "same". With stride 2 on an even side, that pads right and below only;
    wherever a stride of 2 stands here, the side is even (112, 56, 28, 14).
    """

    def __init__(self, channels_in: int, channels_out: int, size: int, stride: int = 1, groups: int = 1, bias=True):
        padding = size // 2 if stride == 1 else 0
        super().__init__(channels_in, channels_out, size, stride, padding, groups=groups, bias=bias)
        self.missing = size - stride if stride > 1 and size > stride else 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.missing:
            x = functional.pad(x, (0, self.missing, 0, self.missing))
        return super().forward(x)


class Separable(nn.Module):
    """A 3×3 convolution of each channel by itself, then one across channels, with no activation between."""

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1):
        super().__init__()
        self.depthwise = Convolution(channels_in, channels_in, 3, stride, groups=channels_in, bias=False)
        self.pointwise = Convolution(channels_in, channels_out, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pointwise(self.depthwise(x))


class Reduction(nn.Module):
    """Halves the side: two separable convolutions and a pooling, beside a strided 1×1 convolution."""

    def __init__(self, channels_in: int, channels_out: int, activate_input: bool = True):
        super().__init__()
        self.activate_input = activate_input
        self.separable_conv0 = Separable(channels_in, channels_out)
        self.separable_conv1 = Separable(channels_out, channels_out)
        self.expansion_conv = Convolution(channels_in, channels_out, 1, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.separable_conv0(functional.relu(x) if self.activate_input else x)
        out = self.separable_conv1(functional.relu(out))
        # On an even side, ceil_mode lets the last windows reach one pixel beyond the right and lower edge, which counts
        # for nothing: TensorFlow's "same". Zeros around it would not do, for the values may be negative.
        out = functional.max_pool2d(out, 3, 2, ceil_mode=True)
        return out + self.expansion_conv(x)


class Main(nn.Module):
    """Three separable convolutions and a shortcut."""

    def __init__(self, channels: int):
        super().__init__()
        for index in range(3):
            self.add_module(f"separable_conv{index}", Separable(channels, channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = x
        for layer in self.children():
            out = layer(functional.relu(out))
        return out + x


class Dense(nn.Module):
    """Four convolutions, the first of stride 2; each takes the sum of all before it."""

    def __init__(self, channels_in: int, channels_out: int, first: bool = False):
        super().__init__()
        self.conv0 = Convolution(channels_in, channels_out, 3, 2) if first else Separable(channels_in, channels_out, 2)
        for index in range(1, 4):
            self.add_module(f"conv{index}", Separable(channels_out, channels_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out1 = functional.relu(self.conv0(x))
        out2 = self.conv1(out1)
        out3 = self.conv2(functional.relu(out1 + out2))
        out4 = self.conv3(functional.relu(out1 + (out2 + out3)))
        return functional.relu(out1 + (out2 + (out3 + out4)))


class Network(nn.Module):
    """From pixels in [0, 1] to the output of a network's last, linear layer."""

    def __init__(self):
        super().__init__()
        # The package computes (255 x - mean) / 255.
        self.register_buffer("mean", torch.tensor(MEAN).reshape(1, 3, 1, 1) / 255, persistent=False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        # Changes nothing in a picture of the right size and refuses others, which would be padded wrongly.
        x = pictures.expand(-1, 3, SIDE, SIDE) - self.mean
        x = functional.avg_pool2d(self.features(x), 7, 2)
        return self.head()(torch.flatten(x, 1))


class Age(Network):
    """The package's TinyXception with two main blocks, and the age head of its AgeGenderNet."""

    def __init__(self):
        super().__init__()
        self.entry_flow = nn.ModuleDict(
            {
                "conv_in": Convolution(3, 32, 3, 2),
                "reduction_block_0": Reduction(32, 64, activate_input=False),
                "reduction_block_1": Reduction(64, 128),
            }
        )
        self.middle_flow = nn.ModuleDict({"main_block_0": Main(128), "main_block_1": Main(128)})
        self.exit_flow = nn.ModuleDict({"reduction_block": Reduction(128, 256), "separable_conv": Separable(256, 512)})
        self.fc = nn.ModuleDict({"age": nn.Linear(512, 1)})

    def features(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.relu(self.entry_flow["conv_in"](x))
        x = self.entry_flow["reduction_block_0"](x)
        x = self.entry_flow["reduction_block_1"](x)
        for block in self.middle_flow.values():
            x = block(x)
        x = self.exit_flow["reduction_block"](x)
        return functional.relu(self.exit_flow["separable_conv"](x))

    def head(self) -> nn.Linear:
        return self.fc["age"]


class Landmarks(Network):
    """The package's FaceFeatureExtractor, and the linear layer of its FaceLandmark68Net."""

    def __init__(self):
        super().__init__()
        self.dense0 = Dense(3, 32, first=True)
        self.dense1 = Dense(32, 64)
        self.dense2 = Dense(64, 128)
        self.dense3 = Dense(128, 256)
        self.fc = nn.Linear(256, 136)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        return self.dense3(self.dense2(self.dense1(self.dense0(x))))

    def head(self) -> nn.Linear:
        return self.fc


# File name, network, the package's name of the weights, prefix of the weights that are left out.
NETWORKS = [
    ("age", Age, "age_gender_model", "fc/gender/"),
    ("landmarks", Landmarks, "face_landmark_68_model", None),
]


def require_version(package: pathlib.Path) -> None:
    facts = json.loads((package / "package.json").read_text())
    if (facts["name"], facts["version"]) != ("@vladmandic/face-api", VERSION):
        raise SystemExit(f"{package} holds {facts['name']} {facts['version']}, not @vladmandic/face-api {VERSION}")


def read_tensors(package: pathlib.Path, name: str) -> dict[str, np.ndarray]:
    """The weights under the package's names, in TensorFlow's layout, float32."""
    folder = package / "model"
    tensors = {}
    for group in json.loads((folder / f"{name}-weights_manifest.json").read_text()):
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        offset = 0
        for entry in group["weights"]:
            quantization = entry.get("quantization")
            kind = np.dtype((quantization or entry)["dtype"]).newbyteorder("<")
            count = math.prod(entry["shape"])
            values = np.frombuffer(data, kind, count, offset)
            offset += count * kind.itemsize
            if quantization:
                # In double precision, as JavaScript computes it; only the result becomes float32.
                values = values.astype(np.float64) * quantization["scale"] + quantization["min"]
            tensors[entry["name"]] = values.astype(np.float32).reshape(entry["shape"])
        if offset != len(data):
            raise SystemExit(f"{name}: the weights have {len(data)} bytes, its manifest names {offset}")
    return tensors


def as_parameters(tensors: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """The same weights under this file's names, in PyTorch's layout."""
    layouts = {
        "filters": ("weight", (3, 2, 0, 1)),  # height, width, in, out → out, in, height, width
        "pointwise_filter": ("pointwise.weight", (3, 2, 0, 1)),
        "depthwise_filter": ("depthwise.weight", (2, 3, 0, 1)),  # height, width, channel, 1 → channel, 1, height, width
        "weights": ("weight", (1, 0)),
    }
    parameters = {}
    for path, values in tensors.items():
        layer, kind = path.rsplit("/", 1)
        if kind == "bias":
            name, order = ("pointwise.bias" if f"{layer}/pointwise_filter" in tensors else "bias"), (0,)
        else:
            name, order = layouts[kind]
        key = f"{layer.replace('/', '.')}.{name}"
        parameters[key] = torch.from_numpy(np.ascontiguousarray(values.transpose(order)))
    return parameters


def convert(package: pathlib.Path, path: pathlib.Path, build, weights: str, left_out: str | None) -> None:
    tensors = read_tensors(package, weights)
    kept = {name: values for name, values in tensors.items() if left_out is None or not name.startswith(left_out)}
    model = build().eval()
    model.load_state_dict(as_parameters(kept))
    with torch.no_grad():
        traced = torch.jit.trace(model, torch.rand(2, 3, SIDE, SIDE))
    torch.jit.save(traced, str(path))

    loaded = torch.jit.load(str(path)).eval()
    parameters = dict(model.named_parameters())
    if {name for name, _ in loaded.named_parameters()} != set(parameters):
        raise SystemExit(f"{path}: not every weight is a parameter")
    for count in BATCHES:
        pictures = torch.rand(count, 3, SIDE, SIDE)
        with torch.no_grad():
            torch.testing.assert_close(loaded(pictures), model(pictures))
    width = model.head().out_features
    print(f"{path}: {sum(p.numel() for p in parameters.values()):,} weights, N×{width}, N = {BATCHES} agree with eager")


def read_pictures(file: pathlib.Path) -> np.ndarray:
    """A few pictures from all over the file, uint8, N×112×112×3."""
    from PIL import Image  # pillow is needed for the comparison only

    archive = np.load(file)
    data, offsets = archive["jpeg"].tobytes(), archive["offsets"]
    chosen = np.linspace(0, len(offsets) - 2, COMPARED).astype(int)
    jpegs = (io.BytesIO(data[offsets[index] : offsets[index + 1]]) for index in chosen)
    pictures = (Image.open(jpeg).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR) for jpeg in jpegs)
    return np.stack([np.asarray(picture) for picture in pictures])


def compare(package: pathlib.Path, folder: pathlib.Path, file: pathlib.Path) -> None:
    pictures = read_pictures(file)
    helper = pathlib.Path(__file__).with_name("face_api_outputs.mjs")
    answer = subprocess.run(
        ["node", str(helper), str(package)], input=pictures.tobytes(), stdout=subprocess.PIPE, check=True
    )
    original = json.loads(answer.stdout)
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    for name, *_ in NETWORKS:
        expected = torch.tensor(original[name])
        with torch.no_grad():
            outputs = torch.jit.load(str(folder / f"{name}.pt"))(pixels)
        if outputs.shape != expected.shape:
            raise SystemExit(f"{name}: shape {tuple(outputs.shape)}, the original's is {tuple(expected.shape)}")
        largest = (outputs - expected).abs().max().item()
        relative = largest / expected.abs().max().item()
        print(
            f"{name}: {len(pictures)} pictures, outputs {expected.min():.4f} to {expected.max():.4f}, "
            f"largest difference {largest:.2e}, relative to the largest output {relative:.2e}"
        )
        if not relative < LARGEST_DIFFERENCE:
            raise SystemExit(f"{name}.pt does not compute what the original network does")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=pathlib.Path, required=True, help="the unpacked npm package")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the TorchScript files")
    parser.add_argument("--compare", type=pathlib.Path, help="faces (.jpk.npz) to compare with the original on")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    require_version(arguments.package)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, build, weights, left_out in NETWORKS:
        convert(arguments.package, arguments.out / f"{name}.pt", build, weights, left_out)
    if arguments.compare:
        compare(arguments.package, arguments.out, arguments.compare)


if __name__ == "__main__":
    main()
