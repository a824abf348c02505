import type { InversionEvidence, ScanEvidence } from "../../evidence/schema.ts";
import { type RankedInversion, shownInversion } from "../../evidence/statistics.ts";
import { familyText } from "../../evidence/trigger-families.ts";
import { type Markup, markup } from "../markup.ts";
import { significant } from "../number-format.ts";
import { lineChart } from "../svg/line-chart.ts";
import { colourEach, curveColour, inversionName } from "./inversion-names.ts";
import { shownFamily } from "./shown-family.ts";

type CurvePoint = InversionEvidence["curve"][number];
type Reference = { value: number; label: string };

interface Quantity {
  name: string;
  note: string;
  scale: "linear" | "log";
  of: (point: CurvePoint) => number | null;
  references: Reference[];
}

/**
 * Loss, cost, collapse and RAV over the steps of every inversion of the family that the verdict speaks of; null where
 * there are no lines to draw.
 */
export function curveCharts(evidence: ScanEvidence): Markup | null {
  const shown = shownFamily(evidence);
  // A family that is measured and not optimised has one point.
  if (shown.every(({ inversion }) => inversion.curve.length < 2)) return null;
  const best = shownInversion(evidence)?.index ?? -1;
  const { name } = familyText(evidence.inversions[best]?.family ?? null);
  return markup`<section><h3>Inversions over their steps: ${name}</h3>
${legend(evidence.inversions, shown, best)}
<div class="charts">
${quantities(evidence).map((quantity) => chart(quantity, evidence.inversions, shown, best))}</div></section>`;
}

function chart(
  quantity: Quantity,
  inversions: readonly InversionEvidence[],
  shown: readonly RankedInversion[],
  best: number,
): Markup | null {
  const many = !colourEach(inversions, best);
  // The last line drawn lies on top.
  const ordered = [
    ...shown.filter(({ index }) => index !== best),
    ...shown.filter(({ index }) => index === best),
  ];
  const drawn = lineChart({
    description: `${quantity.name} over steps, one line per inversion`,
    xLabel: "step",
    scale: quantity.scale,
    references: quantity.references,
    lines: ordered.map(({ inversion, index }) => ({
      name: inversionName(inversion, index),
      colour: curveColour(inversions, index, best),
      weight: index === best ? "strong" : inversion.role === "free" && !many ? "normal" : "faint",
      points: inversion.curve.flatMap((point) => {
        const y = quantity.of(point);
        return y === null ? [] : [{ x: point.step, y }];
      }),
    })),
  });
  if (drawn === null) return null;
  return markup`<figure><figcaption><strong>${quantity.name}</strong> <span class="muted">${quantity.note}</span></figcaption>
${drawn}</figure>
`;
}

function quantities({ plan, statistics, inversions }: ScanEvidence): Quantity[] {
  const cost: Reference[] = [];
  if (plan.method === "drmguard") cost.push({ value: plan.thresholds.epsilon, label: "ε" });
  else if (statistics.forcedCost !== null)
    cost.push({ value: statistics.forcedCost, label: "other targets" });
  const tolerance = toleranceOf(plan);
  const losses = inversions.flatMap(({ curve }) => curve.map(({ loss }) => loss));
  const lossScale = losses.every((loss) => loss > 0) ? "log" : "linear";
  return [
    {
      name: "Loss",
      note: lossScale === "log" ? "log scale" : "",
      scale: lossScale,
      of: ({ loss }) => loss,
      references: [],
    },
    {
      name: "Cost",
      note: familyText(statistics.family).costUnit,
      scale: "linear",
      of: (point) => point.cost,
      references: cost,
    },
    {
      name: "Collapse",
      note: "variance left, log scale",
      scale: "log",
      of: ({ collapse }) => collapse,
      references:
        tolerance === null ? [] : [{ value: tolerance, label: `tolerance ${significant(tolerance)}` }],
    },
    {
      name: "RAV",
      note: "angle variance ratio, log scale",
      scale: "log",
      of: ({ rav }) => rav,
      references: [],
    },
  ];
}

/** The collapse that counts as success, for the methods that ask for one. */
function toleranceOf(plan: ScanEvidence["plan"]): number | null {
  if (plan.method === "contrast") return plan.contrast.tolerance;
  return plan.method === "neural-cleanse" ? plan.neuralCleanse.tolerance : null;
}

function legend(
  inversions: readonly InversionEvidence[],
  shown: readonly RankedInversion[],
  best: number,
): Markup {
  const free = shown.filter(({ inversion }) => inversion.role === "free");
  const named = colourEach(inversions, best) ? free : free.filter(({ index }) => index === best);
  const others = free.filter((entry) => !named.includes(entry));
  const forced = shown.length - free.length;
  return markup`<ul class="legend">${named.map(
    ({ inversion, index }) =>
      markup`<li>${swatch(inversions, index, best)}${inversionName(inversion, index)}${index === best && markup` <strong>best</strong>`}</li>`,
  )}${others[0] !== undefined && markup`<li>${swatch(inversions, others[0].index, best)}${others.length} others</li>`}${forced > 0 && markup`<li><i class="swatch" style="border-color:var(--forced)"></i>${forced} fixed targets</li>`}</ul>`;
}

/** The inversion's line as a small sample. */
export function swatch(inversions: readonly InversionEvidence[], index: number, best: number): Markup {
  return markup`<i class="swatch" style="border-color:${curveColour(inversions, index, best)}"></i>`;
}
