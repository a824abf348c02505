import { DrmGuardError } from "../errors/index.ts";
import { exists } from "../files/index.ts";
import type { TensorRecord } from "../native/addon.ts";
import { readSafetensorsFile } from "./safetensors.ts";

/** Whose checkpoints: the metadata key of their facts, and the command that writes them ("train"). */
export interface CheckpointKind {
  key: string;
  command: string;
}

/**
 * The tensors and the unread facts of a checkpoint, of whatever run or version; null when nothing is there.
 * @throws ERR_FILE_WRITE when something else is there: it is left as it is, even where a run starts over.
 */
export async function openCheckpointFile(
  path: string,
  kind: CheckpointKind,
): Promise<{ tensors: TensorRecord[]; facts: string } | null> {
  if (!(await exists(path))) return null;
  const { tensors, metadata } = await readSafetensorsFile(path).catch((cause: unknown) => {
    throw inTheWay(path, kind, "something that is none, or that cannot be read", cause);
  });
  const facts = metadata.get(kind.key);
  if (facts === undefined) throw inTheWay(path, kind, "a safetensors file of another kind");
  return { tensors, facts };
}

function inTheWay(path: string, { command }: CheckpointKind, found: string, cause?: unknown): DrmGuardError {
  const message = `Expected nothing or a checkpoint of drmguard ${command} at ${path}, found ${found}; nothing was changed.`;
  return new DrmGuardError("ERR_FILE_WRITE", message, {
    hint: "Give another --out, or move away or delete what is there.",
    details: { path },
    cause,
  });
}
