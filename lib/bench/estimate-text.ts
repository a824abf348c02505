import { significant } from "../report/number-format.ts";
import type { Estimate } from "./statistics/clopper-pearson.ts";
import type { Spread } from "./statistics/quantiles.ts";

/** Stands where there is nothing to tell. */
export const NOTHING = "–";

/** "95.0 % (75.1–99.9)": a share with its 95 % interval. */
export function shareText(estimate: Estimate | null): string {
  if (estimate === null) return NOTHING;
  const { value, low, high } = estimate;
  return `${percent(value)} % (${percent(low)}–${percent(high)})`;
}

/** "0.875 (0.582–1.000)". */
export function areaText(estimate: Estimate | null): string {
  if (estimate === null) return NOTHING;
  const [value, low, high] = [estimate.value, estimate.low, estimate.high].map((area) => area.toFixed(3));
  return `${value} (${low}–${high})`;
}

/** "3.2 (2.9–4.1)": median and range. */
export function spreadText(spread: Spread | null): string {
  if (spread === null) return NOTHING;
  const { median, minimum, maximum } = spread;
  if (minimum === maximum) return significant(median);
  return `${significant(median)} (${significant(minimum)}–${significant(maximum)})`;
}

export function percent(share: number): string {
  return (100 * share).toFixed(1);
}
