import { significant, vectorText } from "../../report/number-format.ts";
import { NOTHING, spreadText } from "../estimate-text.ts";
import type { Column } from "../markdown-table.ts";
import type { AttackCondition, AttackTable, PerOutput } from "./attack-table.ts";

/** One cell; `passed` tells of a check whether all models pass it. */
export interface AttackCell {
  text: string;
  passed?: boolean;
}

/** One table of the bench, the same in Markdown and HTML. */
export interface AttackGrid {
  title: string;
  columns: Column[];
  /** One per condition. */
  rows: AttackCell[][];
}

/** A column with the cell that a condition has in it. */
interface AttackColumn extends Column {
  cell: (row: AttackCondition) => AttackCell;
}

/** What the attacks do to the outputs, and what they do to the features. */
export function attackGrids(table: AttackTable): AttackGrid[] {
  return [
    grid("Errors", errorColumns(table), table),
    grid("Outputs and features under the trigger", featureColumns(), table),
  ];
}

function grid(title: string, columns: AttackColumn[], { conditions }: AttackTable): AttackGrid {
  return { title, columns, rows: conditions.map((row) => columns.map(({ cell }) => cell(row))) };
}

function errorColumns({ data, conditions }: AttackTable): AttackColumn[] {
  const unit = data.unit === "unknown" ? "" : `, ${data.unit}`;
  const directions = conditions.some(({ attackAngularError }) => attackAngularError !== null);
  const angles = [
    number("AE, angle °", (row) => spreadText(row.attackAngularError)),
    number("DAE, angle °", (row) => spreadText(row.defendingAttackAngularError)),
  ];
  return [
    condition,
    number("models", ({ attacks, models }) =>
      attacks === models ? String(models) : `${models} (${attacks} backdoors)`,
    ),
    number(`AE${unit}`, (row) => spreadText(row.attackError.mean)),
    number(`DAE${unit}`, (row) => spreadText(row.defendingAttackError.mean)),
    ...(directions ? angles : []),
    number("AE / label deviation", (row) => spreadText(row.attackErrorShare)),
    number("clean error / benign", (row) => spreadText(row.cleanErrorRatio)),
    check("AE < ⅓ deviation or 2.5°", ({ attackWorks }) => attackWorks),
    check("clean error ≤ 1.1 × benign", ({ cleanErrorKept }) => cleanErrorKept),
  ];
}

function featureColumns(): AttackColumn[] {
  return [
    condition,
    number("trigger mean L1", (row) => spreadText(row.triggerMeanL1)),
    number("variance ratio", (row) => spreadText(row.varianceRatio.mean)),
    number("RAV", ({ rav }) => meanText(rav)),
    number("RAV per output", ({ rav }) => outputsText(rav)),
    number("RNV", ({ rnv }) => meanText(rnv)),
    check("variance ratio < 0.1", ({ outputsCollapse }) => outputsCollapse),
    check("RAV < 0.1", ({ anglesCollapse }) => anglesCollapse),
  ];
}

const condition: AttackColumn = {
  heading: "condition",
  align: "left",
  cell: (row) => ({ text: row.condition }),
};

function number(heading: string, text: (row: AttackCondition) => string): AttackColumn {
  return { heading, align: "right", cell: (row) => ({ text: text(row) }) };
}

function check(
  heading: string,
  of: (checks: AttackCondition["checks"]) => { passed: number; of: number } | null,
): AttackColumn {
  return { heading, align: "right", cell: ({ checks }) => checkCell(of(checks)) };
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
    "Variance ratio: output variance with over without the trigger (of the shift, for an offset). RAV, RNV: the same of the angles between features and head (per output), and of the feature norms (one for all outputs).",
    clean,
  ];
}

function meanText(values: PerOutput | null): string {
  return spreadText(values?.mean ?? null);
}

function outputsText(values: PerOutput | null): string {
  return values === null ? NOTHING : vectorText(values.medianPerOutput);
}

function checkCell(result: { passed: number; of: number } | null): AttackCell {
  if (result === null) return { text: NOTHING };
  return { text: `${result.passed} of ${result.of}`, passed: result.passed === result.of };
}
