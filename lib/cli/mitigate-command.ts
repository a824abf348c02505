import { createHash } from "node:crypto";
import { unlink } from "node:fs/promises";
import { basename } from "node:path";
import { type Command, Option } from "commander";
import { imagesAsBatch, loadDataSet } from "../data/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import { readEvidenceFile } from "../evidence/read-evidence.ts";
import type { ScanEvidence } from "../evidence/schema.ts";
import { type ImageBatch, imagesFromArray, loadImages } from "../images/index.ts";
import {
  addVerdict,
  type FinishedRounds,
  MITIGATION_DEFAULTS,
  MITIGATION_METHODS,
  type MitigationImages,
  type MitigationPlan,
  mitigate,
  readMitigationCheckpoint,
  repairedPaths,
  requirePlace,
  requireReplaceableCheckpoint,
  resumes,
  runIdentity,
  saveRepaired,
  stillThere,
  writeMitigationCheckpoint,
} from "../mitigation/index.ts";
import { loadModelFile, type ModelFile } from "../models/index.ts";
import { loadAddon } from "../native/load-addon.ts";
import { buildReport } from "../report/index.ts";
import { modelOfFile, scan } from "../scan/index.ts";
import { judge } from "../verdict/judge.ts";
import type { Verdict } from "../verdict/verdict.ts";
import { EXIT } from "./exit-codes.ts";
import { finishReport } from "./finish-report.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { imageLimit, type MitigateFlags, mitigationPlan, STEPS_HELP, threadsOf } from "./mitigate-request.ts";
import { mitigationSummary } from "./mitigation-summary.ts";
import { addReportOptions } from "./options.ts";
import { parseOutputs, requireWritable } from "./output-targets.ts";
import { ProgressBar, progressStyle } from "./progress-bar.ts";
import { Messages, writeStdout } from "./terminal.ts";

/** Adds `mitigate` to the program; `finish` receives the exit code. */
export function addMitigateCommand(program: Command, finish: (code: number) => void): void {
  const { rounds, learningRate, batchSize, bound, heldOutShare, seed } = MITIGATION_DEFAULTS;
  const command = program
    .command("mitigate")
    .description("take the backdoor that a scan found out of a model, and scan the result")
    .argument("<model>", "TorchScript .pt, torch.export .pt2 or trained .safetensors")
    .requiredOption("--images <path>", "benign images of the model's task, as for scan")
    .requiredOption("--evidence <file>", "what scan --output json:FILE wrote of this model")
    .requiredOption("--out <file>", "the repaired model, in the same format; never the model itself")
    .option(
      "--labels <names>",
      "label columns a,b,… in the order of the outputs, to teach and to measure by (default: the model's own answers)",
    )
    .option("--limit <n>", "use at most this many images", "1000")
    .addOption(new Option("--method <name>", "how").choices([...MITIGATION_METHODS]).default("drmguard"))
    .option(
      "--rounds <n>",
      "times that triggers are reversed and unlearned; a few more where the clean error is beyond the bound",
      String(rounds),
    )
    .option("--steps <n>", STEPS_HELP)
    .option("--batch-size <n>", "images per step", String(batchSize))
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
      "--held-out <share>",
      "share of the images that only guard the clean error; of persons that nothing is learned from, where the data names them",
      String(heldOutShare),
    )
    .option("--seed <n>", "seed of every random choice", String(seed))
    .option("--device <name>", "cpu, cuda or cuda:N (default: the scan's)")
    .option("--threads <n>", "threads of the computation (default: the scan's)")
    .option("--anyway", "work on a model that the evidence calls clean")
    .option("--no-rescan", "leave the scan of the repaired model out")
    .option("--restart", "start over although there is a checkpoint, and replace it")
    .option("--force", "replace files of an earlier run");
  addReportOptions(command)
    .option("-q, --quiet", "only errors on stderr")
    .option("--no-color", "no colours [NO_COLOR]")
    .option("--no-progress", "no progress on stderr")
    .action(async (model: string, flags: MitigateFlags) => finish(await runMitigate(model, flags)));
}

async function runMitigate(path: string, flags: MitigateFlags): Promise<number> {
  const planFor = mitigationPlan(flags);
  const messages = new Messages({ quiet: flags.quiet === true, verbose: false });
  const targets = parseOutputs(flags.output ?? []);
  if (!flags.rescan && flags.output !== undefined) {
    throw new DrmGuardError("ERR_USAGE", "--no-rescan leaves nothing for --output to report.", {
      hint: "Give one or the other.",
    });
  }
  await requireWritable(targets);
  const addon = loadAddon();
  const file = await loadModelFile(path);
  const evidence = onThisMachine(await evidenceOf(flags.evidence, file), flags);
  const before = judge(evidence);
  if (before.label === "clean" && flags.anyway !== true) {
    messages.note(
      `${file.name} is clean by its evidence: there is nothing to take out, and nothing was written`,
    );
    return EXIT.ok;
  }
  const paths = repairedPaths(flags.out, file.format);
  await requirePlace(paths, path, flags.force === true);
  const bar = new ProgressBar(process.stderr, progressStyle(flags));
  messages.beforeMessage = () => bar.clear();
  const interrupt = listenForInterrupt(messages);
  const { signal } = interrupt;
  const began = performance.now();
  try {
    const images = await imagesOf(flags, evidence, signal);
    const plan = planFor(images.images.count);
    const engine = addon.buildFacts();
    const { sha256: imagesSha256, source } = images.images;
    const identity = {
      version: engine.drmguard,
      modelSha256: file.sha256,
      imagesSha256,
      labels: images.labels,
      subjects: images.subjects,
    };
    const run = runIdentity(plan, { ...identity, evidence });
    const resume = await finishedRounds(paths.checkpoint, run, plan, flags);
    if (resume !== null) messages.note(`going on after ${resume.rounds.length} of ${plan.rounds} rounds`);
    bar.begin(file.name);
    const mitigation = await mitigate({
      file,
      images,
      evidence,
      plan,
      resume,
      addon,
      signal,
      onProgress: ({ what, fraction }) => bar.update({ stage: what, done: fraction, total: 1, fraction }),
      onRound: (finished) => writeMitigationCheckpoint(paths.checkpoint, run, finished),
    });
    const seconds = (performance.now() - began) / 1000;
    const record = {
      file,
      evidence,
      plan,
      mitigation,
      images: { source, sha256: imagesSha256 },
      before,
      engine,
    };
    const facts = await saveRepaired(paths, { ...record, seconds });
    // What lies at the name of a checkpoint that this method never wrote is not its own.
    if (resumes(plan.method)) await unlink(paths.checkpoint).catch(() => {});
    bar.clear();
    messages.note(`wrote ${[paths.model, paths.weights, paths.facts].filter(Boolean).join(", ")}`);
    // A scan of the result that says clean does not outweigh a trigger that is known and works.
    const unrepaired = flags.exitZero !== true && stillThere(mitigation.triggers);
    if (!flags.rescan) {
      await writeStdout(mitigationSummary(facts));
      return unrepaired ? EXIT.stillThere : EXIT.ok;
    }
    const repaired = repairedFile(file, mitigation.bytes, paths.model);
    const rescan = await scanRepaired(repaired, images.images, evidence, signal, bar);
    bar.clear();
    const summary = mitigationSummary(await addVerdict(paths, facts, rescan.verdict));
    // stdout carries one report: JSON has it for itself.
    if (targets.some(({ format, path: place }) => format === "json" && place === null))
      messages.note(summary);
    else await writeStdout(summary);
    const code = await reported(rescan, flags, targets, messages);
    return code === EXIT.ok && unrepaired ? EXIT.stillThere : code;
  } finally {
    bar.clear();
    interrupt.dispose();
  }
}

/** What the work goes on from; null where it begins at the beginning. */
async function finishedRounds(
  checkpoint: string,
  run: string,
  { method }: MitigationPlan,
  { restart }: MitigateFlags,
): Promise<FinishedRounds | null> {
  if (!resumes(method)) return null;
  if (restart !== true) return readMitigationCheckpoint(checkpoint, run);
  await requireReplaceableCheckpoint(checkpoint);
  return null;
}

interface Rescan {
  evidence: ScanEvidence;
  verdict: Verdict;
}

function reported(
  rescan: Rescan,
  flags: MitigateFlags,
  targets: ReturnType<typeof parseOutputs>,
  messages: Messages,
): Promise<number> {
  const report = buildReport([{ outcome: "scanned", path: flags.out, ...rescan }]);
  return finishReport(report, targets, messages, {
    colour: flags.color,
    failOn: flags.failOn,
    exitZero: flags.exitZero === true,
    interrupted: false,
  });
}

/** The scan may have run on a device that is not here. */
function onThisMachine(evidence: ScanEvidence, flags: MitigateFlags): ScanEvidence {
  const { device, threads } = evidence.plan;
  const plan = { ...evidence.plan, device: flags.device ?? device, threads: threadsOf(flags) ?? threads };
  return { ...evidence, plan };
}

/** The evidence of this very file among those that a report holds. */
async function evidenceOf(path: string, file: ModelFile): Promise<ScanEvidence> {
  for (const entry of await readEvidenceFile(path)) {
    if (entry.outcome === "scanned" && entry.evidence.model.sha256 === file.sha256) return entry.evidence;
  }
  throw new DrmGuardError(
    "ERR_CONFIG",
    `Expected the evidence of ${file.name} in ${path}, found none of this file.`,
    {
      hint: "Scan this very file with --output json:FILE, and give that file.",
    },
  );
}

async function imagesOf(
  flags: MitigateFlags,
  { plan, images }: ScanEvidence,
  signal: AbortSignal,
): Promise<MitigationImages> {
  const size = { height: images.height, width: images.width };
  const { channels } = plan.input;
  const { images: path, labels } = flags;
  const limit = imageLimit(flags);
  if (labels === undefined)
    return { images: await loadImages(path, { size, channels, limit }), labels: null, subjects: null };
  const data = await loadDataSet(path, { size, channels, limit, labels: labels.split(","), signal });
  const every = Array.from({ length: data.count }, (_, index) => index);
  const { labels: values, subjects } = data;
  return { images: { ...imagesAsBatch(data, every), source: path }, labels: values, subjects };
}

async function scanRepaired(
  repaired: ModelFile,
  images: ImageBatch,
  { plan }: ScanEvidence,
  signal: AbortSignal,
  bar: ProgressBar,
): Promise<Rescan> {
  const model = await modelOfFile(loadAddon(), repaired);
  try {
    bar.begin("scan of the result");
    const { pixels, count, channels, height, width } = images;
    const shape = [count, channels, height, width];
    const limited = await imagesFromArray(
      { layout: "nchw", data: pixels, shape },
      { limit: plan.images.limit, channels: plan.input.channels },
    );
    const evidence = await scan(
      model,
      { ...limited, source: images.source },
      {
        plan,
        signal,
        onProgress: bar.update.bind(bar),
      },
    );
    return { evidence, verdict: judge(evidence) };
  } finally {
    model.dispose();
  }
}

function repairedFile(file: ModelFile, bytes: Uint8Array, path: string): ModelFile {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { ...file, path, name: basename(path), bytes, sha256 };
}
