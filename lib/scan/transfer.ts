import type { InversionEvidence, ScanEvidence } from "../evidence/schema.ts";
import { movesByOffset } from "../evidence/trigger-families.ts";
import type { InversionResult, SessionFacts } from "../native/addon.ts";
import { rowOf } from "./deviations.ts";

type Transfer = NonNullable<ScanEvidence["reversedTrigger"]>["transfer"];

/**
 * What the best start's trigger leaves of the outputs' variance on images that it was not sought on: mean_j
 * E(f_j(G(x)) − t_j)² / Var f_j over the held-out images, and over noise. null for a baseline, which holds nothing out.
 * @param heldOut number of last images that were held out.
 */
export function transferOf(
  facts: SessionFacts,
  result: InversionResult,
  { family, target }: Pick<InversionEvidence, "family" | "target">,
  heldOut: number,
): Transfer {
  if (result.outputs.length === 0) return null;
  const offset = movesByOffset(family);
  const { outputs: width, benignOutputs, outputMean } = facts;
  const first = result.outputs.length / width - heldOut;
  const held = Array.from({ length: heldOut }, (_, row) =>
    Array.from({ length: width }, (_unused, column) => {
      const at = (first + row) * width + column;
      const output = result.outputs[at] ?? Number.NaN;
      return offset ? output - (benignOutputs[at] ?? 0) + (outputMean[column] ?? 0) : output;
    }),
  );
  // What a model answers to noise itself was not measured, so that no offset can be told there.
  const noise = offset ? [] : rowsOf(result.otherOutputs, width);
  return { heldOut: varianceLeft(facts, held, target), noise: varianceLeft(facts, noise, target) };
}

function rowsOf(matrix: Float32Array, width: number): number[][] {
  return Array.from({ length: matrix.length / width }, (_, row) => rowOf(matrix, row, width));
}

/** null without rows. Outputs that never change are left out. */
function varianceLeft(
  { outputDeviation }: SessionFacts,
  rows: readonly (readonly number[])[],
  target: readonly number[],
): number | null {
  const shares = outputDeviation.flatMap((deviation, column) => {
    if (!(deviation > 0) || rows.length === 0) return [];
    const squares = rows.map((row) => ((row[column] ?? 0) - (target[column] ?? 0)) ** 2);
    return [squares.reduce((sum, value) => sum + value, 0) / rows.length / deviation ** 2];
  });
  return shares.length === 0 ? null : shares.reduce((sum, value) => sum + value, 0) / shares.length;
}
