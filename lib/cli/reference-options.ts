import { type Command, Option } from "commander";
import type { ScanPlan, Thresholds } from "../config/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import type { ScanEvidence } from "../evidence/schema.ts";
import { judge } from "../verdict/judge.ts";
import { DEFAULT_SIGNIFICANCE, judgeAgainst } from "../verdict/judge-against.ts";
import { requireSamePlan } from "../verdict/make-reference.ts";
import { readReference } from "../verdict/read-reference.ts";
import type { Verdict } from "../verdict/verdict.ts";
import { numberOfFlag } from "./flag-values.ts";

export interface ReferenceFlags {
  reference?: string;
  significance?: string;
}

/** How a command turns evidence into a verdict. */
export type Judge = (evidence: ScanEvidence, thresholds: Thresholds) => Verdict;

/** The options by which scan and judge hold models against benign ones. */
export function addReferenceOptions(command: Command): Command {
  return command
    .option("--reference <file>", "benign models of the task, written by calibrate: they draw the lines")
    .addOption(
      new Option(
        "--significance <p>",
        `share of benign models that may be called backdoored (default: ${DEFAULT_SIGNIFICANCE})`,
      ),
    );
}

/**
 * The judge that the flags ask for.
 * @param plan what a scan is about to run with: better refused now than after minutes of work.
 * @throws ERR_USAGE for a significance without a reference or out of range; what readReference throws; ERR_CONFIG when
 *   the plan's scores do not compare with the reference's.
 */
export async function judgeOfFlags(
  { reference: path, significance }: ReferenceFlags,
  plan?: ScanPlan,
): Promise<Judge> {
  if (path === undefined) {
    if (significance === undefined) return judge;
    throw new DrmGuardError("ERR_USAGE", "--significance needs --reference.");
  }
  const alpha =
    significance === undefined
      ? DEFAULT_SIGNIFICANCE
      : numberOfFlag("significance", significance, { least: 0.0001, most: 0.5 });
  const reference = await readReference(path);
  if (plan !== undefined) requireSamePlan(reference, plan, "This scan");
  return (evidence, thresholds) => judgeAgainst(reference, evidence, alpha, thresholds);
}
