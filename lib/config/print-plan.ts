import { stringify } from "smol-toml";
import type { ScanPlan } from "./scan-plan.ts";

/** The plan as a drmguard.toml that resolves to the same plan. What is null is left out: TOML has no null. */
export function planAsToml(plan: ScanPlan): string {
  const withoutNulls = JSON.parse(
    JSON.stringify(plan, (_key, value: unknown) => (value === null ? undefined : value)),
  ) as Record<string, unknown>;
  return stringify(withoutNulls);
}
