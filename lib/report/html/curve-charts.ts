import type { InversionEvidence, ScanEvidence } from "../../evidence/schema.ts";
import { shownInversion } from "../../evidence/statistics.ts";
import { type Markup, markup } from "../markup.ts";
import { significant } from "../number-format.ts";
import { lineChart } from "../svg/line-chart.ts";
import { curveStyle, inversionName } from "./inversion-names.ts";

type CurvePoint = InversionEvidence["curve"][number];
type Reference = { value: number; label: string };

interface Quantity {
  name: string;
  note: string;
  scale: "linear" | "log";
  of: (point: CurvePoint) => number | null;
  references: Reference[];
}

/** Free inversions named in the legend; a scan with more names the rest in the table only. */
const LEGEND_ENTRIES = 24;

/** Loss, cost, collapse and RAV over the steps of every inversion: the free ones coloured, the forced ones grey. */
export function curveCharts(evidence: ScanEvidence): Markup | null {
  const { inversions } = evidence;
  if (inversions.every(({ curve }) => curve.length === 0)) return null;
  const best = shownInversion(evidence)?.index ?? -1;
  return markup`<section><h3>Inversions over their steps</h3>
${legend(inversions, best)}
<div class="charts">
${quantities(evidence).map((quantity) => chart(quantity, inversions, best))}</div></section>`;
}

function chart(quantity: Quantity, inversions: readonly InversionEvidence[], best: number): Markup | null {
  const drawn = lineChart({
    description: `${quantity.name} over steps, one line per inversion`,
    xLabel: "step",
    scale: quantity.scale,
    references: quantity.references,
    lines: inversions.map((inversion, index) => ({
      name: inversionName(inversion, index),
      ...curveStyle(inversions, index),
      weight: index === best ? "strong" : inversion.role === "free" ? "normal" : "faint",
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
    cost.push({ value: statistics.forcedCost, label: "forced median" });
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
      note: "mean change per pixel",
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

function legend(inversions: readonly InversionEvidence[], best: number): Markup {
  const free = inversions.flatMap((inversion, index) =>
    inversion.role === "free" ? [{ inversion, index }] : [],
  );
  const forced = inversions.length - free.length;
  return markup`<ul class="legend">${free
    .slice(0, LEGEND_ENTRIES)
    .map(
      ({ inversion, index }) =>
        markup`<li>${swatch(inversions, index)}${inversionName(inversion, index)}${index === best && markup` <strong>best</strong>`}</li>`,
    )}${forced > 0 && markup`<li><i class="swatch" style="border-color:var(--forced)"></i>${forced} forced</li>`}</ul>`;
}

/** The inversion's line as a small sample. */
export function swatch(inversions: readonly InversionEvidence[], index: number): Markup {
  const { colour, dashed } = curveStyle(inversions, index);
  return markup`<i class="swatch" style="border-color:${colour}${dashed ? ";border-top-style:dashed" : ""}"></i>`;
}
