import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installScript, TemporaryFolder } from "./temporary-folder.ts";

const { isNeeded, unpackWheel } = await installScript("unpack-wheel");

let folder: TemporaryFolder;
let target: string;
beforeEach(() => {
  folder = new TemporaryFolder();
  target = join(folder.path, "target");
  mkdirSync(target);
});
afterEach(() => folder.remove());

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

// Larger than one chunk of the reader, and nothing that deflate could shrink away.
const library = new Uint8Array(3_000_000).map((_, i) => (i * i * 31 + (i >> 7)) & 0xff);
const wheel = zipSync({
  "torch/": new Uint8Array(0),
  "torch/include/": new Uint8Array(0),
  "torch/include/ATen/ATen.h": strToU8("#pragma once\n"),
  "torch/include/ATen/empty.h": new Uint8Array(0),
  "torch/include/google/protobuf.h": strToU8("unused"),
  "torch/lib/libtorch_cpu.so": library,
  "torch/lib/libc10.so": [library.subarray(0, 1000), { level: 0 }],
  "torch/lib/libtorch_cuda.so": strToU8("too large"),
  "torch/__init__.py": strToU8("import this"),
  "torch-2.13.0.dist-info/licenses/LICENSE": strToU8("BSD"),
});

describe("unpackWheel", () => {
  it("writes the C++ part and the licences, byte for byte, and nothing else", async () => {
    const path = folder.write("torch.whl", wheel);
    await expect(unpackWheel(path, sha256(wheel), target)).resolves.toBe(5);
    const files = readdirSync(target, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files.map((entry) => entry.name).sort()).toEqual([
      "ATen.h",
      "LICENSE",
      "empty.h",
      "libc10.so",
      "libtorch_cpu.so",
    ]);
    expect(sha256(readFileSync(join(target, "torch/lib/libtorch_cpu.so")))).toBe(sha256(library));
    expect(readFileSync(join(target, "torch/lib/libc10.so"))).toEqual(Buffer.from(library.subarray(0, 1000)));
    expect(readFileSync(join(target, "torch/include/ATen/empty.h")).length).toBe(0);
  });

  it("refuses a wheel with another SHA-256", async () => {
    const changed = Uint8Array.from(wheel);
    changed[changed.length - 1] = 1;
    const path = folder.write("torch.whl", changed);
    await expect(unpackWheel(path, sha256(wheel), target)).rejects.toThrow(/SHA-256/);
  });

  it("refuses a wheel that is cut short, even when its hash was given", async () => {
    const cut = wheel.subarray(0, 1_000_000);
    const path = folder.write("torch.whl", cut);
    await expect(unpackWheel(path, sha256(cut), target)).rejects.toThrow(/cannot be unpacked/);
  });

  it("refuses names that lead out of the folder", async () => {
    const hostile = zipSync({ "torch/include/../../../outside.h": strToU8("x") });
    const path = folder.write("torch.whl", hostile);
    await expect(unpackWheel(path, sha256(hostile), target)).rejects.toThrow(/outside its folder/);
    expect(existsSync(join(dirname(folder.path), "outside.h"))).toBe(false);
  });
});

describe("isNeeded", () => {
  it.each([
    ["torch/include/ATen/ops/add.h", true],
    ["torch/lib/libgomp.so.1", true],
    ["torch/lib/libomp.dylib", true],
    ["nvidia/cu13/lib/libcudart.so.13", true],
    ["nvidia/cu13/lib/libcupti.so.13", true],
    ["torch-2.13.0+cpu.dist-info/licenses/third_party/FP16/LICENSE", true],
    ["torch/include/pybind11/pybind11.h", false],
    ["torch/include/dnnl.hpp", false],
    ["torch/lib/libtorch_python.so", false],
    ["torch/lib/libtorch_cuda.so", false],
    ["nvidia/cu13/lib/libnvperf_host.so", false],
    ["torch/nn/modules/conv.py", false],
  ])("%s → %s", (name, needed) => {
    expect(isNeeded(name)).toBe(needed);
  });
});
