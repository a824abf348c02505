import { join } from "node:path";
import type { Command } from "commander";
import {
  type BenchProgress,
  benchPlans,
  benignModels,
  conditionsOfZoo,
  FEWEST_GIVEN,
  GIVEN_IMAGES,
  imageParts,
  mitigationMethodsOfList,
  renderMitigateHtml,
  renderMitigateMarkdown,
  runMitigate,
} from "../bench/index.ts";
import { type ScanPlan, type ScanSettings, SETTING_TEXTS } from "../config/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import {
  MITIGATION_DEFAULTS,
  MITIGATION_METHODS,
  type MitigationMethod,
  type MitigationPlan,
} from "../mitigation/index.ts";
import { loadAddon } from "../native/load-addon.ts";
import { packageVersion } from "../native/locate-addon.ts";
import { readManifest, type ZooImages, zooImages } from "../zoo/index.ts";
import { jobsOf, MOST_IMAGES, runZooBench } from "./bench-texts.ts";
import { commandSettings } from "./command-settings.ts";
import { numberOfFlag } from "./flag-values.ts";
import { countOfFlag, roundSettings, STEPS_HELP, stepsOfFlag } from "./mitigate-request.ts";
import type { ProgressFlags } from "./progress-bar.ts";
import { Messages } from "./terminal.ts";

/** Settings of the scan that a flag sets; the others come from the config file. */
const SETTINGS = SETTING_TEXTS.filter(({ flag }) => ["device", "seed"].includes(flag));
/** The weakest layer of the scan's settings: enough for a scan, and what the published tables were made with. */
const SCANNED_IMAGES: ScanSettings = { images: { limit: 200 } };

interface MitigateFlags extends ProgressFlags {
  methods?: string;
  conditions?: string;
  images?: string;
  ownLabels?: boolean;
  rescan?: boolean;
  rounds: string;
  steps?: string;
  maskSteps: string;
  learningRate: string;
  bound: string;
  out?: string;
  jobs?: string;
  config?: string;
  device?: string;
  seed?: string;
}

/** Adds `mitigate` to the command `bench`; `finish` receives the exit code. */
export function addBenchMitigate(bench: Command, finish: (code: number) => void): void {
  const { rounds, maskSteps, learningRate, bound } = MITIGATION_DEFAULTS;
  const mitigate = bench
    .command("mitigate")
    .description(
      "take the backdoor out of every model of a zoo with every method and measure what is left of it",
    )
    .argument("<zoo>", "a folder that zoo make wrote")
    .option("--methods <names>", `of ${MITIGATION_METHODS.join(",")} (default: all)`)
    .option("--conditions <names>", "only the models of these conditions of the zoo (default: all)")
    .option(
      "--images <n>",
      `held-out images that the mitigation gets; the others are measured on (default: ${GIVEN_IMAGES}, fewer where ` +
        "too few would be left)",
    )
    .option("--own-labels", "without the images' labels: the model's own answers are taught")
    .option("--rescan", "scan every mitigated model again and count the verdicts")
    .option(
      "--rounds <n>",
      "times that triggers are reversed and unlearned; a few more where the clean error is beyond the bound",
      String(rounds),
    )
    .option("--steps <n>", STEPS_HELP)
    .option("--mask-steps <n>", "steps of adversarial neuron pruning", String(maskSteps))
    .option(
      "--learning-rate <rate>",
      "highest rate of the first round; it falls with every round",
      String(learningRate),
    )
    .option(
      "--bound <share>",
      "most that the clean error may grow, beyond what the choice of held-out images explains",
      String(bound),
    )
    .option(
      "--out <folder>",
      "where evidence, results and tables go; an earlier run is taken up (default: ZOO/bench/mitigate)",
    )
    .option("--jobs <n>", "models that are worked on at once, sharing the cores (default: one per core)")
    .option(
      "--config <file>",
      "settings of the scan in TOML or JSON (default: ./drmguard.toml if it is there)",
    );
  for (const { flag, placeholder, help } of SETTINGS) mitigate.option(`--${flag} <${placeholder}>`, help);
  mitigate
    .option("-q, --quiet", "only errors on stderr")
    .option("--no-progress", "no progress on stderr")
    .action(async (zoo: string, flags: MitigateFlags) => finish(await mitigateZoo(zoo, flags)));
}

async function mitigateZoo(folder: string, flags: MitigateFlags): Promise<number> {
  const messages = new Messages({ quiet: flags.quiet === true, verbose: false });
  const methods = flags.methods === undefined ? MITIGATION_METHODS : mitigationMethodsOfList(flags.methods);
  const given = givenImages(flags);
  const plansFor = mitigationPlans(methods, flags);
  const mostJobs = jobsOf(flags);
  const { device, seed } = flags;
  const settings = await commandSettings(flags.config, { device, seed }, messages, SETTINGS);
  const whole = await readManifest(folder);
  const manifest = flags.conditions === undefined ? whole : conditionsOfZoo(whole, flags.conditions);
  // Models beyond these would leave cores without work.
  const jobs = Math.max(1, Math.min(mostJobs, manifest.models.length));
  // An addon that is not there is told once, not for every model.
  loadAddon();
  const out = flags.out ?? join(folder, "bench", "mitigate");
  const run = async (signal: AbortSignal, onProgress: (progress: BenchProgress) => void) => {
    const images = await zooImages(manifest, folder, signal);
    const scanPlan = scanPlanOf(images, settings, jobs);
    const parts = await imageParts(images, given, scanPlan.images.limit);
    return runMitigate({
      folder,
      manifest,
      benign: benignModels(whole.models),
      parts,
      labels: flags.ownLabels === true ? "own answers" : "given",
      scanPlan,
      plans: plansFor(parts.given.images.count, scanPlan.seed),
      rescan: flags.rescan === true,
      out,
      jobs,
      signal,
      onProgress,
      version: packageVersion(),
    });
  };
  const texts = { markdown: renderMitigateMarkdown, html: renderMitigateHtml };
  const bench = { name: "mitigate", counted: "mitigations", kept: "what was done", run, ...texts };
  return runZooBench(manifest.plan.name, out, bench, flags, messages);
}

/** The plan of the contrast scan that every mitigation has its evidence from. */
function scanPlanOf(images: ZooImages, settings: readonly ScanSettings[], jobs: number): ScanPlan {
  const zoo = { channels: images.images.channels, unit: images.unit };
  const [contrast] = benchPlans(["contrast"], zoo, [SCANNED_IMAGES, ...settings], jobs);
  if (contrast === undefined) throw new DrmGuardError("ERR_INTERNAL", "Expected one plan, got none.");
  return contrast.plan;
}

/** For so many given images, once they are known; the seed is that of the scan. @throws ERR_USAGE at once. */
function mitigationPlans(
  methods: readonly MitigationMethod[],
  flags: MitigateFlags,
): (images: number, seed: number) => MitigationPlan[] {
  const maskSteps = countOfFlag("mask-steps", flags.maskSteps, 1_000_000);
  const settings = { ...MITIGATION_DEFAULTS, ...roundSettings(flags), maskSteps };
  const stepsOf = stepsOfFlag(flags);
  return (images, seed) =>
    methods.map((method) => ({ ...settings, method, seed, steps: stepsOf(method, images) }));
}

function givenImages({ images }: MitigateFlags): number | null {
  if (images === undefined) return null;
  return numberOfFlag("images", images, { least: FEWEST_GIVEN, most: MOST_IMAGES, integer: true });
}
