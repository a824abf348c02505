import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { BenchProgress } from "../bench/index.ts";
import { DrmGuardError, type ErrorCode } from "../errors/index.ts";
import { makeFolder } from "../files/index.ts";
import { writeReport } from "../report/index.ts";
import { EXIT } from "./exit-codes.ts";
import { numberOfFlag } from "./flag-values.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { ProgressBar, type ProgressFlags, progressStyle, type ShownProgress } from "./progress-bar.ts";
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

function shownBench(stage: string, { running, ...progress }: BenchProgress): ShownProgress {
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

/** What one bench of a zoo does its own way. */
export interface ZooBench<Bench extends { failures: readonly Failure[] }> {
  /** Of its files: NAME.json, NAME.md and NAME.html. */
  name: string;
  /** What progress counts. */
  counted: string;
  /** What an interrupted bench leaves. */
  kept: string;
  run: (signal: AbortSignal, onProgress: (progress: BenchProgress) => void) => Promise<Bench>;
  markdown: (bench: Bench) => string;
  html: (bench: Bench) => string;
}

interface Failure {
  model: string;
  method: string;
  code: ErrorCode;
  message: string;
}

/**
 * Runs a bench to its tables, with progress and Ctrl-C.
 * @param zoo the zoo's name.
 * @returns the exit code.
 * @throws what the bench throws.
 */
export async function runZooBench<Bench extends { failures: readonly Failure[] }>(
  zoo: string,
  out: string,
  { name, counted, kept, run, markdown, html }: ZooBench<Bench>,
  flags: ProgressFlags,
  messages: Messages,
): Promise<number> {
  await makeFolder(out);
  const bar = new ProgressBar(process.stderr, progressStyle(flags));
  messages.beforeMessage = () => bar.clear();
  const interrupt = listenForInterrupt(messages);
  try {
    bar.begin(zoo);
    const bench = await run(interrupt.signal, (progress) => bar.update(shownBench(counted, progress)));
    bar.clear();
    for (const { model, method, code, message } of bench.failures) {
      messages.error(new DrmGuardError(code, message), `${model}, ${method}`);
    }
    await writeTexts(out, name, { json: bench, markdown: markdown(bench), html: html(bench) }, messages);
    return bench.failures.length === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    bar.clear();
    interrupt.dispose();
    if (interrupt.signal.aborted) {
      messages.note(`${kept} is kept in ${out}; the same command goes on from there`);
    }
  }
}
