import { basename } from "node:path";
import type { ScanPlan } from "../config/index.ts";
import { asDrmGuardError } from "../errors/index.ts";
import type { ScanEvidence } from "../evidence/schema.ts";
import type { ImageBatch } from "../images/index.ts";
import type { ModelEntry } from "../report/scan-report.ts";
import { loadModel, type ScanLimits, scan } from "../scan/index.ts";
import type { ProgressBar } from "./progress-bar.ts";
import type { Judge } from "./reference-options.ts";
import type { Messages } from "./terminal.ts";

/** What every model of one command is scanned with. */
export interface ScanSetting {
  images: ImageBatch;
  plan: ScanPlan;
  judge: Judge;
  limits: ScanLimits | undefined;
  signal: AbortSignal;
  progress: ProgressBar;
  messages: Messages;
}

/** Scans models one after the other. The error of one stops none of the others; a cancelled scan stops them all. */
export async function scanModels(paths: readonly string[], setting: ScanSetting): Promise<ModelEntry[]> {
  const entries: ModelEntry[] = [];
  for (const [index, path] of paths.entries()) {
    if (setting.signal.aborted) {
      entries.push({ outcome: "skipped", path, reason: "the command was interrupted before this model" });
      continue;
    }
    setting.progress.begin(`[${index + 1}/${paths.length}] ${basename(path)}`);
    entries.push(await scanModel(path, setting));
    setting.progress.clear();
  }
  return entries;
}

async function scanModel(path: string, setting: ScanSetting): Promise<ModelEntry> {
  const { images, plan, judge, limits, signal, progress, messages } = setting;
  try {
    const model = await loadModel(path, { signal });
    try {
      const onProgress = progress.update.bind(progress);
      const evidence = await scan(model, images, { plan, limits, signal, onProgress });
      messages.detail(`${path}: ${secondsText(evidence.seconds)}`);
      return { outcome: "scanned", path, evidence, verdict: judge(evidence, plan.thresholds) };
    } finally {
      model.dispose();
    }
  } catch (thrown) {
    const error = asDrmGuardError(thrown);
    messages.error(error, path);
    return { outcome: "error", path, error: error.toJSON() };
  }
}

function secondsText(seconds: ScanEvidence["seconds"]): string {
  return Object.entries(seconds)
    .map(([stage, value]) => `${stage} ${value.toFixed(1)} s`)
    .join(", ");
}
