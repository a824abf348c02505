import { type MitigationFacts, type RoundFacts, stillThere, strongestPull } from "../mitigation/index.ts";
import { textTable } from "./text-table.ts";

const TAKEN_BACK =
  "the clean error had grown beyond the bound in the end: everything was taken back, the model is as it was; give more images with labels, or a higher --bound";
const STILL_THERE =
  "NOT repaired: a trigger that was found still works, whatever a scan of the result says; give more images with labels";

/** What a mitigation did, for the terminal. */
export function mitigationSummary(facts: MitigationFacts): string {
  const { verdictBefore, verdictAfter, rounds, labels, images, plan } = facts;
  const after = verdictAfter === null ? "not scanned again" : verdictText(verdictAfter);
  const errors =
    labels === "given"
      ? `clean error ${numbers(facts.cleanErrorBefore)} before, ${numbers(facts.cleanErrorAfter)} after (${growthText(facts)})`
      : `answers moved by ${numbers(facts.cleanErrorAfter)}, ${growthText(facts)} of their deviation; no labels were given, so that the model's own answers were taught`;
  const { heldOutPersons: persons } = images;
  const people = persons === null ? "" : `, of ${persons} people that it did not learn from`;
  const lines = [
    `${facts.model.name}: ${verdictText(verdictBefore)} before, ${after} after ${plan.method}`,
    `${errors}, on ${images.heldOut} images held out of ${images.training + images.heldOut}${people}`,
    "",
    textTable([
      ["round", "reversed", "triggers", "score before", "steps", "loss", "clean error", "neurons off", ""],
      ...rounds.map(row),
    ]).trimEnd(),
  ];
  lines.push(...pullLines(facts.triggers));
  if (facts.share === 0) lines.push(TAKEN_BACK);
  else if (facts.share < 1) {
    const part = percentOf(1 - facts.share);
    lines.push(`the clean error had grown beyond the bound in the end: ${part} of the way was taken back`);
  }
  if (facts.share > 0 && !facts.withinBound) {
    lines.push(
      `the growth is beyond the bound, which ${images.heldOut} images cannot tell from chance: give more images, and look at the clean error yourself`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function pullLines(triggers: MitigationFacts["triggers"]): string[] {
  if (triggers.length === 0) return [];
  const most = (side: "before" | "after") => percentOf(Math.max(0, strongestPull(triggers, side) ?? 0));
  const found = `triggers found in the model drew its outputs up to ${most("before")} of the way to their targets, now up to ${most("after")}`;
  return stillThere(triggers) ? [found, STILL_THERE] : [found];
}

function growthText({ growth, growthInterval: [low, high] }: MitigationFacts): string {
  return `${percent(growth)}, 95 % interval ${percent(low)} to ${percent(high)}`;
}

function row(round: RoundFacts, index: number): string[] {
  const { families, triggers, score, steps, loss, cleanError, pruned, rolledBack, accepted } = round;
  return [
    String(index + 1),
    families.join(", "),
    String(triggers),
    score === null ? "" : score.toFixed(2),
    String(steps),
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
