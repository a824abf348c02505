import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { BenchProgress } from "../bench/index.ts";
import { writeReport } from "../report/index.ts";
import { numberOfFlag } from "./flag-values.ts";
import type { ShownProgress } from "./progress-bar.ts";
import { type Messages, writeStdout } from "./terminal.ts";

const MOST_JOBS = 1024;
/** Most images that a flag of a bench may ask for. */
export const MOST_IMAGES = 1_000_000;

/** What a bench left to say, in its three forms. */
export interface BenchTexts {
  json: unknown;
  markdown: string;
  html: string;
}

/** Models at once. A GPU is one machine for all models; cores are one each. */
export function jobsOf({ jobs, device }: { jobs?: string; device?: string }): number {
  if (jobs !== undefined) return numberOfFlag("jobs", jobs, { least: 1, most: MOST_JOBS, integer: true });
  return device?.startsWith("cuda") ? 1 : availableParallelism();
}

export function shownBench(stage: string, { running, ...progress }: BenchProgress): ShownProgress {
  return { stage, ...progress, ...(running.length === 0 ? {} : { note: running.join(", ") }) };
}

/**
 * Writes OUT/NAME.json, .md and .html, and the Markdown to stdout.
 * @throws ERR_FILE_WRITE
 */
export async function writeTexts(
  out: string,
  name: string,
  texts: BenchTexts,
  messages: Messages,
): Promise<void> {
  const at = (ending: string) => join(out, `${name}.${ending}`);
  await writeReport(at("json"), `${JSON.stringify(texts.json, null, 2)}\n`);
  await writeReport(at("md"), texts.markdown);
  await writeReport(at("html"), texts.html);
  await writeStdout(texts.markdown);
  messages.note(`wrote ${at("json")}, ${at("md")} and ${at("html")}`);
}
