import type { ScanEvidence } from "../../evidence/schema.ts";
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
    ["Target found", verdict.target === null ? "–" : vectorText(verdict.target, 4), ""],
    ...costs,
    ["RAV", optional(statistics.rav), "angle variance, triggered / benign"],
    head,
    ["Time", secondsText(evidence.seconds.total), `${plan.device}, ${plan.threads} threads`],
  ];
}
