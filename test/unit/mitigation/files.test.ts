import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { RoundFacts } from "../../../lib/mitigation/index.ts";
import {
  MITIGATION_DEFAULTS,
  readMitigationCheckpoint,
  repairedPaths,
  requirePlace,
  requireReplaceableCheckpoint,
  runIdentity,
  writeMitigationCheckpoint,
} from "../../../lib/mitigation/index.ts";
import { writeSafetensorsFile } from "../../../lib/weights/index.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "drmguard-mitigation-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const round: RoundFacts = {
  families: ["patch"],
  triggers: 3,
  score: 2.5,
  pruned: 0,
  loss: 0.1,
  cleanError: [0.1, 0.2],
  relativeError: 0.1,
  steps: 100,
  rolledBack: 1,
  accepted: true,
  seconds: 3,
};
const weights = [
  { name: "w", dtype: "float32" as const, shape: [2], data: new Uint8Array(Float32Array.of(1, 2).buffer) },
];
const other = weights.map((record) => ({ ...record, data: new Uint8Array(Float32Array.of(3, 4).buffer) }));
const finished = { rounds: [round, round], weights: [weights, other] };
const identity = {
  version: "1",
  modelSha256: "a",
  imagesSha256: "b",
  labels: null,
  subjects: null,
  evidence: {},
};

it("names files beside the repaired model; a safetensors model needs no second copy of its weights", () => {
  expect(repairedPaths("out/fixed.pt2", "torch.export")).toEqual({
    model: "out/fixed.pt2",
    weights: "out/fixed.safetensors",
    facts: "out/fixed.mitigation.json",
    checkpoint: "out/fixed.mitigation-checkpoint.safetensors",
  });
  expect(repairedPaths("fixed.safetensors", "safetensors").weights).toBeNull();
  expect(() => repairedPaths("out/..", "torchscript")).toThrow(/file name/);
});

it("never writes over the model, by whatever name", async () => {
  const cwd = await folder();
  const model = join(cwd, "gaze.pt");
  await writeFile(model, "model");
  await symlink(model, join(cwd, "other.pt"));
  for (const out of ["gaze.pt", "./gaze.pt", "other.pt"]) {
    const paths = repairedPaths(join(cwd, out), "torchscript");
    await expect(requirePlace(paths, model, true)).rejects.toMatchObject({ code: "ERR_USAGE" });
  }
  // Its own weights would take the model's place.
  await writeFile(join(cwd, "net.safetensors"), "model");
  const paths = repairedPaths(join(cwd, "net.pt"), "torchscript");
  await expect(requirePlace(paths, join(cwd, "net.safetensors"), true)).rejects.toMatchObject({
    code: "ERR_USAGE",
  });
});

it("replaces results of an earlier run only when it is told to", async () => {
  const cwd = await folder();
  const model = join(cwd, "gaze.pt");
  const paths = repairedPaths(join(cwd, "fixed.pt"), "torchscript");
  for (const path of [model, paths.facts]) await writeFile(path, "");
  await expect(requirePlace(paths, model, false)).rejects.toMatchObject({ code: "ERR_FILE_WRITE" });
  await expect(requirePlace(paths, model, true)).resolves.toBeUndefined();
});

it("goes on from a checkpoint of the same run, and refuses another's without touching it", async () => {
  const path = join(await folder(), "checkpoint.safetensors");
  const run = runIdentity(MITIGATION_DEFAULTS, identity);
  expect(await readMitigationCheckpoint(path, run)).toBeNull();
  await writeMitigationCheckpoint(path, run, finished);
  expect(await readMitigationCheckpoint(path, run)).toEqual(finished);
  const bytes = await readFile(path);
  const others = [
    runIdentity({ ...MITIGATION_DEFAULTS, steps: 7 }, identity),
    runIdentity(MITIGATION_DEFAULTS, { ...identity, modelSha256: "c" }),
    runIdentity(MITIGATION_DEFAULTS, { ...identity, version: "2" }),
    runIdentity(MITIGATION_DEFAULTS, { ...identity, labels: Float32Array.of(1) }),
    runIdentity(MITIGATION_DEFAULTS, { ...identity, subjects: Int32Array.of(1) }),
  ];
  expect(new Set([run, ...others]).size).toBe(6);
  for (const another of others) {
    await expect(readMitigationCheckpoint(path, another)).rejects.toMatchObject({ code: "ERR_CONFIG" });
  }
  expect(await readFile(path)).toEqual(bytes);
  expect(await readdir(join(path, ".."))).toEqual(["checkpoint.safetensors"]);
});

it("starts over in the place of a checkpoint, whatever its run and version", async () => {
  const path = join(await folder(), "checkpoint.safetensors");
  await expect(requireReplaceableCheckpoint(path)).resolves.toBeUndefined();
  await writeMitigationCheckpoint(path, runIdentity(MITIGATION_DEFAULTS, identity), finished);
  await expect(requireReplaceableCheckpoint(path)).resolves.toBeUndefined();
  const later = new Map([["drmguard.mitigation", JSON.stringify({ layout: "of a later version" })]]);
  await writeSafetensorsFile(path, weights, later);
  await expect(requireReplaceableCheckpoint(path)).resolves.toBeUndefined();
  await expect(readMitigationCheckpoint(path, "")).rejects.toMatchObject({
    code: "ERR_CONFIG",
    hint: expect.stringContaining("--restart"),
  });
});

it.each<[string, string, (path: string) => Promise<unknown>]>([
  ["a text", "something that is none", (path) => writeFile(path, "my notes, which are longer than 8 bytes")],
  ["a folder", "something that is none", (path) => mkdir(path)],
  ["a link that leads nowhere", "something that is none", (path) => symlink("gone", path)],
  ["weights", "a safetensors file of another kind", (path) => writeSafetensorsFile(path, weights)],
  [
    "a checkpoint of a training",
    "a safetensors file of another kind",
    (path) => writeSafetensorsFile(path, weights, new Map([["drmguard.checkpoint", "{}"]])),
  ],
])("neither goes on from nor replaces %s at a checkpoint's name", async (_, found, make) => {
  const path = join(await folder(), "checkpoint.safetensors");
  await make(path);
  for (const open of [requireReplaceableCheckpoint, readMitigationCheckpoint]) {
    await expect(open(path, "")).rejects.toMatchObject({
      code: "ERR_FILE_WRITE",
      message: expect.stringMatching(new RegExp(`Expected .* checkpoint .*, found ${found}`)),
      hint: expect.stringContaining("--out"),
      details: { path },
    });
  }
});
