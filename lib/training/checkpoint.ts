import { z } from "zod";
import { DrmGuardError } from "../errors/index.ts";
import { jsonOrNull } from "../files/index.ts";
import type { TensorRecord } from "../native/addon.ts";
import { type CheckpointKind, openCheckpointFile, writeSafetensorsFile } from "../weights/index.ts";

const KIND: CheckpointKind = { key: "drmguard.checkpoint", command: "train" };
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const checkpointSchema = z.strictObject({
  /** Hashes of the plan, the data set and the indices of the training images. */
  plan: sha256,
  data: sha256,
  split: sha256,
  /** Epochs finished. */
  epoch: z.int().min(1).max(1_000_000),
  /** Spent on them. */
  seconds: z.number().nonnegative(),
});

/** What an unfinished model was trained with, and how far. */
export type CheckpointFacts = z.infer<typeof checkpointSchema>;

/** Replaces a checkpoint, whole or not at all. */
export async function writeCheckpoint(
  path: string,
  facts: CheckpointFacts,
  state: readonly TensorRecord[],
): Promise<void> {
  await writeSafetensorsFile(path, state, new Map([[KIND.key, JSON.stringify(facts)]]));
}

/**
 * The checkpoint of a run that was interrupted; null when there is none.
 * @throws ERR_CONFIG when it is of another run, ERR_FILE_WRITE when it is no checkpoint: it is left as it is, because
 *   hours may have gone into it.
 */
export async function readCheckpoint(
  path: string,
  run: Pick<CheckpointFacts, "plan" | "data" | "split">,
): Promise<{ facts: CheckpointFacts; state: TensorRecord[] } | null> {
  const checkpoint = await openCheckpointFile(path, KIND);
  if (checkpoint === null) return null;
  const parsed = checkpointSchema.safeParse(jsonOrNull(checkpoint.facts));
  if (!parsed.success) throw refused(path, "it says other things than this version of drmguard writes");
  const facts = parsed.data;
  if (facts.data !== run.data) throw refused(path, "it was trained on other images");
  if (facts.plan !== run.plan) throw refused(path, "it was trained with other settings");
  if (facts.split !== run.split) throw refused(path, "other images of the data set were held out");
  return { facts, state: checkpoint.tensors };
}

/**
 * Finds out whether a run that starts over may put its checkpoint here: where nothing is, or a checkpoint of whatever
 * run or version.
 * @throws ERR_FILE_WRITE when something else is there: it is left as it is.
 */
export async function requireReplaceableCheckpoint(path: string): Promise<void> {
  await openCheckpointFile(path, KIND);
}

function refused(path: string, reason: string): DrmGuardError {
  return new DrmGuardError("ERR_CONFIG", `The checkpoint ${path} cannot be resumed: ${reason}.`, {
    hint: "Give the earlier settings and data again, another --out, or --restart to replace the checkpoint.",
  });
}
