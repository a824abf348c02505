import type { BaselineEvidence } from "../evidence/schema.ts";
import { encodePng } from "../images/png.ts";
import type { BaselineMeasurement } from "./method-run.ts";

/** What a baseline measured, in the form that is stored; null for the other methods. */
export async function baselineEvidence(
  measured: BaselineMeasurement | undefined,
  { height, width }: { height: number; width: number },
): Promise<BaselineEvidence | null> {
  if (measured === undefined) return null;
  const { kind, best, outcomes, curve, mask } = measured;
  const picture = mask === null ? null : await encodePng(mask, 1, height, width);
  return {
    kind,
    best,
    starts: outcomes.map(({ statistic, maskShare, feature }, start) => ({
      statistic,
      maskShare,
      feature: feature === null ? null : { ...feature },
      curve: curve.map((point) => ({ step: point.step, statistic: point.statistic[start] ?? Number.NaN })),
    })),
    mask: picture === null ? null : picture.toString("base64"),
  };
}
