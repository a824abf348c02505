import { z } from "zod";
import { DrmGuardError } from "../errors/index.ts";
import { jsonOrNull } from "../files/index.ts";
import type { ArchitectureName, ArchitectureSpec } from "../native/addon.ts";

/** Key of a safetensors file's metadata under which the architecture of its weights stands, as JSON. */
export const ARCHITECTURE_KEY = "drmguard.architecture";

export const ARCHITECTURE_NAMES = [
  "resnet18",
  "resnet18-slim",
  "resnet-tiny",
  "vgg11-bn",
  "mobilenet-v2",
  "vit-small",
] as const satisfies readonly ArchitectureName[];

export const HEADS = ["linear", "mlp"] as const satisfies readonly ArchitectureSpec["head"][];

/** Bounds on what a file may ask to be built. */
const side = z.int().min(1).max(2048);
export const architectureSchema = z.strictObject({
  name: z.enum(ARCHITECTURE_NAMES),
  head: z.enum(HEADS),
  outputs: z.int().min(1).max(100_000),
  channels: z.int().min(1).max(16),
  height: side,
  width: side,
});

export function architectureMetadata(architecture: ArchitectureSpec): Map<string, string> {
  return new Map([[ARCHITECTURE_KEY, JSON.stringify(architecture)]]);
}

/**
 * The architecture that a file's metadata names; null when it names none.
 * @throws ERR_MODEL_FORMAT when it names one that is none of ours.
 */
export function architectureOf(metadata: ReadonlyMap<string, string>): ArchitectureSpec | null {
  const text = metadata.get(ARCHITECTURE_KEY);
  if (text === undefined) return null;
  const parsed = architectureSchema.safeParse(jsonOrNull(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const reason = issue === undefined ? "it is not valid" : `${issue.path.join(".")}: ${issue.message}`;
  throw new DrmGuardError(
    "ERR_MODEL_FORMAT",
    `Expected the metadata ${ARCHITECTURE_KEY} to name an architecture of DRMGuard, but ${reason}.`,
    { hint: `Known architectures: ${ARCHITECTURE_NAMES.join(", ")}.` },
  );
}
