import { join } from "node:path";
import type { Command } from "commander";
import {
  type BenchProgress,
  benchImages,
  benchPlans,
  conditionsOfZoo,
  methodsOfList,
  renderIdentifyHtml,
  renderIdentifyMarkdown,
  runIdentify,
  SCAN_METHODS,
} from "../bench/index.ts";
import { type ScanSettings, SETTING_TEXTS } from "../config/index.ts";
import { loadAddon } from "../native/load-addon.ts";
import { packageVersion } from "../native/locate-addon.ts";
import { readManifest, zooImages } from "../zoo/index.ts";
import { jobsOf, MOST_IMAGES, runZooBench } from "./bench-texts.ts";
import { commandSettings } from "./command-settings.ts";
import { numberOfFlag } from "./flag-values.ts";
import type { ProgressFlags } from "./progress-bar.ts";
import { Messages } from "./terminal.ts";

/** Settings of a scan that a bench lets one set for all its methods; the others come from the config file. */
const SETTINGS = SETTING_TEXTS.filter(({ flag }) =>
  ["device", "seed", "steps", "batch-size", "learning-rate"].includes(flag),
);

interface IdentifyFlags extends ProgressFlags {
  methods?: string;
  conditions?: string;
  images?: string;
  out?: string;
  jobs?: string;
  config?: string;
  device?: string;
  seed?: string;
  steps?: string;
  batchSize?: string;
  learningRate?: string;
}

/** Adds `identify` to the command `bench`; `finish` receives the exit code. */
export function addBenchIdentify(bench: Command, finish: (code: number) => void): void {
  const identify = bench
    .command("identify")
    .description("scan every model of a zoo with every method and make the identification table")
    .argument("<zoo>", "a folder that zoo make wrote")
    .option("--methods <names>", `of ${SCAN_METHODS.join(",")} (default: all)`)
    .option("--conditions <names>", "only the models of these conditions of the zoo (default: all)")
    .option("--images <n>", "held-out benign images to scan with (default: images.limit of the settings)")
    .option("--out <folder>", "where evidence and tables go; an earlier run is taken up (default: ZOO/bench)")
    .option("--jobs <n>", "models that are scanned at once, sharing the cores (default: one per core)")
    .option("--config <file>", "settings in TOML or JSON (default: ./drmguard.toml if it is there)");
  for (const { flag, placeholder, help } of SETTINGS) identify.option(`--${flag} <${placeholder}>`, help);
  identify
    .option("-q, --quiet", "only errors on stderr")
    .option("--no-progress", "no progress on stderr")
    .action(async (zoo: string, flags: IdentifyFlags) => finish(await identifyZoo(zoo, flags)));
}

async function identifyZoo(folder: string, flags: IdentifyFlags): Promise<number> {
  const messages = new Messages({ quiet: flags.quiet === true, verbose: false });
  const methods = flags.methods === undefined ? SCAN_METHODS : methodsOfList(flags.methods);
  const jobs = jobsOf(flags);
  const settings = await identifySettings(flags, messages);
  const whole = await readManifest(folder);
  const manifest = flags.conditions === undefined ? whole : conditionsOfZoo(whole, flags.conditions);
  // An addon that is not there is told once, not for every model.
  loadAddon();
  const out = flags.out ?? join(folder, "bench");
  const run = async (signal: AbortSignal, onProgress: (progress: BenchProgress) => void) => {
    const labels = await zooImages(manifest, folder, signal);
    const zoo = { channels: labels.images.channels, unit: labels.unit };
    const plans = benchPlans(methods, zoo, settings, jobs);
    const images = await benchImages(labels.images, plans[0]?.plan.images.limit ?? MOST_IMAGES);
    const request = { folder, manifest, images, labels, plans, out, jobs, signal, onProgress };
    return runIdentify({ ...request, version: packageVersion() });
  };
  const texts = { markdown: renderIdentifyMarkdown, html: renderIdentifyHtml };
  const bench = { name: "identify", counted: "scans", kept: "what was scanned", run, ...texts };
  return runZooBench(manifest.plan.name, out, bench, flags, messages);
}

/** Config file, then DRMGUARD_* variables, then flags. */
async function identifySettings(flags: IdentifyFlags, messages: Messages): Promise<ScanSettings[]> {
  const { device, seed, steps, batchSize, learningRate } = flags;
  const given = { device, seed, steps, "batch-size": batchSize, "learning-rate": learningRate };
  const limit = imageLimit(flags);
  return [
    ...(await commandSettings(flags.config, given, messages, SETTINGS)),
    ...(limit === null ? [] : [{ images: { limit } }]),
  ];
}

function imageLimit({ images }: IdentifyFlags): number | null {
  if (images === undefined) return null;
  return numberOfFlag("images", images, { least: 2, most: MOST_IMAGES, integer: true });
}
