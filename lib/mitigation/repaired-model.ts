import { createHash } from "node:crypto";
import { access, constants, lstat, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { ScanPlan } from "../config/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import type { ScanEvidence } from "../evidence/schema.ts";
import { writeFileAtomically, writeTogether } from "../files/index.ts";
import type { ModelFile } from "../models/index.ts";
import type { BuildFacts } from "../native/addon.ts";
import type { Verdict } from "../verdict/verdict.ts";
import { encodeSafetensors } from "../weights/index.ts";
import type { RoundFacts } from "./method-context.ts";
import type { Mitigation } from "./mitigate.ts";
import type { MitigationPlan } from "./mitigation-plan.ts";
import type { TriggerPull } from "./trigger-pull.ts";

/** Every file of one mitigation, all in one folder. */
export interface RepairedPaths {
  /** The model, in the format that it came in. */
  model: string;
  /** Its parameters by the state dict's names; null where the model is a safetensors file itself. */
  weights: string | null;
  facts: string;
  /** There while the work goes on. */
  checkpoint: string;
}

/** What MODEL.mitigation.json says. */
export interface MitigationFacts {
  schemaVersion: 1;
  tool: { name: "drmguard" } & Pick<BuildFacts, "libtorch"> & { version: string };
  /** What was repaired. */
  model: { name: string; sha256: string; format: string };
  verdictBefore: Pick<Verdict, "label" | "score" | "target">;
  /** Of the repaired file; null when the scan after it did not run. */
  verdictAfter: Pick<Verdict, "label" | "score" | "target"> | null;
  plan: MitigationPlan;
  input: ScanPlan["input"];
  images: { source: string; sha256: string } & Mitigation["images"];
  labels: Mitigation["labels"];
  cleanErrorBefore: number[];
  cleanErrorAfter: number[];
  growth: number;
  growthInterval: Mitigation["growthInterval"];
  withinBound: boolean;
  /** Triggers that were reversed from the model, and what they do to the repaired one. */
  triggers: TriggerPull[];
  /** Share of the way from the file's weights that stands: less than 1 where the clean error had grown too much. */
  share: number;
  rounds: RoundFacts[];
  parameters: number;
  files: { model: WrittenFile; weights: WrittenFile | null };
  seconds: number;
}

interface WrittenFile {
  name: string;
  sha256: string;
}

/**
 * @param out path of the repaired model; its ending is the user's choice.
 * @throws ERR_USAGE for a path that names no file.
 */
export function repairedPaths(out: string, format: ModelFile["format"]): RepairedPaths {
  const name = basename(out);
  const stem = name.replace(/\.(pt|pth|ts|pt2|safetensors)$/i, "");
  if (stem === "" || stem === "." || stem === "..") {
    throw new DrmGuardError(
      "ERR_USAGE",
      `Expected a file name for the repaired model, got ${JSON.stringify(out)}.`,
    );
  }
  const beside = (ending: string) => join(dirname(out), `${stem}${ending}`);
  const weights = beside(".safetensors");
  return {
    model: out,
    weights: format === "safetensors" || weights === join(dirname(out), name) ? null : weights,
    facts: beside(".mitigation.json"),
    checkpoint: beside(".mitigation-checkpoint.safetensors"),
  };
}

/**
 * Finds out before the work whether its results have a place.
 * @param force whether files of an earlier run may be replaced; the model that is repaired never is.
 * @throws ERR_USAGE when the model itself would be written over; ERR_FILE_WRITE when something is there already.
 */
export async function requirePlace(paths: RepairedPaths, model: string, force: boolean): Promise<void> {
  await requireFolder(dirname(resolve(paths.model)));
  const own = await stat(model);
  for (const path of [paths.model, paths.weights, paths.facts, paths.checkpoint]) {
    // A link that leads nowhere is something as well.
    const there = path === null ? null : await lstat(path).catch(() => null);
    if (path === null || there === null) continue;
    const target = await stat(path).catch(() => there);
    if (target.dev === own.dev && target.ino === own.ino) {
      throw new DrmGuardError(
        "ERR_USAGE",
        `Expected another file than the model itself in --out, got ${path}.`,
      );
    }
    // A checkpoint is looked at when it is read.
    if (path !== paths.checkpoint && (!force || !there.isFile())) {
      throw new DrmGuardError("ERR_FILE_WRITE", `${path} exists already; nothing was changed.`, {
        hint: "Give another --out, or --force to replace it.",
        details: { path },
      });
    }
  }
}

async function requireFolder(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new DrmGuardError("ERR_FILE_WRITE", `The folder ${folder} is missing or not writable.`, { cause });
  }
}

/** What of a mitigation is written beside the model and its facts. */
export interface MitigationRecord {
  file: ModelFile;
  evidence: ScanEvidence;
  plan: MitigationPlan;
  mitigation: Mitigation;
  images: { source: string; sha256: string };
  before: Verdict;
  engine: Pick<BuildFacts, "drmguard" | "libtorch">;
  seconds: number;
}

/**
 * Writes the repaired model, its weights and, last, what was done: each whole or not at all.
 * @throws ERR_FILE_WRITE
 */
export async function saveRepaired(paths: RepairedPaths, record: MitigationRecord): Promise<MitigationFacts> {
  const { bytes, weights } = record.mitigation;
  const contents: [path: string, content: Uint8Array][] = [[paths.model, bytes]];
  if (paths.weights !== null) contents.push([paths.weights, encodeSafetensors(weights)]);
  const [model, weightsFile = null] = contents.map(([path, content]) => written(path, content));
  const facts = factsOf(record, { model: model as WrittenFile, weights: weightsFile });
  await writeTogether([...contents, [paths.facts, `${JSON.stringify(facts, null, 2)}\n`]]);
  return facts;
}

/**
 * Adds to the facts of a repaired model what a scan of it says.
 * @throws ERR_FILE_WRITE
 */
export async function addVerdict(
  paths: RepairedPaths,
  facts: MitigationFacts,
  after: Verdict,
): Promise<MitigationFacts> {
  const complete = { ...facts, verdictAfter: shortVerdict(after) };
  await writeFileAtomically(paths.facts, `${JSON.stringify(complete, null, 2)}\n`);
  return complete;
}

function factsOf(record: MitigationRecord, files: MitigationFacts["files"]): MitigationFacts {
  const { file, evidence, plan, mitigation, images, before, engine, seconds } = record;
  const { bytes: _bytes, weights: _weights, images: counts, ...did } = mitigation;
  return {
    schemaVersion: 1,
    tool: { name: "drmguard", version: engine.drmguard, libtorch: engine.libtorch },
    model: { name: file.name, sha256: file.sha256, format: file.format },
    verdictBefore: shortVerdict(before),
    verdictAfter: null,
    plan,
    input: evidence.plan.input,
    images: { ...images, ...counts },
    ...did,
    files,
    seconds,
  };
}

function shortVerdict({ label, score, target }: Verdict): MitigationFacts["verdictBefore"] {
  return { label, score, target };
}

function written(path: string, content: Uint8Array): WrittenFile {
  return { name: basename(path), sha256: createHash("sha256").update(content).digest("hex") };
}
