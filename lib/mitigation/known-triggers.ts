import type { Family } from "../config/settings-schema.ts";
import { familyContrasts } from "../evidence/statistics.ts";
import { Model, type ReversedTrigger, reverseTriggers } from "../scan/index.ts";
import type { MitigationContext } from "./method-context.ts";

/** Small triggers that stand in for most others, whatever the scan found. */
const ALWAYS: readonly Family[] = ["wave", "patch"];
/** Of the best score: others do what any square does in their place, over the eyes for one, and cannot be unlearned. */
const BESIDE_BEST = 0.5;

/** The triggers of the untouched model, the best and those that come near it. */
export async function knownTriggers(context: Omit<MitigationContext, "known">): Promise<ReversedTrigger[]> {
  const { untouched, plan, evidence, origin, batch, signal, onProgress } = context;
  const model = new Model(await untouched(), origin);
  try {
    const reversed = await reverseTriggers(model, batch, familiesOf(context), {
      plan: { ...evidence.plan, seed: plan.seed },
      signal,
      onProgress: ({ stage, fraction }) =>
        onProgress?.(stage === "inversion" ? fraction / 4 : 0, "reversing triggers"),
    });
    if (reversed.length === 0) throw new Error("the families of small triggers always give one");
    const best = reversed.reduce((most, { score }) => Math.max(most, score ?? 0), 0);
    return reversed.filter(({ score }) => (score ?? 0) >= BESIDE_BEST * best);
  } finally {
    model.dispose();
  }
}

/** Those that the scan found something in, beside the ones that always count. */
function familiesOf({ evidence }: Pick<MitigationContext, "evidence">): Family[] {
  const telling = familyContrasts(evidence.inversions)
    .filter(({ score }) => score !== null && score >= evidence.plan.thresholds.clean)
    .map(({ family }) => family as Family);
  return [...new Set([...ALWAYS, ...telling])];
}
