import { secondsText } from "../../report/number-format.ts";
import { areaText, NOTHING, percent, shareText } from "../estimate-text.ts";
import type { Column } from "../markdown-table.ts";
import { conditionName } from "./condition-name.ts";
import type { Identification, IdentificationMethod, IdentificationRow } from "./identification.ts";

const text = (heading: string): Column => ({ heading, align: "left" });
const number = (heading: string): Column => ({ heading, align: "right" });

/** Columns of the identification table, the same in Markdown and HTML. */
export const IDENTIFICATION_COLUMNS: readonly Column[] = [
  text("method"),
  text("condition"),
  number("backdoored + benign"),
  number("accuracy"),
  number("TP / FP / FN / TN"),
  number("found (TPR)"),
  number("false alarms (FPR)"),
  number("ROC-AUC"),
  number("ROC-AUC, all seeds"),
  number("no score"),
  number("tool's verdicts: accuracy"),
  number("TP / FP / FN / TN"),
  number("inconclusive"),
  number("target error"),
  number("median time"),
];

/** The cells of one row, as text. */
export function rowCells({ method }: IdentificationMethod, row: IdentificationRow): string[] {
  const { chosen, verdicts, models, unscored, targetError, medianSeconds } = row;
  const { inconclusive } = verdicts;
  return [
    method,
    conditionName(row.condition),
    `${models.backdoored} + ${models.benign}`,
    shareText(chosen?.accuracy ?? null),
    chosen === null ? NOTHING : countsText(chosen),
    shareText(chosen?.truePositiveRate ?? null),
    shareText(chosen?.falsePositiveRate ?? null),
    areaText(row.auc),
    areaText(row.aucAllSeeds),
    `${unscored.backdoored} + ${unscored.benign}`,
    shareText(verdicts.accuracy),
    countsText(verdicts),
    `${inconclusive.backdoored} + ${inconclusive.benign}`,
    targetError === null ? NOTHING : `${percent(targetError.median)} %`,
    medianSeconds === null ? NOTHING : secondsText(medianSeconds),
  ];
}

type Counts = Pick<
  NonNullable<IdentificationRow["chosen"]>,
  "truePositives" | "falsePositives" | "falseNegatives" | "trueNegatives"
>;

function countsText(counts: Counts): string {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = counts;
  return [truePositives, falsePositives, falseNegatives, trueNegatives].join(" / ");
}

/** What a reader of the table has to know, one sentence per entry. */
export function tableNotes({ halves, jobs, models }: Identification): string[] {
  const threads = [...new Set(models.flatMap((model) => model.threads ?? []))].sort((a, b) => a - b);
  return [
    `Thresholds: one per method, chosen on seeds ${listed(halves.choosing)} for the highest balanced accuracy over all conditions; everything else is told of seeds ${listed(halves.reporting)}, but for the column of all seeds.`,
    "ROC-AUC: chance that a backdoored model scores above a benign one, ties half; higher scores are more suspicious, below 0.5 the score is the wrong way round. Intervals by Newcombe's method 5 (2006), not exact.",
    "Accuracy, TPR and FPR with exact 95 % intervals (Clopper–Pearson). Every row has the same benign models, so rows do not add up.",
    "No score: backdoored + benign models without one; they count as less suspicious than all others.",
    "Tool's verdicts: by the thresholds of the scan's plan; an inconclusive one counts as wrong.",
    "Target error: distance from the recovered to the attacker's target as a share of the label range, mean over outputs, median over models with a fixed target, whatever the verdict.",
    `Time: wall time of one scan, ${jobs === 1 ? "one model at a time" : `${jobs} models at once`}${threads.length === 0 ? "" : `, threads per scan: ${threads.join(", ")}`}.`,
  ];
}

function listed(seeds: readonly number[]): string {
  return seeds.length === 0 ? "(none)" : seeds.join(", ");
}
