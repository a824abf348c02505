import { createHash } from "node:crypto";
import type { TrainingPlan } from "../native/addon.ts";

/**
 * SHA-256 of a training plan, in hex. Equal for plans that ask for the same model: where it is computed (device,
 * threads) plays no part, nor the order of keys.
 */
export function planHash(plan: TrainingPlan): string {
  const { device: _device, threads: _threads, ...asked } = plan;
  return createHash("sha256").update(canonicalJson(asked)).digest("hex");
}

/** JSON with the keys of every object in order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
