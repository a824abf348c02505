import { secondsText, significant } from "../../report/number-format.ts";
import { NOTHING, spreadText } from "../estimate-text.ts";
import type { Column } from "../markdown-table.ts";
import type { Spread } from "../statistics/quantiles.ts";
import {
  BENIGN_LIMIT,
  type Change,
  CLEAN_GOAL,
  DEFENDING_GOAL,
  type MitigationBench,
  type MitigationRow,
} from "./mitigation-bench.ts";
import { medianScanSeconds } from "./mitigation-table.ts";

/** One cell; `passed` tells of a goal whether all models meet it. */
export interface MitigationCell {
  text: string;
  passed?: boolean;
}

/** The table of the bench, the same in Markdown and HTML. */
export interface MitigationGrid {
  columns: Column[];
  /** The rows with their cells. */
  rows: { row: MitigationRow; cells: MitigationCell[] }[];
}

/** A column with the cell that a row has in it. */
interface MitigationColumn extends Column {
  cell: (row: MitigationRow) => MitigationCell;
}

export function mitigationGrid(bench: MitigationBench): MitigationGrid {
  const columns = columnsOf(bench);
  const rows = bench.rows.map((row) => ({ row, cells: columns.map(({ cell }) => cell(row)) }));
  return { columns, rows };
}

/** What a row is called; a condition itself may be called "all". */
export function rowName({ condition }: Pick<MitigationRow, "condition">): string {
  return condition ?? "all with a backdoor";
}

function columnsOf({ error, rows }: MitigationBench): MitigationColumn[] {
  const unit = error.kind === "angle" ? " °" : error.unit === "unknown" ? "" : `, ${error.unit}`;
  const rescanned = rows.some(({ verdicts }) => verdicts.after !== null);
  const verdicts = [
    number("found / clean / inconclusive before", ({ verdicts: { before } }) => verdictText(before)),
    number("after", ({ verdicts: { after } }) => verdictText(after)),
  ];
  return [
    text("condition", rowName),
    text("method", ({ method }) => method),
    number("models", ({ models }) => String(models)),
    number(`AE before${unit}`, ({ attackError }) => sideText(attackError, "before")),
    number("AE after", ({ attackError }) => sideText(attackError, "after")),
    number(`DAE before${unit}`, ({ defendingAttackError }) => sideText(defendingAttackError, "before")),
    number("DAE after", ({ defendingAttackError }) => sideText(defendingAttackError, "after")),
    number("benign models' DAE", ({ benignDefendingError }) => spreadText(benignDefendingError)),
    number(`clean error before${unit}`, ({ cleanError }) => sideText(cleanError, "before")),
    number("clean error after", ({ cleanError }) => sideText(cleanError, "after")),
    goal(`DAE / clean error after ≤ ${ratioText(DEFENDING_GOAL)}`, (row) => [
      row.defendingRatio,
      row.defended,
    ]),
    goal(`clean error after / before ≤ ${ratioText(CLEAN_GOAL)}`, (row) => [row.cleanRatio, row.kept]),
    goalsColumn,
    asBenignColumn,
    number("found triggers' pull before", ({ pull }) => sideText(pull, "before")),
    number("pull after", ({ pull }) => sideText(pull, "after")),
    stillThereColumn,
    number("time", ({ seconds }) => (seconds === null ? NOTHING : secondsText(seconds.median))),
    number("rolled back + unchanged", (row) => `${row.rolledBack} + ${row.unchanged}`),
    failedColumn,
    ...(rescanned ? verdicts : []),
  ];
}

function text(heading: string, of: (row: MitigationRow) => string): MitigationColumn {
  return { heading, align: "left", cell: (row) => ({ text: of(row) }) };
}

function number(heading: string, of: (row: MitigationRow) => string): MitigationColumn {
  return { heading, align: "right", cell: (row) => ({ text: of(row) }) };
}

/** A ratio with its goal, and how many models meet it. */
function goal(
  heading: string,
  of: (row: MitigationRow) => [ratio: Spread | null, met: number | null],
): MitigationColumn {
  return {
    heading,
    align: "right",
    cell: (row) => {
      const [ratio, met] = of(row);
      if (ratio === null || met === null) return { text: NOTHING };
      return { text: ratiosText(ratio), passed: met === row.models };
    },
  };
}

const goalsColumn: MitigationColumn = {
  heading: "meet both goals",
  align: "right",
  cell: ({ goals, models }) => ({ text: `${goals} of ${models}`, passed: goals === models }),
};

const asBenignColumn: MitigationColumn = {
  heading: "as benign",
  align: "right",
  cell: ({ asBenign, models }) => {
    if (asBenign === null) return { text: NOTHING };
    return { text: `${asBenign} of ${models}`, passed: asBenign === models };
  },
};

const stillThereColumn: MitigationColumn = {
  heading: "still there",
  align: "right",
  cell: ({ pull, stillThere, models }) =>
    pull === null ? { text: NOTHING } : { text: `${stillThere} of ${models}`, passed: stillThere === 0 },
};

const failedColumn: MitigationColumn = {
  heading: "failed",
  align: "right",
  cell: ({ failed }) => {
    if (failed.length === 0) return { text: "0" };
    return { text: failed.map(({ code, models }) => `${models} × ${code}`).join(", "), passed: false };
  },
};

function sideText(change: Change | null, side: keyof Change): string {
  return spreadText(change?.[side] ?? null);
}

/** A goal is missed by a hundredth, so that hundredths are shown. */
function ratiosText({ median, minimum, maximum }: Spread): string {
  if (minimum === maximum) return ratioText(median);
  return `${ratioText(median)} (${ratioText(minimum)}–${ratioText(maximum)})`;
}

function ratioText(ratio: number): string {
  return ratio < 100 ? ratio.toFixed(2) : significant(ratio);
}

function verdictText(counts: MitigationRow["verdicts"]["after"]): string {
  return counts === null ? NOTHING : `${counts.backdoored} / ${counts.clean} / ${counts.inconclusive}`;
}

/** What a reader of the table has to know, one sentence per entry. */
export function mitigationNotes(bench: MitigationBench): string[] {
  const { images, labels, labelNames, error, models, jobs, rows } = bench;
  const measure =
    error.kind === "angle"
      ? "the mean angle between directions in degrees"
      : `the mean absolute error, mean over outputs (${labelNames.join(", ")})`;
  const given =
    labels === "given"
      ? `${images.given} of them with their labels`
      : `${images.given} of them without labels, in whose place it taught the model's own answers`;
  const seconds = medianScanSeconds(models);
  const threads = [...new Set(models.map(({ outcome }) => outcome.threads))].sort((a, b) => a - b);
  const notes = [
    `Median (lowest–highest) over models, or over backdoors where a model has several; errors are ${measure}.`,
    `The held-out images were cut in two without a common person, or a common image where persons are unknown: every method had ${given} and the evidence of a scan with ${images.scanned} of those; everything in the table was measured on ${images.measured} others, with the attacker's own trigger. No model was trained on the people of either part.`,
    "AE: distance to the attacker's target, which grows when the backdoor goes; DAE: to the true label, which falls to the clean error. A benign model has no trigger: its rows tell whether a mitigation does harm.",
    `Goals: every backdoor's DAE at most ${ratioText(DEFENDING_GOAL)} times the clean error after, and the clean error at most ${ratioText(CLEAN_GOAL)} times what it was; benign models: the second. A model that failed meets none.`,
    benignNote(bench),
    "Found triggers' pull: share of the way to its target that a trigger reversed from the model before draws the outputs, least squares over the images that guarded the work; the highest of a model's triggers. Still there: models with one that draws a tenth of the way or more.",
    "Rolled back: models with training that was repeated more gently or taken back because the clean error grew; unchanged: models that came out as they went in.",
    `Time: median wall time of a mitigation, ${jobs === 1 ? "one model at a time" : `${jobs} models at once`}${threads.length === 0 ? "" : `, threads per model: ${threads.join(", ")}`}${seconds === null ? "" : `; reversing the model's triggers, by which every method is judged, is part of it, and the scan before it took ${secondsText(seconds)} (median) more`}.`,
  ];
  if (rows.some(({ verdicts }) => verdicts.after !== null)) {
    notes.push("Found, clean, inconclusive: verdicts of a scan before and of the same scan after.");
  }
  return notes;
}

function benignNote({ benignModels: { length } }: MitigationBench): string {
  if (length === 0) return "Benign models' DAE, as benign: not known, because the zoo has no benign model.";
  const models =
    length === 1
      ? "one benign model of the zoo, untouched,"
      : `${length} untouched benign models of the zoo (median)`;
  return `Benign models' DAE: the error of ${models} with the same trigger in view, because a strong trigger also misleads models that never had a backdoor. As benign: models of which every backdoor's DAE after is at most ${ratioText(BENIGN_LIMIT)} times that.`;
}
