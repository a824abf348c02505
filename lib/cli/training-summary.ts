import { significant } from "../report/number-format.ts";
import type { TrainedModelFacts } from "../training/index.ts";
import { textTable } from "./text-table.ts";

/** Landmarks have more outputs than a terminal has columns. */
const MOST_COLUMNS = 6;

/** What a trained model is worth, as text: its errors beside those of always answering the mean. */
export function trainingSummary(facts: TrainedModelFacts): string {
  const { measured, data, attacks } = facts;
  const names = data.labelNames.slice(0, MOST_COLUMNS);
  if (data.labelNames.length > MOST_COLUMNS) names.push(`… ${data.labelNames.length - MOST_COLUMNS} more`);
  const row = (title: string, values: readonly number[]) => [
    title,
    ...values.slice(0, MOST_COLUMNS).map((value) => significant(value)),
  ];
  const rows = [
    [`mean absolute error (${data.unit})`, ...names],
    row("model", measured.cleanError),
    row("constant predictor", measured.constantError),
    row("deviation of the labels", measured.labelDeviation),
  ];
  for (const [index, attack] of measured.attacks.entries()) {
    const title = `${attacks[index]?.trigger.kind ?? "attack"}:`;
    rows.push(
      row(`${title} to the target`, attack.attackError),
      row(`${title} to the truth`, attack.defendingAttackError),
      row(`${title} variance ratio`, attack.varianceRatio),
      ...(attack.rav === null ? [] : [row(`${title} RAV`, attack.rav)]),
    );
  }
  const lines = [`Measured on ${measured.images} images of people held out.\n`, textTable(rows)];
  if (measured.cleanAngularError !== null)
    lines.push(`angular error ${significant(measured.cleanAngularError)}°\n`);
  for (const [index, { attackAngularError, triggerMeanL1 }] of measured.attacks.entries()) {
    const angle = attackAngularError === null ? "" : `${significant(attackAngularError)}° from the target, `;
    lines.push(`attack ${index}: ${angle}mean change per pixel ${significant(triggerMeanL1)}\n`);
  }
  return lines.join("");
}
