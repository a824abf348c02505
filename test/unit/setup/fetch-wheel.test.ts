import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installScript, TemporaryFolder } from "./temporary-folder.ts";

const { fetchLibtorch } = await installScript("fetch-wheel");
const { pins } = await installScript("pins");

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => folder.remove());

function torchWheel(version: string): Uint8Array {
  const defines = version
    .split(".")
    .map((part, i) => `#define TORCH_VERSION_${["MAJOR", "MINOR", "PATCH"][i]} ${part}`);
  return zipSync({
    "torch/include/ATen/ATen.h": strToU8("x"),
    "torch/include/torch/headeronly/version.h": strToU8(defines.join("\n")),
    "torch/lib/libtorch_cpu.so": strToU8("library"),
  });
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const good = torchWheel(pins.version);

/** Two sources of one wheel each: "first" and "second". */
function sources(hash: string) {
  const source = (name: string) => ({
    name,
    wheels: [{ requirement: `torch==${name}`, sha256: hash, bytes: 1e6 }],
  });
  return { tags: ["manylinux_2_28_x86_64"], sources: [source("first"), source("second")] };
}

/** A pip that has only the second source. Writes its arguments down. */
function pipWithSecond(wheel: Uint8Array): string {
  const path = folder.write("index/torch.whl", wheel);
  const log = join(folder.path, "arguments");
  // "--dest FOLDER --requirement FILE" are the last four arguments.
  return folder.command(
    "python3",
    `echo "$@" >> "${log}"
while [ $# -gt 4 ]; do shift; done
if grep -q second "$4"; then cp "${path}" "$2/torch.whl"; else echo "ERROR: none" >&2; exit 1; fi`,
  );
}

describe("fetchLibtorch", () => {
  it("takes the next source where one is not to be had, and leaves only the finished folder", async () => {
    const lines: string[] = [];
    const python = pipWithSecond(good);
    const say = (line: string) => lines.push(line);
    const libtorch = await fetchLibtorch(folder.path, python, say, sources(sha256(good)));
    expect(libtorch).toEqual({
      root: join(folder.path, "vendor/libtorch/torch"),
      version: pins.version,
      source: "vendor",
    });
    expect(readdirSync(join(folder.path, "vendor"))).toEqual(["libtorch"]);
    expect(lines.filter((line) => line.startsWith("fetching"))).toHaveLength(2);
  });

  it("lets pip check the hash, without dependencies and for one fixed platform", async () => {
    await fetchLibtorch(folder.path, pipWithSecond(good), () => {}, sources(sha256(good)));
    const written = readFileSync(join(folder.path, "arguments"), "utf8");
    for (const option of ["--require-hashes", "--no-deps", "--only-binary=:all:", "--abi cp311"]) {
      expect(written).toContain(option);
    }
  });

  it("leaves nothing behind when the wheel is not the pinned one", async () => {
    const fetching = fetchLibtorch(folder.path, pipWithSecond(good), () => {}, sources("0".repeat(64)));
    await expect(fetching).rejects.toThrow(/SHA-256/);
    expect(readdirSync(join(folder.path, "vendor"))).toEqual([]);
  });

  it("leaves nothing behind when the wheel holds another version", async () => {
    const other = torchWheel("2.12.9");
    const fetching = fetchLibtorch(folder.path, pipWithSecond(other), () => {}, sources(sha256(other)));
    await expect(fetching).rejects.toThrow(/2\.12\.9/);
    expect(readdirSync(join(folder.path, "vendor"))).toEqual([]);
  });

  it("replaces an older LibTorch and sweeps up after a set-up that was killed", async () => {
    folder.libtorch("vendor/libtorch/torch", "2.12.0");
    folder.write("vendor/.unpacking-killed/download-0/torch.whl", "half");
    await fetchLibtorch(folder.path, pipWithSecond(good), () => {}, sources(sha256(good)));
    expect(readdirSync(join(folder.path, "vendor"))).toEqual(["libtorch"]);
    expect(existsSync(join(folder.path, "vendor/libtorch/torch/lib/libtorch_cpu.so"))).toBe(true);
  });

  it("says in one error what pip said about every source, and what else would do", async () => {
    const python = folder.command("python3", 'echo "ERROR: No matching distribution" >&2; exit 1');
    const fetching = fetchLibtorch(folder.path, python, () => {}, sources(sha256(good)));
    const error: Error = await fetching.then(
      () => new Error("expected a failure"),
      (failure: Error) => failure,
    );
    expect(error.message).toMatch(/first: ERROR: No matching distribution/);
    expect(error.message).toMatch(/second: ERROR: No matching distribution/);
    expect(error.message).toContain("LIBTORCH");
    expect(readdirSync(join(folder.path, "vendor"))).toEqual([]);
  });
});
