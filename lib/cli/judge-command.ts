import type { Command } from "commander";
import { settingsOfFlags, THRESHOLD_TEXTS, type Thresholds } from "../config/index.ts";
import { asDrmGuardError, DrmGuardError } from "../errors/index.ts";
import { type RecordedModel, readEvidenceFile } from "../evidence/read-evidence.ts";
import { buildReport, type ModelEntry } from "../report/index.ts";
import type { FailOn } from "./exit-codes.ts";
import { finishReport } from "./finish-report.ts";
import { addReportOptions } from "./options.ts";
import { parseOutputs, requireWritable } from "./output-targets.ts";
import { addReferenceOptions, type Judge, judgeOfFlags, type ReferenceFlags } from "./reference-options.ts";
import { Messages } from "./terminal.ts";

interface JudgeFlags extends ReferenceFlags {
  backdoored?: string;
  clean?: string;
  epsilon?: string;
  maskShare?: string;
  featureScore?: string;
  output?: string[];
  failOn: FailOn;
  exitZero?: boolean;
  color: boolean;
}

/** Adds `judge` to the program; `finish` receives the exit code. */
export function addJudgeCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command("judge")
    .description("decide again from the evidence of an earlier scan")
    .argument("<evidence...>", "JSON files written by scan --output json:FILE");
  for (const { flag, placeholder, help } of THRESHOLD_TEXTS)
    command.option(`--${flag} <${placeholder}>`, help);
  addReportOptions(addReferenceOptions(command))
    .option("--no-color", "no colours [NO_COLOR]")
    .action(async (paths: string[], flags: JudgeFlags) => finish(await runJudge(paths, flags)));
}

async function runJudge(paths: readonly string[], flags: JudgeFlags): Promise<number> {
  const messages = new Messages({ quiet: false, verbose: false });
  const thresholds = thresholdsOf(flags);
  const targets = parseOutputs(flags.output ?? []);
  await requireWritable(targets);
  if (flags.reference !== undefined && (flags.backdoored ?? flags.clean) !== undefined) {
    throw new DrmGuardError(
      "ERR_USAGE",
      "--reference draws the lines that --backdoored and --clean would draw.",
      {
        hint: "Give one or the other.",
      },
    );
  }
  const decide = await judgeOfFlags(flags);
  const entries: ModelEntry[] = [];
  for (const path of paths) entries.push(...(await judgeFile(path, thresholds, decide, messages)));
  return finishReport(buildReport(entries), targets, messages, {
    colour: flags.color,
    failOn: flags.failOn,
    exitZero: flags.exitZero === true,
    interrupted: false,
  });
}

function thresholdsOf(flags: JudgeFlags): Partial<Thresholds> {
  const { backdoored, clean, epsilon, maskShare, featureScore } = flags;
  const values = { backdoored, clean, epsilon, "mask-share": maskShare, "feature-score": featureScore };
  const layers = settingsOfFlags(values, THRESHOLD_TEXTS);
  return Object.assign({}, ...layers.map((layer) => layer.thresholds)) as Partial<Thresholds>;
}

/** A file that is no evidence is an error of its own beside the others. */
async function judgeFile(
  path: string,
  thresholds: Partial<Thresholds>,
  decide: Judge,
  messages: Messages,
): Promise<ModelEntry[]> {
  let recorded: RecordedModel[];
  try {
    recorded = await readEvidenceFile(path);
  } catch (thrown) {
    const error = asDrmGuardError(thrown);
    messages.error(error, path);
    return [{ outcome: "error", path, error: error.toJSON() }];
  }
  return recorded.map((model) => {
    if (model.outcome !== "scanned") return model;
    const lines = { ...model.evidence.plan.thresholds, ...thresholds };
    if (lines.clean > lines.backdoored) {
      throw new DrmGuardError(
        "ERR_USAGE",
        `Expected --clean at most --backdoored, got ${lines.clean} and ${lines.backdoored}.`,
        { hint: "What is not given is taken from the scan's plan: give both." },
      );
    }
    return { ...model, verdict: decide(model.evidence, lines) };
  });
}
