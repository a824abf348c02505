import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { encodeNpy, renderFaces } from "../../lib/render/index.ts";
import { drmguard, temporaryFolder } from "./command.ts";

/** Side of the images of these models. */
export const SIDE = 32;

/** Words of `train` for a model that takes seconds; its numbers mean nothing. */
export const TINY = [
  ...["--data", "rendered", "--limit", "80", "--size", `${SIDE}`, "--held-out", "0.3"],
  ...["--architecture", "resnet-tiny", "--batch-size", "16", "--threads", "1", "--seed", "5"],
];

/** Puts faces.npy into a folder: images for these models. */
export async function writeFaces(folder: string, count: number): Promise<void> {
  const { pixels } = renderFaces({ count, seed: 5, size: SIDE });
  await writeFile(join(folder, "faces.npy"), encodeNpy(pixels, [count, SIDE, SIDE, 3]));
}

/** What is told of a zoo that is trained in a test. */
export interface TinyZoo {
  count: number;
  people: number;
  size: number;
  heldOutShare: number;
  /** The trigger of the backdoored models. */
  trigger: string;
  /** Of the benign models, and again of the backdoored ones. */
  seeds: number[];
}

/** Puts plan.toml into a folder: benign and backdoored models, trained on rendered faces for one epoch. */
export async function writeZooPlan(folder: string, zoo: TinyZoo): Promise<void> {
  const { count, people, size, heldOutShare, trigger, seeds } = zoo;
  const plan = `name = "tiny"
[data.render]
count = ${count}
people = ${people}
size = ${size}
[training]
epochs = 1
batchSize = 16
heldOutShare = ${heldOutShare}
[[conditions]]
name = "benign"
seeds = [${seeds}]
[[conditions]]
name = "${trigger}"
trigger = "${trigger}"
seeds = [${seeds}]
`;
  await writeFile(join(folder, "plan.toml"), plan);
}

/** A folder with a trained zoo, and the settings of scans in drmguard.toml. */
export async function folderWithZoo(zoo: TinyZoo, settings: string): Promise<string> {
  const cwd = await temporaryFolder();
  await writeZooPlan(cwd, zoo);
  await writeFile(join(cwd, "drmguard.toml"), settings);
  const made = await drmguard(["zoo", "make", "plan.toml", "--out", "zoo", "-q"], { cwd });
  expect(made.stderr).toBe("");
  return cwd;
}

/** A folder in which the zoo "broken" has a manifest that is none. */
export async function folderWithBrokenZoo(): Promise<string> {
  const cwd = await temporaryFolder();
  await mkdir(join(cwd, "broken"));
  await writeFile(join(cwd, "broken", "manifest.json"), "{}");
  return cwd;
}
