import { significant, vectorText } from "../../report/number-format.ts";
import { NOTHING, spreadText } from "../estimate-text.ts";
import type { Column } from "../markdown-table.ts";
import type { AttackCondition, AttackTable, PerOutput } from "./attack-table.ts";

/** One cell; `passed` tells of a check whether all models pass it. */
export interface AttackCell {
  text: string;
  passed?: boolean;
}

const number = (heading: string): Column => ({ heading, align: "right" });

/** Columns of the table of attacks, the same in Markdown and HTML. */
export function attackColumns({ data }: AttackTable): Column[] {
  const unit = data.unit === "unknown" ? "" : `, ${data.unit}`;
  return [
    { heading: "condition", align: "left" },
    number("models"),
    number(`AE${unit}`),
    number("AE / label deviation"),
    number(`DAE${unit}`),
    number("AE, angle °"),
    number("DAE, angle °"),
    number("clean error / benign"),
    number("variance ratio"),
    number("RAV"),
    number("RAV per output"),
    number("RNV"),
    number("RNV per output"),
    number("trigger mean L1"),
    number("AE < ⅓ deviation or 2.5°"),
    number("variance ratio < 0.1"),
    number("clean error ≤ 1.1 × benign"),
    number("RAV < 0.1"),
  ];
}

export function attackCells(row: AttackCondition): AttackCell[] {
  const texts = [
    row.condition,
    row.attacks === row.models ? String(row.models) : `${row.models} (${row.attacks} backdoors)`,
    spreadText(row.attackError.mean),
    spreadText(row.attackErrorShare),
    spreadText(row.defendingAttackError.mean),
    spreadText(row.attackAngularError),
    spreadText(row.defendingAttackAngularError),
    spreadText(row.cleanErrorRatio),
    spreadText(row.varianceRatio.mean),
    meanText(row.rav),
    outputsText(row.rav),
    meanText(row.rnv),
    outputsText(row.rnv),
    spreadText(row.triggerMeanL1),
  ];
  const { attackWorks, outputsCollapse, cleanErrorKept, anglesCollapse } = row.checks;
  return [
    ...texts.map((text) => ({ text })),
    ...[attackWorks, outputsCollapse, cleanErrorKept, anglesCollapse].map(checkCell),
  ];
}

/** What a reader of the table has to know, one sentence per entry. */
export function attackNotes({ benign, data }: AttackTable): string[] {
  const clean =
    benign === null
      ? "There is no benign model to compare the clean error with."
      : `Benign: ${benign.models} models, clean error ${spreadText(benign.cleanError.mean)}, always answering the training mean ${significant(benign.constantError.mean.median)}; the ratio is to the median benign model.`;
  return [
    "Median (lowest–highest) over models, of the mean over outputs; per output the median over models.",
    `Measured by drmguard train on held-out images with the true trigger. AE: distance to the attacker's target; DAE: to the true label. Outputs: ${data.labelNames.join(", ")}.`,
    "Variance ratio: output variance with over without the trigger (of the shift, for an offset). RAV, RNV: the same of the angles between features and head, and of the feature norms.",
    clean,
  ];
}

function meanText(values: PerOutput | null): string {
  return spreadText(values?.mean ?? null);
}

function outputsText(values: PerOutput | null): string {
  return values === null ? NOTHING : vectorText(values.medianPerOutput);
}

function checkCell(check: { passed: number; of: number } | null): AttackCell {
  if (check === null) return { text: NOTHING };
  return { text: `${check.passed} of ${check.of}`, passed: check.passed === check.of };
}
