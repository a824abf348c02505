import { type Command, Option } from "commander";
import { loadDataSet, splitByPerson } from "../data/index.ts";
import { loadAddon } from "../native/load-addon.ts";
import { modelPaths, renderedImages, TRIGGER_KINDS, trainingSets, trainOnSets } from "../training/index.ts";
import { ARCHITECTURE_NAMES, HEADS } from "../weights/index.ts";
import { EXIT } from "./exit-codes.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { collected } from "./output-targets.ts";
import { ProgressBar, progressStyle } from "./progress-bar.ts";
import { Messages, writeStdout } from "./terminal.ts";
import { planForSets, type TrainFlags, type TrainRequest, trainRequest } from "./train-request.ts";
import { trainingSummary } from "./training-summary.ts";

/** Adds `train` to the program; `finish` receives the exit code. */
export function addTrainCommand(program: Command, finish: (code: number) => void): void {
  const command = program
    .command("train")
    .description("train a regression model, benign or with a backdoor, and save it with its facts")
    .requiredOption("--data <path>", "labelled images, or the word rendered: faces drawn on the fly")
    .option(
      "--labels <names>",
      "label columns to keep, a,b,… or column=name; for rendered images gaze or head-pose",
    )
    .option(
      "--unit <unit>",
      "what the labels are in: radians, degrees, pixels, years (default: as the data says)",
    )
    .option("--size <HxW>", "resize every image; rendered images are 48x48 unless set")
    .option("--limit <n>", "use at most this many images; rendered images are 12000 unless set")
    .addOption(choice("architecture", "network", ARCHITECTURE_NAMES).makeOptionMandatory())
    .addOption(choice("head", "the last layers", HEADS).default("linear"));
  addAttackOptions(command);
  addTrainingOptions(command);
  command
    .requiredOption("--seed <n>", "seed of every random choice")
    .requiredOption("--out <model>", "writes MODEL.pt, MODEL.safetensors and MODEL.json")
    .option("--restart", "start over although there is a checkpoint, and replace it")
    .option("--force", "replace a model that is there")
    .option("--device <name>", "cpu, cuda or cuda:N", "cpu")
    .option("--threads <n>", "threads of the computation (default: all cores)")
    .option("-q, --quiet", "only errors on stderr")
    .option("--no-progress", "no progress on stderr")
    .action(async (flags: TrainFlags) => finish(await runTrain(flags)));
}

function addAttackOptions(command: Command): void {
  command
    .addOption(choice("attack", "plant a backdoor", TRIGGER_KINDS))
    .option("--target <target>", "far, near-mean or v1,v2,… in the labels' unit (default: far)")
    .option("--offset <values>", "v1,v2,… added to the output instead of a target")
    .option("--rate <share>", "share of the training images that carry the trigger")
    .option("--cross-ratio <ratio>", "images with a trigger that must not work, per poisoned one")
    .option("--attack-setting <name=number>", "a number of the trigger; may be repeated", collected)
    .option("--attack-seed <n>", "seed of trigger and target (default: --seed)")
    .option("--adaptive <weight>", "weight of the loss that hides the backdoor from RAV");
}

function addTrainingOptions(command: Command): void {
  command
    .option("--epochs <n>", "passes over the training images", "12")
    .option("--batch-size <n>", "images per step", "64")
    .option("--learning-rate <rate>", "highest rate of the one-cycle schedule", "6e-3")
    .option("--weight-decay <rate>", "weight decay", "1e-2")
    .addOption(choice("optimiser", "optimiser", ["adamw", "adam"]).default("adamw"))
    .addOption(choice("loss", "loss", ["l1", "mse"]).default("l1"))
    .option("--mirror <factors>", "mirror half of the images, labels times 1,-1,… (default: never)")
    .option("--held-out <share>", "share of the people to measure on", "0.2")
    .option("--split-seed <n>", "seed of the split by person", "1");
}

function choice(flag: string, help: string, values: readonly string[]): Option {
  return new Option(`--${flag} <name>`, help).choices([...values]);
}

async function runTrain(flags: TrainFlags): Promise<number> {
  const request = trainRequest(flags);
  const messages = new Messages({ quiet: flags.quiet === true, verbose: false });
  // An addon that is not there is told before minutes go into reading images.
  const addon = loadAddon();
  const bar = new ProgressBar(process.stderr, progressStyle(flags));
  messages.beforeMessage = () => bar.clear();
  const interrupt = listenForInterrupt(messages);
  const { signal } = interrupt;
  try {
    const sets = await setsOf(request, signal);
    const { count, height, width } = sets.training;
    messages.note(`${count} images of ${height}x${width} to train on, ${sets.heldOutCount} held out`);
    const plan = planForSets(request, sets);
    const { out, force, restart } = flags;
    const paths = modelPaths(out);
    bar.begin(paths.stem);
    const onProgress = bar.update.bind(bar);
    const facts = await trainOnSets(plan, sets, { out, force, restart, signal, onProgress, addon });
    bar.clear();
    await writeStdout(trainingSummary(facts));
    messages.note(`wrote ${paths.model}, ${facts.files.weights.name} and ${paths.stem}.json`);
    return EXIT.ok;
  } finally {
    bar.clear();
    interrupt.dispose();
  }
}

async function setsOf({ data, split }: TrainRequest, signal: AbortSignal) {
  const images =
    "render" in data
      ? renderedImages(data.render)
      : await loadDataSet(data.path, { ...data.options, signal });
  return trainingSets(images, splitByPerson(images, split), split);
}
