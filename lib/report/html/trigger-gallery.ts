import { effectOf } from "../../evidence/findings.ts";
import type { ScanEvidence } from "../../evidence/schema.ts";
import { TRIGGER_FAMILIES } from "../../evidence/trigger-families.ts";
import type { VerdictLabel } from "../../verdict/verdict.ts";
import { type Markup, markup } from "../markup.ts";
import { alignedWith, significant, vectorText } from "../number-format.ts";
import { outputStrip } from "../svg/output-strip.ts";
import { inversionName } from "./inversion-names.ts";

type ReversedTrigger = NonNullable<ScanEvidence["reversedTrigger"]>;
type Sample = ReversedTrigger["samples"][number];

const SAMPLES_SHOWN = 24;
const OUTPUTS_SHOWN = 4;
const STRIPS_SHOWN = 6;

/** The best inversion's trigger on benign images: pictures, their difference, and what it does to the outputs. */
export function triggerGallery(evidence: ScanEvidence, label: VerdictLabel): Markup | null {
  const trigger = evidence.reversedTrigger;
  const inversion = trigger === null ? undefined : evidence.inversions[trigger.inversion];
  if (trigger === null || inversion === undefined) return null;
  const shown = trigger.samples.slice(0, SAMPLES_SHOWN);
  const left = trigger.samples.length - shown.length;
  const { effect, target } = effectOf(inversion, evidence.benign);
  const does = effect === "offset" ? "It moves all outputs by" : "Its target is";
  return markup`<section><h3>Reversed trigger</h3>
<p>From inversion ${inversionName(inversion, trigger.inversion)}: it costs ${significant(inversion.cost)} (${TRIGGER_FAMILIES[inversion.family].costUnit}) and leaves ${significant(inversion.collapse * 100)} % of the variance of ${effect === "offset" ? "their change" : "the outputs"}. ${does} ${vectorText(target)}. The third picture is the absolute difference of the first two, amplified by the factor shown.</p>
${label !== "backdoored" && markup`<p class="muted">The verdict is ${label}: this is the cheapest change that was found, not a trigger shown to be in the model.</p>`}
${maskFigure(evidence)}
${effect === "fixed" && strips(evidence, trigger)}
<div class="gallery">
${shown.map((sample) => sampleFigure(sample, expectedOutputs(sample, target, effect), evidence))}</div>
${left > 0 && markup`<p class="muted">${left} more samples are in the JSON report.</p>`}
</section>`;
}

/** The mask of Neural Cleanse: white where the pattern replaces the image. */
function maskFigure({ baseline, images }: ScanEvidence): Markup | null {
  const start = baseline?.starts[baseline.best];
  if (baseline === null || baseline.mask === null || start === undefined) return null;
  return markup`<figure><img src="data:image/png;base64,${baseline.mask}" width="${images.width}" height="${images.height}" alt="Reversed mask" /><figcaption>mask, ${significant(start.maskShare * 100)} % of the image</figcaption></figure>`;
}

function strips({ benign }: ScanEvidence, { samples, target }: ReversedTrigger): Markup | null {
  if (samples.length === 0) return null;
  const rows = target.slice(0, STRIPS_SHOWN).map((value, output) => {
    const strip = outputStrip({
      description: `Output ${output + 1} of the samples before and after the trigger, with the target ${significant(value)}`,
      before: samples.map((sample) => sample.outputBefore[output] ?? Number.NaN).filter(Number.isFinite),
      after: samples.map((sample) => sample.outputAfter[output] ?? Number.NaN).filter(Number.isFinite),
      target: value,
      benign: {
        mean: benign.mean[output] ?? 0,
        deviation: benign.deviation[output] ?? 0,
        minimum: benign.minimum[output] ?? 0,
        maximum: benign.maximum[output] ?? 0,
      },
    });
    return markup`<div class="strip-row"><span class="strip-name">output ${output + 1}</span>${strip}</div>
`;
  });
  return markup`<figure class="strips"><figcaption><strong>Outputs before and after</strong> <span class="key"><i class="before"></i>before</span> <span class="key"><i class="after"></i>after</span> <span class="key"><i class="target"></i>target</span> <span class="key"><i class="range"></i>benign range, darker: mean ± deviation</span></figcaption>
${rows}</figure>`;
}

/** What the trigger should make of an image's outputs. */
function expectedOutputs(
  { outputBefore }: Sample,
  target: readonly number[],
  effect: "fixed" | "offset",
): number[] {
  if (effect === "fixed") return [...target];
  return target.map((offset, output) => offset + (outputBefore[output] ?? Number.NaN));
}

function sampleFigure(sample: Sample, target: number[], { images, benign }: ScanEvidence): Markup {
  const picture = (png: string, what: string) =>
    markup`<figure><img src="data:image/png;base64,${png}" width="${images.width}" height="${images.height}" alt="Image ${sample.image}: ${what}" /><figcaption>${what}</figcaption></figure>`;
  return markup`<div class="sample"><div class="pictures">${picture(sample.benign, "benign")}${picture(sample.triggered, "triggered")}${picture(
    sample.difference,
    `change × ${significant(sample.gain)}`,
  )}</div>
<table><thead><tr><th scope="col">image ${sample.image}</th><th scope="col" class="number">before</th><th scope="col" class="number">after</th><th scope="col" class="number">target</th></tr></thead><tbody>
${target.slice(0, OUTPUTS_SHOWN).map((value, output) => outputRow(sample, value, output, benign.deviation[output] ?? 1))}</tbody></table>
${target.length > OUTPUTS_SHOWN && markup`<p class="muted">… ${target.length - OUTPUTS_SHOWN} more outputs</p>`}</div>
`;
}

function outputRow(
  { outputBefore, outputAfter }: Sample,
  target: number,
  output: number,
  spread: number,
): Markup {
  const cell = (value: number | undefined) =>
    markup`<td class="number">${value === undefined ? "–" : alignedWith(spread, value)}</td>`;
  return markup`<tr><th scope="row">output ${output + 1}</th>${cell(outputBefore[output])}${cell(outputAfter[output])}${cell(target)}</tr>
`;
}
