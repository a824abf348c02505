import { DrmGuardError } from "../errors/index.ts";
import { type ResolvedImageOptions, resolveImageOptions } from "../images/selection.ts";
import type { DataSetKind, DataSetOptions } from "./labelled-images.ts";

/** DataSetOptions, checked and with every default filled in. */
export interface ResolvedDataSetOptions {
  /** null: found from what lies at the path. */
  kind: DataSetKind | null;
  images: ResolvedImageOptions;
  /** null: all columns. */
  labels: readonly string[] | null;
  signal: AbortSignal | null;
}

/** @throws ERR_CONFIG naming the option that is wrong. */
export function resolveDataSetOptions(options: DataSetOptions): ResolvedDataSetOptions {
  const { kind = null, labels = null, signal = null, size, channels, limit } = options;
  const images = resolveImageOptions({
    minimum: 1,
    ...(size === undefined ? {} : { size }),
    ...(channels === undefined ? {} : { channels }),
    ...(limit === undefined ? {} : { limit }),
  });
  if (labels !== null) requireNames(labels);
  return { kind, images, labels, signal };
}

function requireNames(labels: readonly string[]): void {
  const sound = labels.length > 0 && labels.every((label) => typeof label === "string" && label !== "");
  if (sound && new Set(labels).size === labels.length) return;
  throw new DrmGuardError(
    "ERR_CONFIG",
    `Expected different names of label columns, got ${JSON.stringify(labels)}.`,
  );
}

/** @throws ERR_CANCELLED once the caller has given up. */
export function requireNotCancelled(signal: AbortSignal | null, path: string): void {
  if (signal?.aborted) throw new DrmGuardError("ERR_CANCELLED", `Reading ${path} was cancelled.`);
}
