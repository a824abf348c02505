import type { Family } from "../config/settings-schema.ts";
import { familyContrasts } from "../evidence/statistics.ts";
import { Model, type ReversedTrigger, reverseTriggers } from "../scan/index.ts";
import type { MitigationContext } from "./method-context.ts";

/** Small triggers that stand in for most others, whatever the scan found. */
const ALWAYS: readonly Family[] = ["wave", "patch"];
/** Of the best score: others do what any square does in their place, over the eyes for one, and cannot be unlearned. */
const BESIDE_BEST = 0.5;

/** A reversal that comes to less than this share of the scan's score is done again with another seed, so many times in all. */
const AS_TELLING = { share: 0.75, tries: 3 } as const;

/**
 * The triggers of the untouched model, the best and those that come near it. What the scan found by one choice of images
 * and places another choice may miss: reversing goes on until something as telling is found.
 */
export async function knownTriggers(context: Omit<MitigationContext, "known">): Promise<ReversedTrigger[]> {
  const { untouched, plan, evidence, origin, batch, signal, onProgress } = context;
  const wanted = AS_TELLING.share * bestScore(familyContrasts(evidence.inversions));
  const model = new Model(await untouched(), origin);
  const reversed: ReversedTrigger[] = [];
  try {
    for (let attempt = 0; attempt < AS_TELLING.tries; attempt++) {
      const found = await reverseTriggers(model, batch, familiesOf(context), {
        plan: { ...evidence.plan, seed: (plan.seed + attempt) % 2 ** 32 },
        signal,
        onProgress: ({ stage, fraction }) =>
          onProgress?.(
            (attempt + (stage === "inversion" ? fraction : 0)) / (4 * AS_TELLING.tries),
            "reversing triggers",
          ),
      });
      reversed.push(...found);
      if (bestScore(reversed) >= wanted) break;
    }
    if (reversed.length === 0) throw new Error("the families of small triggers always give one");
    return reversed.filter(({ score }) => (score ?? 0) >= BESIDE_BEST * bestScore(reversed));
  } finally {
    model.dispose();
  }
}

function bestScore(scored: readonly { score: number | null }[]): number {
  return scored.reduce((best, { score }) => Math.max(best, score ?? 0), 0);
}

/** Those that the scan found something in, beside the ones that always count. */
function familiesOf({ evidence }: Pick<MitigationContext, "evidence">): Family[] {
  const telling = familyContrasts(evidence.inversions)
    .filter(({ score }) => score !== null && score >= evidence.plan.thresholds.clean)
    .map(({ family }) => family as Family);
  return [...new Set([...ALWAYS, ...telling])];
}
