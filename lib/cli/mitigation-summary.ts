import type { MitigationFacts, RoundFacts } from "../mitigation/index.ts";
import { textTable } from "./text-table.ts";

/** Beyond a fifth of the way back, what was unlearned comes back with the file's weights (docs/decisions/0016). */
const LEAST_SHARE = 0.8;
const BACK_AGAIN =
  "the backdoor comes back with it, and a scan may not see the rest: give more images with labels, or a higher --bound";

/** What a mitigation did, for the terminal. */
export function mitigationSummary(facts: MitigationFacts): string {
  const { verdictBefore, verdictAfter, rounds, labels, images, plan } = facts;
  const after = verdictAfter === null ? "not scanned again" : verdictText(verdictAfter);
  const errors =
    labels === "given"
      ? `clean error ${numbers(facts.cleanErrorBefore)} before, ${numbers(facts.cleanErrorAfter)} after (${percent(facts.growth)})`
      : `answers moved by ${numbers(facts.cleanErrorAfter)}, ${percent(facts.growth)} of their deviation; no labels were given, so that the model's own answers were taught`;
  const lines = [
    `${facts.model.name}: ${verdictText(verdictBefore)} before, ${after} after ${plan.method}`,
    `${errors}, on ${images.heldOut} images held out of ${images.training + images.heldOut}`,
    "",
    textTable([
      ["round", "reversed", "triggers", "score before", "loss", "clean error", "neurons off", ""],
      ...rounds.map(row),
    ]).trimEnd(),
  ];
  if (facts.share < 1) {
    const part =
      facts.share === 0
        ? "everything was taken back"
        : `${percentOf(1 - facts.share)} of the way was taken back`;
    lines.push(`the clean error had grown beyond the bound in the end: ${part}`);
    if (facts.share < LEAST_SHARE) lines.push(BACK_AGAIN);
  }
  return `${lines.join("\n")}\n`;
}

function row(round: RoundFacts, index: number): string[] {
  const { families, triggers, score, loss, cleanError, pruned, rolledBack, accepted } = round;
  return [
    String(index + 1),
    families.join(", "),
    String(triggers),
    score === null ? "" : score.toFixed(2),
    loss === null ? "" : loss.toPrecision(3),
    numbers(cleanError),
    String(pruned),
    notes(rolledBack, accepted),
  ];
}

function notes(rolledBack: number, accepted: boolean): string {
  if (!accepted) return "taken back: the clean error grew too much";
  return rolledBack === 0 ? "" : `at 1/${2 ** rolledBack} of the rate`;
}

function verdictText({ label, score }: MitigationFacts["verdictBefore"]): string {
  return score === null ? label : `${label} (${score.toFixed(2)})`;
}

function numbers(values: readonly number[]): string {
  const shown = values.slice(0, 4).map((value) => value.toPrecision(3));
  return `${shown.join(", ")}${values.length > shown.length ? ", …" : ""}`;
}

function percentOf(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function percent(share: number): string {
  return `${share >= 0 ? "+" : ""}${(100 * share).toFixed(1)} %`;
}
