import type { InversionProgress } from "../native/addon.ts";

/** What a scan tells while it runs. */
export interface ScanProgress {
  stage: "load" | "inversion";
  /** Optimisation steps done, out of `total`, within the stage; sweeps of forward passes between them do not count. */
  done: number;
  total: number;
  /** Share of the stage's work that is done, in [0,1]; steps of larger batches weigh more. */
  fraction: number;
  /** Of the start that leads at the moment: mean |G(x)−x|, collapse and mean RAV. Inversion only. */
  cost?: number;
  collapse?: number;
  rav?: number;
}

export type ProgressListener = (progress: ScanProgress) => void;

/** Steps and weight of one batched inversion among those of a scan. */
export interface InversionShare {
  steps: number;
  starts: number;
}

/**
 * Joins the progress of inversions that run one after the other into one count.
 * @returns one listener per inversion, in the order in which they run.
 */
export function joinedProgress(
  shares: readonly InversionShare[],
  tolerance: number,
  listener: ProgressListener | undefined,
): ((progress: InversionProgress) => void)[] {
  const total = sum(shares.map((share) => share.steps));
  const work = sum(shares.map((share) => share.steps * share.starts));
  return shares.map((share, index) => {
    const before = shares.slice(0, index);
    const stepsBefore = sum(before.map((other) => other.steps));
    const workBefore = sum(before.map((other) => other.steps * other.starts));
    return (progress) => {
      const done = stepsBefore + progress.step;
      const fraction = (workBefore + progress.step * share.starts) / work;
      listener?.({ stage: "inversion", done, total, fraction, ...leader(progress, tolerance) });
    };
  });
}

/** Cheapest start that has collapsed; the most collapsed while none has. */
function leader(
  progress: InversionProgress,
  tolerance: number,
): Pick<ScanProgress, "cost" | "collapse" | "rav"> {
  let best = -1;
  for (let index = 0; index < progress.cost.length; index++) {
    if (best === -1 || leads(progress, index, best, tolerance)) best = index;
  }
  const cost = progress.cost[best];
  const collapse = progress.collapse[best];
  const rav = progress.rav[best];
  return {
    ...(cost === undefined ? {} : { cost }),
    ...(collapse === undefined ? {} : { collapse }),
    ...(rav === undefined ? {} : { rav }),
  };
}

function leads(progress: InversionProgress, index: number, best: number, tolerance: number): boolean {
  const collapse = progress.collapse[index] ?? Number.POSITIVE_INFINITY;
  const bestCollapse = progress.collapse[best] ?? Number.POSITIVE_INFINITY;
  const collapsed = collapse <= tolerance;
  if (collapsed !== bestCollapse <= tolerance) return collapsed;
  return collapsed ? (progress.cost[index] ?? 0) < (progress.cost[best] ?? 0) : collapse < bestCollapse;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
