import type { InversionEvidence, ScanEvidence } from "../../evidence/schema.ts";
import { shownInversion } from "../../evidence/statistics.ts";
import { type Markup, markup } from "../markup.ts";
import { significant, vectorText } from "../number-format.ts";
import { extent } from "../svg/axis.ts";
import { type ScatterPlot, type ScatterPoint, scatterPlot } from "../svg/scatter.ts";
import { inversionName } from "./inversion-names.ts";
import { shownFamily } from "./shown-family.ts";

/**
 * Where the inversions ended in output space against the benign outputs, drawn stronger the cheaper they are: a
 * backdoor shows as one cheap place. With one output, the cost takes the second axis.
 */
export function outputPlane(evidence: ScanEvidence): Markup | null {
  if (evidence.inversions.length === 0) return null;
  const single = evidence.model.outputs === 1;
  const plot = scatterPlot(single ? costOverTarget(evidence) : targetPlane(evidence));
  if (plot === null) return null;
  const title = single ? "Cost of the targets" : "Targets in output space";
  const outputs = evidence.model.outputs > 2 ? ` The first two of ${evidence.model.outputs} outputs.` : "";
  return markup`<section><h3>${title}</h3>
<div class="plane"><figure>${plot}</figure>
<div class="plane-key"><p>${
    single
      ? "Target and cost of every inversion of this family."
      : "Where the outputs of every inversion of this family were driven. The larger and stronger a mark, the cheaper the trigger: a backdoor shows as one cheap place."
  }${outputs}</p>
<ul class="legend vertical"><li><i class="mark circle"></i>walked to its cheapest target nearby; its line leads from its start</li><li><i class="mark square"></i>fixed target, for comparison</li><li><i class="mark circle hollow"></i>tolerance not reached</li>${
    single
      ? null
      : markup`<li><i class="mark cloud"></i>benign outputs: mean, one and two deviations, range</li><li><i class="mark dot"></i>benign outputs of the samples</li>`
  }</ul></div></div></section>`;
}

function targetPlane(evidence: ScanEvidence): ScatterPlot {
  const { benign, inversions, reversedTrigger } = evidence;
  const place = (vector: readonly number[]) => ({ x: vector[0] ?? 0, y: vector[1] ?? 0 });
  return {
    description: "Benign outputs and the targets of every inversion in the plane of the first two outputs",
    xLabel: "output 1",
    yLabel: "output 2",
    points: points(
      evidence,
      (inversion) => place(inversion.target),
      ({ startTarget }) => startTarget && place(startTarget),
    ),
    dots: (reversedTrigger?.samples ?? []).map(({ outputBefore }) => place(outputBefore)),
    cloud:
      inversions.length === 0
        ? null
        : {
            mean: place(benign.mean),
            deviation: place(benign.deviation),
            minimum: place(benign.minimum),
            maximum: place(benign.maximum),
          },
  };
}

function costOverTarget(evidence: ScanEvidence): ScatterPlot {
  return {
    description: "Cost of every inversion over its target",
    xLabel: "output",
    yLabel: "cost",
    points: points(
      evidence,
      ({ target, cost }) => ({ x: target[0] ?? 0, y: cost }),
      () => null,
    ),
    dots: [],
    cloud: null,
  };
}

function points(
  evidence: ScanEvidence,
  at: (inversion: InversionEvidence) => { x: number; y: number },
  start: (inversion: InversionEvidence) => { x: number; y: number } | null,
): ScatterPoint[] {
  const shown = shownFamily(evidence);
  const best = shownInversion(evidence)?.index ?? -1;
  const costs = extent(shown.map(({ inversion }) => inversion.cost).filter((cost) => cost > 0)) ?? [1, 1];
  const span = Math.log(costs[1] / costs[0]);
  return shown.map(({ inversion, index }) => ({
    ...at(inversion),
    name: `${inversionName(inversion, index)}: ${vectorText(inversion.target, 4)} at cost ${significant(inversion.cost)}`,
    label: `#${index + 1}`,
    shape: inversion.role === "free" ? "circle" : "square",
    filled: inversion.reached,
    strength: span > 0 && inversion.cost > 0 ? Math.log(costs[1] / inversion.cost) / span : 0,
    emphasised: index === best,
    from: inversion.role === "free" ? start(inversion) : null,
  }));
}
