import { type TargetSpread, targetSpread } from "../../evidence/findings.ts";
import type { ScanEvidence } from "../../evidence/schema.ts";
import { familyText } from "../../evidence/trigger-families.ts";
import { scoreLines } from "../../verdict/score-lines.ts";
import type { Verdict } from "../../verdict/verdict.ts";
import { type Markup, markup } from "../markup.ts";
import { type Figure, METHOD_TEXTS } from "../method-texts.ts";
import { secondsText, signed, significant, vectorText } from "../number-format.ts";
import { scaleBar } from "../svg/scale-bar.ts";

/** The reason in words, the score on its scale, and the numbers that matter most. */
export function verdictSummary(evidence: ScanEvidence, verdict: Verdict): Markup {
  const lines = scoreLines(verdict.method, verdict.thresholds);
  const description =
    `Score ${verdict.score === null ? "missing" : significant(verdict.score)}; ` +
    `clean up to ${significant(lines.clean)}, backdoored from ${significant(lines.backdoored)}`;
  return markup`<p class="reason">${verdict.reason}</p>
${severalBackdoors(verdict)}
${scaleBar({ description, score: verdict.score, ...lines })}
<p class="caption muted">${METHOD_TEXTS[verdict.method].score} The scale is logarithmic.</p>
<dl class="figures">${figures(evidence, verdict).map(
    ([label, value, note]) =>
      markup`<div><dt>${label}</dt><dd>${value}${note === "" ? null : markup`<small>${note}</small>`}</dd></div>`,
  )}</dl>`;
}

function calibration({ calibration: beside }: Verdict): Figure[] {
  if (beside === null) return [];
  const note = `beside ${beside.models} benign models, significance ${significant(beside.significance)}`;
  return [["p-value", significant(beside.pValue), note]];
}

/** Whether restarts and images that were not looked at say the same. */
function agreement(evidence: ScanEvidence): Figure[] {
  const spread = evidence.plan.method === "contrast" ? targetSpread(evidence) : null;
  const transfer = evidence.reversedTrigger?.transfer ?? null;
  const optional = (value: number | null) => (value === null ? "–" : significant(value));
  return [
    ...(spread === null
      ? []
      : [["Targets apart", significant(spread.deviation), spreadNote(spread)] satisfies Figure]),
    ...(transfer === null
      ? []
      : [
          [
            "Left elsewhere",
            optional(transfer.heldOut),
            `of the variance on held-out images; on noise ${optional(transfer.noise)}`,
          ] satisfies Figure,
        ]),
  ];
}

function spreadNote({ starts }: TargetSpread): string {
  return starts === 1 ? "no other start says the same" : `deviations, over the ${starts} most telling starts`;
}

/** Every backdoor where there are several. */
function severalBackdoors({ backdoors }: Verdict): Markup | null {
  if (backdoors.length < 2) return null;
  return markup`<p><strong>${backdoors.length} backdoors</strong> with different targets:</p><ul>${backdoors.map(
    ({ family, effect, target, score, inversion }) =>
      markup`<li>#${inversion + 1}, ${familyText(family).name}: ${effect === "offset" ? "moves the outputs by" : "target"} ${vectorText(target, 4)}, score ${significant(score)}</li>`,
  )}</ul>`;
}

function figures(evidence: ScanEvidence, verdict: Verdict): Figure[] {
  const { statistics, model, plan } = evidence;
  const optional = (value: number | null) => (value === null ? "–" : significant(value));
  const costs = METHOD_TEXTS[plan.method].figures(evidence, verdict.thresholds);
  const head: [string, string, string] =
    model.head === null
      ? ["Head", "none", model.headReason]
      : ["Head", model.head.form, `${model.head.features} features → ${model.outputs} outputs`];
  const margin = verdict.margin === null ? "–" : signed(verdict.margin);
  return [
    [
      "Score",
      optional(verdict.score),
      `${verdict.label === "clean" ? "clean" : "backdoored"} line ${significant(verdict.threshold)}`,
    ],
    ["Margin", margin, "log2 over the backdoored line"],
    ...calibration(verdict),
    [
      verdict.backdoors[0]?.effect === "offset" ? "Offset found" : "Target found",
      verdict.target === null ? "–" : vectorText(verdict.target, 4),
      "",
    ],
    ...costs,
    ...agreement(evidence),
    ["RAV", optional(statistics.rav), "angle variance, triggered / benign"],
    head,
    ["Time", secondsText(evidence.seconds.total), `${plan.device}, ${plan.threads} threads`],
  ];
}
