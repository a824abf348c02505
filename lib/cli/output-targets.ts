import { access, constants, lstat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DrmGuardError } from "../errors/index.ts";
import { renderConsole, renderHtml, renderJson, type ScanReport, writeReport } from "../report/index.ts";
import { writeStdout } from "./terminal.ts";

type OutputFormat = "console" | "json" | "html";

/** One place that the report goes to; path null is stdout. */
export interface OutputTarget {
  format: OutputFormat;
  path: string | null;
}

/** Gathers the values of an option that may be repeated. */
export function collected(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/**
 * Reads the values of --output. stdout always carries exactly one report: JSON when asked for, else the console's.
 * @throws DrmGuardError ERR_USAGE.
 */
export function parseOutputs(values: readonly string[]): OutputTarget[] {
  const targets = values.map(parseOutput);
  const paths = targets.flatMap(({ path }) => (path === null ? [] : [resolve(path)]));
  const repeated = paths.find((path, index) => paths.indexOf(path) !== index);
  if (repeated !== undefined) throw usage(`--output: expected different files, got ${repeated} twice.`);
  const json = targets.find(({ format, path }) => format === "json" && path === null);
  const files = targets.filter(({ path }) => path !== null);
  return [json ?? { format: "console", path: null }, ...files];
}

function parseOutput(value: string): OutputTarget {
  const colon = value.indexOf(":");
  const format = colon === -1 ? value : value.slice(0, colon);
  const path = colon === -1 ? null : value.slice(colon + 1);
  if (format !== "console" && format !== "json" && format !== "html") {
    throw usage(`--output: expected console, json, json:FILE or html:FILE, got ${JSON.stringify(value)}.`);
  }
  if (path === "" || (path === null && format === "html")) {
    throw usage(`--output: expected a file after "${format}:", got ${JSON.stringify(value)}.`);
  }
  if (path !== null && format === "console") {
    throw usage(`--output: the console report goes to stdout, got ${JSON.stringify(value)}.`);
  }
  return { format, path };
}

/**
 * Finds out whether the files can be written before minutes of work go into what they would hold.
 * @throws DrmGuardError ERR_FILE_WRITE.
 */
export async function requireWritable(targets: readonly OutputTarget[]): Promise<void> {
  for (const { path } of targets) if (path !== null) await requireWritableFile(path);
}

async function requireWritableFile(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unwritable(path, `the folder ${folder} is missing or not writable`, cause);
  }
  const facts = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw unwritable(path, error.message, error);
  });
  if (facts !== null && !facts.isFile()) throw unwritable(path, "there is something else than a file");
}

function unwritable(path: string, reason: string, cause?: unknown): DrmGuardError {
  return new DrmGuardError("ERR_FILE_WRITE", `The report cannot be written to ${path}: ${reason}.`, {
    cause,
  });
}

/**
 * Hands the report to every target, stdout first.
 * @throws DrmGuardError ERR_FILE_WRITE of the first file that failed, after all others were tried.
 */
export async function writeOutputs(
  report: ScanReport,
  targets: readonly OutputTarget[],
  colour: boolean,
): Promise<void> {
  const failures: unknown[] = [];
  for (const { format, path } of targets) {
    try {
      const text = rendered(report, format, colour);
      await (path === null ? writeStdout(text) : writeReport(path, text));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function rendered(report: ScanReport, format: OutputFormat, colour: boolean): string {
  if (format === "json") return renderJson(report);
  return format === "html" ? renderHtml(report) : renderConsole(report, { colour });
}

function usage(message: string): DrmGuardError {
  return new DrmGuardError("ERR_USAGE", message);
}
