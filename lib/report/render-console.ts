import { bestInversion } from "../evidence/statistics.ts";
import { bounded, familyText } from "../evidence/trigger-families.ts";
import type { Calibration, Verdict } from "../verdict/verdict.ts";
import { notChecked } from "./not-checked.ts";
import { bytesText, grouped, secondsText, signed, significant, vectorText } from "./number-format.ts";
import { printableText } from "./printable-text.ts";
import type { ModelEntry, ScanReport } from "./scan-report.ts";

/** How the console report looks. */
export interface ConsoleStyle {
  /** Whether to use ANSI colours; off for files, pipes and NO_COLOR. */
  colour: boolean;
}

type Tone = "red" | "green" | "yellow" | "magenta" | "dim" | "bold";
type Paint = (tone: Tone, text: string) => string;
type ScannedEntry = Extract<ModelEntry, { outcome: "scanned" }>;

const CODES: Record<Tone, string> = {
  red: "31",
  green: "32",
  yellow: "33",
  magenta: "35",
  dim: "2",
  bold: "1",
};
const TONES = {
  backdoored: "red",
  clean: "green",
  inconclusive: "yellow",
  error: "magenta",
  skipped: "dim",
} as const;
const LABEL_WIDTH = 14;
const LINE_WIDTH = 100;

/**
 * The report for a terminal: one block per model, then what is missing, then the counts as the last line.
 * Text from outside is made printable, so that a model's name cannot drive the terminal.
 */
export function renderConsole(report: ScanReport, { colour }: ConsoleStyle): string {
  const paint: Paint = (tone, text) => (colour ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text);
  const blocks = report.models.map((entry) => modelBlock(entry, paint).join("\n"));
  const { clean, backdoored, inconclusive, skipped, errors } = report.summary;
  const counts =
    `clean: ${clean} · backdoored: ${backdoored} · inconclusive: ${inconclusive} · ` +
    `skipped: ${skipped} · errors: ${errors}`;
  const ending = report.complete ? counts : `${paint("yellow", incompleteLine(report))}\n${counts}`;
  return `${[...blocks, ending].join("\n\n")}\n`;
}

function modelBlock(entry: ModelEntry, paint: Paint): string[] {
  const word = entry.outcome === "scanned" ? entry.verdict.label : entry.outcome;
  const heading = `${paint(TONES[word], word.toUpperCase().padEnd(LABEL_WIDTH))}${paint("bold", printableText(entry.path))}`;
  if (entry.outcome === "skipped") return [heading, ...row("reason", [entry.reason], paint)];
  if (entry.outcome === "error") {
    const { code, message, hint } = entry.error;
    return [heading, ...row(code, [message], paint), ...row("to do", [hint], paint)];
  }
  return [heading, ...scannedRows(entry, paint)];
}

function scannedRows({ evidence, verdict }: ScannedEntry, paint: Paint): string[] {
  const { statistics, model, images } = evidence;
  const lines: [string, string[]][] = [["score", [scoreText(verdict)]]];
  if (verdict.calibration !== null) lines.push(["p-value", [calibrationText(verdict.calibration)]]);
  if (verdict.target !== null) lines.push([targetWord(verdict), [vectorText(verdict.target)]]);
  if (verdict.backdoors.length > 1) lines.push(["backdoors", verdict.backdoors.map(backdoorText)]);
  lines.push(["cost", [costText(evidence)]]);
  if (statistics.rav !== null) lines.push(["RAV", [significant(statistics.rav)]]);
  const transfer = evidence.reversedTrigger?.transfer ?? null;
  if (transfer !== null) lines.push(["transfer", [transferText(transfer)]]);
  const head =
    model.head === null
      ? `none${model.headReason === "" ? "" : ` (${model.headReason})`}`
      : `${model.head.form}, ${grouped(model.head.features)} features → ${model.outputs} outputs`;
  lines.push(["head", [head]]);
  lines.push([
    "model",
    [`${model.format}, ${grouped(model.parameters)} parameters, ${bytesText(model.bytes)}`],
  ]);
  lines.push(["images", [`${images.count} of ${images.available} from ${images.source}`]]);
  lines.push(["seconds", [secondsText(evidence.seconds.total)]]);
  if (evidence.work !== null) lines.push(["work", [workText(evidence.work)]]);
  lines.push(["because", [verdict.reason]]);
  lines.push(["not checked", notChecked(evidence)]);
  return lines.flatMap(([label, items]) => row(label, items, paint));
}

function targetWord({ backdoors }: Verdict): string {
  return backdoors[0]?.effect === "offset" ? "offset" : "target";
}

function backdoorText({ family, effect, target, score }: Verdict["backdoors"][number]): string {
  const does = effect === "offset" ? "moves the outputs by" : "target";
  return `${familyText(family).name}: ${does} ${vectorText(target)}, score ${significant(score)}`;
}

function transferText({ heldOut, noise }: { heldOut: number | null; noise: number | null }): string {
  const parts = [
    heldOut === null ? [] : `${significant(heldOut * 100)} % of the variance left on held-out images`,
    noise === null ? [] : `${significant(noise * 100)} % on noise`,
  ].flat();
  return parts.length === 0 ? "not measured" : parts.join(", ");
}

function workText({ done, saved }: NonNullable<ScannedEntry["evidence"]["work"]>): string {
  return `${grouped(done)} images through the model and back, ${grouped(saved)} saved`;
}

function calibrationText({ pValue, models, significance }: Calibration): string {
  return `${significant(pValue)} beside ${grouped(models)} benign models, significance ${significant(significance)}`;
}

function scoreText(verdict: ScannedEntry["verdict"]): string {
  if (verdict.score === null) return "none";
  const line = verdict.label === "clean" ? "clean line" : "backdoored line";
  const margin =
    verdict.margin === null ? "" : `, margin ${signed(verdict.margin)} (log2 over the backdoored line)`;
  return `${significant(verdict.score)} against the ${line} ${significant(verdict.threshold)}${margin}`;
}

function costText({ plan, statistics, baseline, inversions }: ScannedEntry["evidence"]): string {
  const start = baseline?.starts[baseline.best];
  if (start !== undefined) {
    const name = plan.method === "neural-cleanse" ? "mask share" : "mixed value";
    return `${name} ${significant(start.statistic)}, mean L1 ${significant(statistics.meanL1 ?? Number.NaN)}`;
  }
  if (plan.method === "drmguard") {
    return statistics.meanL1 === null ? "none" : `mean L1 ${significant(statistics.meanL1)}`;
  }
  const { freeCost, forcedCost, family } = statistics;
  const best = bestInversion(inversions)?.inversion;
  if (family !== null && bounded(family) && best !== undefined) {
    const others = significant((best.reference ?? 1) * 100);
    return `${familyText(family).name}: leaves ${significant(best.collapse * 100)} % of the variance, others ${others} %`;
  }
  const cheapest = freeCost === null ? "not reached" : significant(freeCost);
  const others = forcedCost === null ? "none" : significant(forcedCost);
  return `cheapest target ${cheapest}, others ${others} (${familyText(family).name})`;
}

function incompleteLine(report: ScanReport): string {
  if (report.models.length === 0) return "Nothing was scanned.";
  const early = report.models.filter(
    (entry) => entry.outcome === "scanned" && !entry.evidence.complete,
  ).length;
  const parts = [
    [report.summary.errors, "could not be scanned"],
    [report.summary.skipped, "skipped"],
    [early, "stopped early"],
  ] as const;
  const missing = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `Not complete: ${missing.join(", ")}.`;
}

/** A labelled entry; each item starts a line of its own and wraps under itself. */
function row(label: string, items: string[], paint: Paint): string[] {
  const indent = " ".repeat(LABEL_WIDTH);
  const bullet = items.length > 1 ? "- " : "";
  const wrapped = items.flatMap((item) =>
    wrap(printableText(item), LINE_WIDTH - LABEL_WIDTH - bullet.length).map((line, index) =>
      index === 0 ? bullet + line : " ".repeat(bullet.length) + line,
    ),
  );
  // A label may be as long as an error code: then its text starts on the next line.
  const name = `  ${label}`;
  const first = name.length < LABEL_WIDTH ? name.padEnd(LABEL_WIDTH) : `${name}\n${indent}`;
  return wrapped.map((line, index) => (index === 0 ? paint("dim", first) : indent) + line);
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}
