import type { Command } from "commander";
import { DrmGuardError } from "../errors/index.ts";
import { readEvidenceFile } from "../evidence/read-evidence.ts";
import type { ScanEvidence } from "../evidence/schema.ts";
import { exists, writeFileAtomically } from "../files/index.ts";
import { packageVersion } from "../native/locate-addon.ts";
import { rangeText } from "../report/number-format.ts";
import { DEFAULT_SIGNIFICANCE } from "../verdict/judge-against.ts";
import { makeReference } from "../verdict/make-reference.ts";
import { fewestModels } from "../verdict/reference.ts";
import { EXIT } from "./exit-codes.ts";
import { Messages } from "./terminal.ts";

interface CalibrateFlags {
  out: string;
  force?: boolean;
  quiet?: boolean;
}

/** Adds `calibrate` to the program; `finish` receives the exit code. */
export function addCalibrateCommand(program: Command, finish: (code: number) => void): void {
  program
    .command("calibrate")
    .description("write the reference of benign models that --reference of scan and judge takes")
    .argument("<evidence...>", "JSON files of scans of models that you take to be benign, all of one task")
    .requiredOption("--out <file>", "where the reference goes")
    .option("--force", "replace a file that is there")
    .option("-q, --quiet", "only errors on stderr")
    .action(async (paths: string[], flags: CalibrateFlags) => finish(await runCalibrate(paths, flags)));
}

async function runCalibrate(paths: readonly string[], flags: CalibrateFlags): Promise<number> {
  const messages = new Messages({ quiet: flags.quiet === true, verbose: false });
  if (flags.force !== true && (await exists(flags.out))) {
    throw new DrmGuardError("ERR_USAGE", `${flags.out} is there already.`, {
      hint: "Give another --out, or --force to replace it.",
    });
  }
  const scans: ScanEvidence[] = [];
  for (const path of paths) {
    for (const model of await readEvidenceFile(path)) {
      if (model.outcome === "scanned") scans.push(model.evidence);
      else messages.note(`left out ${model.path}: it was not scanned`);
    }
  }
  const facts = { version: packageVersion(), createdAt: new Date().toISOString() };
  const reference = makeReference(scans, facts);
  await writeFileAtomically(flags.out, `${JSON.stringify(reference, null, 2)}\n`);
  const scores = reference.models.map(({ score }) => score);
  messages.note(`${flags.out}: ${scores.length} models, scores ${rangeText(scores)}`);
  const fewest = fewestModels(DEFAULT_SIGNIFICANCE);
  if (scores.length < fewest) {
    messages.note(
      `fewer than ${fewest} models decide nothing at ${DEFAULT_SIGNIFICANCE}: p-values will be told, the fixed lines decide`,
    );
  }
  return EXIT.ok;
}
