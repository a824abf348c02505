import type { NativeInversionPlan, PatchPlace, TriggerFamily, WavePlace } from "../native/addon.ts";
import type { MethodContext, PlannedStart } from "./method-run.ts";
import { outwardTarget } from "./targets.ts";

/** Where a small trigger begins, and what others of its kind leave of the variance there. */
export interface SmallTrigger {
  patch?: PatchPlace;
  wave?: WavePlace;
  reference: number;
}

/** What one inversion of small triggers does its own way. */
interface CollapseSettings {
  family: TriggerFamily;
  steps: number;
  batchSize: number;
  learningRate: number;
  /** 0 measures the outcomes on all images. */
  outcomeImages: number;
  samples: number[];
}

/** Others that leave nothing would divide by zero. */
const LEAST_REFERENCE = 1e-6;

/** The inversion of triggers that are small by themselves: the collapse alone, with targets that go with the outputs. */
export function collapseInversion(
  { session, plan }: MethodContext,
  triggers: readonly SmallTrigger[],
  settings: CollapseSettings,
): { starts: PlannedStart[]; plan: Omit<NativeInversionPlan, "seconds"> } {
  const { seed, threads, contrast } = plan;
  const target = outwardTarget(session.facts, contrast.distance);
  const starts = triggers.map(({ patch = null, wave = null, reference }): PlannedStart => {
    const least = Math.max(LEAST_REFERENCE, reference);
    return { origin: "probe", start: { target, walk: "outward", patch, wave, reference: least } };
  });
  const objective = { kind: "collapse", tolerance: contrast.tolerance } as const;
  return {
    starts,
    plan: { ...settings, objective, starts: starts.map(({ start }) => start), seed, threads },
  };
}
