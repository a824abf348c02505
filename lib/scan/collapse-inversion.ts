import type { CollapseObjective, PatchPlace, TriggerFamily, WavePlace } from "../native/addon.ts";
import type { MethodContext, PlannedStart, StagePlan } from "./method-run.ts";
import { plainStart } from "./plain-start.ts";
import { outwardTarget } from "./targets.ts";

/** Where a small trigger begins, and what others of its kind leave of the variance there. */
export interface SmallTrigger {
  patch?: PatchPlace;
  wave?: WavePlace;
  content?: Float32Array | null;
  /** The one target that it is driven to; left out where the target goes with the outputs. */
  target?: number[];
  reference: number;
}

/** What one inversion of small triggers does its own way. */
export interface CollapseSettings {
  family: TriggerFamily;
  steps: number;
  batchSize: number;
  learningRate: number;
  /** 0 measures the outcomes on all images. */
  outcomeImages: number;
  samples: number[];
  effect: CollapseObjective["effect"];
  /** Least distance of the target from the benign mean, or least length of the offset; null for none. */
  distance: number | null;
}

/** Others that leave nothing would divide by zero. */
const LEAST_REFERENCE = 1e-6;

/** The inversion of triggers that are small by themselves: the collapse alone, with targets that go with the outputs. */
export function collapseInversion(
  { session, plan }: MethodContext,
  triggers: readonly SmallTrigger[],
  { effect, distance, ...settings }: CollapseSettings,
): { starts: PlannedStart[]; plan: StagePlan } {
  const { seed, threads, contrast } = plan;
  const begun =
    distance === null
      ? plainStart(null, "still")
      : plainStart(outwardTarget(session.facts, distance), "outward");
  const starts = triggers.map(({ reference, target, ...trigger }): PlannedStart => {
    const towards = target === undefined ? begun : plainStart(target, "still");
    return {
      origin: "probe",
      start: { ...towards, ...trigger, reference: Math.max(LEAST_REFERENCE, reference) },
    };
  });
  const objective = { kind: "collapse", tolerance: contrast.tolerance, effect } as const;
  return {
    starts,
    plan: {
      ...settings,
      hopelessCollapse: 0,
      objective,
      starts: starts.map(({ start }) => start),
      seed,
      threads,
    },
  };
}
