import type { Command } from "commander";
import { planAsToml, resolvePlan, type ScanPlan, SETTING_TEXTS, variableOf } from "../config/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import { type ImageBatch, loadImages, PIXEL_PRESETS } from "../images/index.ts";
import { untilAborted } from "../native/cancellation.ts";
import { loadAddon } from "../native/load-addon.ts";
import { buildReport, type ModelEntry } from "../report/index.ts";
import type { ScanLimits } from "../scan/index.ts";
import { commandSettings } from "./command-settings.ts";
import { EXIT, type FailOn } from "./exit-codes.ts";
import { finishReport } from "./finish-report.ts";
import { numberOfFlag, secondsOfFlag } from "./flag-values.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { findModels, type ModelPaths } from "./model-paths.ts";
import { addReportOptions } from "./options.ts";
import { parseOutputs, requireWritable } from "./output-targets.ts";
import { ProgressBar, progressStyle } from "./progress-bar.ts";
import { addReferenceOptions, judgeOfFlags, type ReferenceFlags } from "./reference-options.ts";
import { scanModels } from "./scan-models.ts";
import { Messages, writeStdout } from "./terminal.ts";

/** Flags of `scan` that are no settings of the plan, as commander names them. */
interface ScanFlags extends ReferenceFlags {
  images?: string;
  config?: string;
  budget?: string;
  maxSteps?: string;
  output?: string[];
  failOn: FailOn;
  exitZero?: boolean;
  printConfig?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  color: boolean;
  progress: boolean;
}

/** Adds `scan` to the program; `finish` receives the exit code. */
export function addScanCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command("scan")
    .description("look for a backdoor in regression models")
    .argument("[models...]", "TorchScript .pt, torch.export .pt2 or trained .safetensors; or folders")
    .option("--images <path>", "benign images of the models' task: a folder, .npy, .npz or .jpk.npz")
    .option("--config <file>", "settings in TOML or JSON (default: ./drmguard.toml if it is there)");
  for (const setting of SETTING_TEXTS) {
    const value = setting.placeholder === null ? "" : ` <${setting.placeholder}>`;
    const presets = setting.flag === "pixels" ? `: ${Object.keys(PIXEL_PRESETS).join(", ")}` : "";
    command.option(`--${setting.flag}${value}`, `${setting.help}${presets} [${variableOf(setting.flag)}]`);
  }
  addReportOptions(addReferenceOptions(command))
    .option("--budget <time>", "end every scan after about this time (90s, 2m), with what it has found")
    .option("--max-steps <n>", "end every scan after this many optimisation steps in all")
    .option("--print-config", "print the resolved settings as TOML and end")
    .option("-q, --quiet", "only errors on stderr")
    .option("-v, --verbose", "more on stderr")
    .option("--no-color", "no colours [NO_COLOR]")
    .option("--no-progress", "no progress on stderr")
    .action(async (models: string[], flags: ScanFlags) => finish(await runScan(models, flags, command)));
}

async function runScan(paths: string[], flags: ScanFlags, command: Command): Promise<number> {
  const messages = new Messages({ quiet: flags.quiet === true, verbose: flags.verbose === true });
  const plan = await resolveCommandPlan(flags, command, messages);
  if (flags.printConfig) {
    await writeStdout(planAsToml(plan));
    return EXIT.ok;
  }
  const images = flags.images;
  if (paths.length === 0) throw usage("scan: expected at least one model, got none.");
  if (images === undefined) throw usage("scan: expected --images PATH, got no images.");
  const targets = parseOutputs(flags.output ?? []);
  await requireWritable(targets);
  const judge = await judgeOfFlags(flags, plan);
  const found = await findModels(paths);
  noteFound(found, messages);
  const interrupt = listenForInterrupt(messages);
  try {
    const setting = {
      plan,
      judge,
      limits: limitsOf(flags),
      signal: interrupt.signal,
      progress: progressBar(flags, messages),
      messages,
    };
    const entries = await scanFound(found, images, setting);
    const report = buildReport(entries);
    return await finishReport(report, targets, messages, {
      colour: flags.color,
      failOn: flags.failOn,
      exitZero: flags.exitZero === true,
      interrupted: interrupt.signal.aborted && !report.complete,
    });
  } finally {
    interrupt.dispose();
  }
}

/** Defaults, then the config file, then DRMGUARD_* variables, then flags. */
async function resolveCommandPlan(flags: ScanFlags, command: Command, messages: Messages): Promise<ScanPlan> {
  const given = Object.fromEntries(
    SETTING_TEXTS.map(({ flag }) => [flag, command.getOptionValue(camelCase(flag)) as unknown]),
  );
  return resolvePlan(...(await commandSettings(flags.config, given, messages)));
}

function limitsOf({ budget, maxSteps }: ScanFlags): ScanLimits | undefined {
  if (budget === undefined && maxSteps === undefined) return undefined;
  const steps = { least: 1, most: 1e9, integer: true };
  return {
    seconds: budget === undefined ? undefined : secondsOfFlag("budget", budget),
    steps: maxSteps === undefined ? undefined : numberOfFlag("max-steps", maxSteps, steps),
  };
}

function camelCase(flag: string): string {
  return flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

async function scanFound(
  found: ModelPaths,
  imagesPath: string,
  setting: Omit<Parameters<typeof scanModels>[1], "images">,
): Promise<ModelEntry[]> {
  if (found.models.length === 0) return found.skipped;
  // An addon or images that are not there are told once, not for every model.
  loadAddon();
  const images = await readImages(imagesPath, setting.plan, setting.signal);
  const { count, available, height, width } = images;
  setting.messages.detail(`${count} of ${available} images of ${height}x${width} from ${imagesPath}`);
  return [...(await scanModels(found.models, { ...setting, images })), ...found.skipped];
}

function readImages(path: string, plan: ScanPlan, signal: AbortSignal): Promise<ImageBatch> {
  const { size, channels } = plan.input;
  const options = { ...plan.images, channels, ...(size === null ? {} : { size }) };
  return untilAborted(loadImages(path, options), signal);
}

function noteFound({ skipped, otherFiles }: ModelPaths, messages: Messages): void {
  for (const { path, reason } of skipped) messages.note(`skipped ${path}: ${reason}`);
  if (otherFiles > 0) messages.note(`files of the folders that are no models: ${otherFiles}`);
}

function progressBar(flags: ScanFlags, messages: Messages): ProgressBar {
  const bar = new ProgressBar(process.stderr, progressStyle(flags));
  messages.beforeMessage = () => bar.clear();
  return bar;
}

function usage(message: string): DrmGuardError {
  return new DrmGuardError("ERR_USAGE", message);
}
