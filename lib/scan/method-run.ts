import type { ScanPlan } from "../config/scan-plan.ts";
import type { BaselineEvidence, InversionEvidence, ScanEvidence } from "../evidence/schema.ts";
import type {
  BaselineOutcome,
  BaselineProgress,
  InversionResult,
  InversionStart,
  NativeInversionPlan,
} from "../native/addon.ts";
import type { Session } from "../native/session.ts";
import type { Budget } from "./budget.ts";
import type { ProgressListener } from "./progress.ts";

/** Images that show whether a trigger works beyond those that it was sought on. */
export type UnseenImages = Pick<NativeInversionPlan, "heldOut" | "others" | "otherCount">;

/** What a method works with. */
export interface MethodContext {
  session: Session;
  plan: ScanPlan;
  budget: Budget;
  /** Of the benign images. */
  shape: { count: number; height: number; width: number };
  /** Whether a square can take the weight of all other places (docs/decisions/0018). */
  attends: boolean;
  /** Indices of the images that the report shows. */
  samples: number[];
  unseen: UnseenImages;
  signal: AbortSignal | undefined;
  onProgress: ProgressListener | undefined;
}

/** What a method measured. */
export interface MethodOutcome {
  probe: ScanEvidence["probe"];
  runs: InversionRun[];
  /** Why the scan ended early; null when it ran to its end. */
  incompleteReason: string | null;
  /** null for a baseline. */
  work: ScanEvidence["work"];
  seconds: { probe: number; inversion: number };
  /** Of a baseline: what it measured besides the inversions of its one run. */
  baseline?: BaselineMeasurement;
}

export interface BaselineMeasurement {
  kind: BaselineEvidence["kind"];
  best: number;
  outcomes: BaselineOutcome[];
  curve: BaselineProgress[];
  /** H×W in [0,1]; null for a mask over features. */
  mask: Float32Array | null;
}

/** Why an inversion began where it did, beside the start that the core needs. */
export interface PlannedStart {
  start: InversionStart;
  origin: InversionEvidence["origin"];
}

/** What an inversion is for; a search only finds starts for the next one, and is not evidence. */
export type InversionRole = InversionEvidence["role"] | "search";

/** One batched inversion, before it runs; the budget says how long it may. */
export interface PlannedInversion {
  role: InversionRole;
  family: InversionEvidence["family"];
  starts: PlannedStart[];
  plan: StagePlan;
}

/** What a stage plans itself; the budget and the images that it never sees are the scan's. */
export type StagePlan = Omit<NativeInversionPlan, "seconds" | keyof UnseenImages>;

/**
 * A batched inversion whose plan may depend on what ran before it. Its size is known ahead, so that progress can be
 * shared out.
 */
export interface InversionStage {
  steps: number;
  /** Most starts that the plan will hold. */
  starts: number;
  /** Images per start and step. */
  batchSize: number;
  /** Whether what ran before makes this one needless. */
  skip?: (previous: readonly InversionRun[]) => boolean;
  plan: (previous: readonly InversionRun[]) => PlannedInversion | Promise<PlannedInversion>;
}

/** One batched inversion with its result. */
export interface InversionRun {
  role: InversionRole;
  family: InversionEvidence["family"];
  starts: PlannedStart[];
  result: InversionResult;
}
