import { createHash } from "node:crypto";
import { z } from "zod";
import { DrmGuardError } from "../errors/index.ts";
import { jsonOrNull } from "../files/index.ts";
import type { TensorRecord } from "../native/addon.ts";
import { type CheckpointKind, openCheckpointFile, writeSafetensorsFile } from "../weights/index.ts";
import type { FinishedRounds, RoundFacts } from "./method-context.ts";
import type { MitigationPlan } from "./mitigation-plan.ts";

const KIND: CheckpointKind = { key: "drmguard.mitigation", command: "mitigate" };
const finite = z.number();

/** Of an untrusted file. */
export const roundSchema = z.strictObject({
  families: z.array(z.string().max(100)).max(100),
  triggers: z.int().nonnegative(),
  score: finite.nullable(),
  pruned: z.int().nonnegative(),
  steps: z.int().nonnegative(),
  loss: finite.nullable(),
  cleanError: z.array(finite).max(100_000),
  relativeError: finite,
  rolledBack: z.int().nonnegative(),
  accepted: z.boolean(),
  seconds: finite.nonnegative(),
}) satisfies z.ZodType<RoundFacts>;

const checkpointSchema = z.strictObject({
  run: z.string().regex(/^[0-9a-f]{64}$/),
  rounds: z.array(roundSchema).min(1).max(10_000),
  /** Whole sets of weights in the file, the latest last: their tensors are called 0/NAME, 1/NAME, … */
  states: z.int().min(1).max(100),
});

/** One name for everything that a mitigation depends on: a checkpoint of another run cannot be gone on from. */
export function runIdentity(
  plan: MitigationPlan,
  parts: {
    version: string;
    modelSha256: string;
    imagesSha256: string;
    labels: Float32Array | null;
    subjects: Int32Array | null;
    evidence: unknown;
  },
): string {
  const hash = createHash("sha256");
  const { version, modelSha256, imagesSha256, labels, subjects, evidence } = parts;
  hash.update(JSON.stringify([version, plan, modelSha256, imagesSha256, evidence]));
  for (const values of [labels, subjects]) {
    hash.update(`${values?.length ?? null};`);
    if (values !== null) hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}

/** Replaces a checkpoint, whole or not at all. */
export async function writeMitigationCheckpoint(
  path: string,
  run: string,
  { rounds, weights }: FinishedRounds,
): Promise<void> {
  const tensors = weights.flatMap((state, index) =>
    state.map((record) => ({ ...record, name: `${index}/${record.name}` })),
  );
  const facts = JSON.stringify({ run, rounds, states: weights.length });
  await writeSafetensorsFile(path, tensors, new Map([[KIND.key, facts]]));
}

/**
 * What an interrupted run has done; null when there is none.
 * @throws ERR_CONFIG when it is of another run, ERR_FILE_WRITE when it is no checkpoint: it is left as it is.
 */
export async function readMitigationCheckpoint(path: string, run: string): Promise<FinishedRounds | null> {
  const checkpoint = await openCheckpointFile(path, KIND);
  if (checkpoint === null) return null;
  const parsed = checkpointSchema.safeParse(jsonOrNull(checkpoint.facts));
  if (parsed.success && parsed.data.run === run) {
    const { rounds, states } = parsed.data;
    const { tensors } = checkpoint;
    return { rounds, weights: Array.from({ length: states }, (_, index) => stateOf(tensors, index)) };
  }
  const reason = parsed.success
    ? "it is of another model, other images or other settings"
    : "it says other things than this version of drmguard writes";
  throw new DrmGuardError("ERR_CONFIG", `The checkpoint ${path} cannot be resumed: ${reason}.`, {
    hint: "Give the earlier settings again, another --out, or --restart to replace the checkpoint.",
  });
}

/**
 * Finds out whether a run that starts over may put its checkpoint here: where nothing is, or a checkpoint of whatever
 * run or version.
 * @throws ERR_FILE_WRITE when something else is there: it is left as it is.
 */
export async function requireReplaceableCheckpoint(path: string): Promise<void> {
  await openCheckpointFile(path, KIND);
}

function stateOf(tensors: readonly TensorRecord[], index: number): TensorRecord[] {
  const prefix = `${index}/`;
  return tensors.flatMap((record) =>
    record.name.startsWith(prefix) ? [{ ...record, name: record.name.slice(prefix.length) }] : [],
  );
}
