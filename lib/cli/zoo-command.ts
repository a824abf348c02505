import { join } from "node:path";
import type { Command } from "commander";
import { asDrmGuardError } from "../errors/index.ts";
import { rangeText, significant } from "../report/number-format.ts";
import { readTrainedModel, type TrainedModelFacts } from "../training/index.ts";
import { makeZoo, readManifest, readZooPlan, type ZooModel, type ZooProgress } from "../zoo/index.ts";
import { EXIT } from "./exit-codes.ts";
import { numberOfFlag } from "./flag-values.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { ProgressBar, type ProgressFlags, progressStyle } from "./progress-bar.ts";
import { Messages, writeStdout } from "./terminal.ts";
import { textTable } from "./text-table.ts";

interface MakeFlags extends ProgressFlags {
  out: string;
  jobs?: string;
  device: string;
}

/** Adds `zoo make` and `zoo list` to the program; `finish` receives the exit code. */
export function addZooCommand(program: Command, finish: (code: number) => void): void {
  const zoo = program.command("zoo").description("populations of models, to measure detectors on");
  zoo
    .command("make")
    .description("train every model of a plan that is not there yet")
    .argument("<plan>", "plan.toml: data, training, conditions and seeds")
    .requiredOption("--out <folder>", "where the models and their manifest.json go")
    .option("--jobs <n>", "models that are trained at once, one thread each (default: all cores)")
    .option("--device <name>", "cpu, cuda or cuda:N", "cpu")
    .option("-q, --quiet", "only errors on stderr")
    .option("--no-progress", "no progress on stderr")
    .action(async (plan: string, flags: MakeFlags) => finish(await runMake(plan, flags)));
  zoo
    .command("list")
    .description("show the models of a zoo with their errors")
    .argument("<folder>", "a folder that zoo make wrote")
    .action(async (folder: string) => finish(await runList(folder)));
}

async function runMake(planPath: string, flags: MakeFlags): Promise<number> {
  const { out, device } = flags;
  const jobs =
    flags.jobs === undefined
      ? undefined
      : numberOfFlag("jobs", flags.jobs, { least: 1, most: 1024, integer: true });
  const plan = await readZooPlan(planPath);
  const messages = new Messages({ quiet: flags.quiet === true, verbose: false });
  const bar = new ProgressBar(process.stderr, progressStyle(flags));
  messages.beforeMessage = () => bar.clear();
  const interrupt = listenForInterrupt(messages);
  try {
    bar.begin(plan.name);
    const onProgress = (progress: ZooProgress) => bar.update(shown(progress));
    const { manifest, skipped, failures } = await makeZoo(plan, out, {
      jobs,
      device,
      onProgress,
      signal: interrupt.signal,
    });
    bar.clear();
    for (const { name, error } of failures) messages.error(error, name);
    const trained = manifest.models.length - skipped;
    messages.note(`${out}: ${trained} models trained, ${skipped} were there, ${failures.length} failed`);
    return failures.length === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    bar.clear();
    interrupt.dispose();
  }
}

function shown({ running, ...progress }: ZooProgress) {
  return { stage: "models", ...progress, ...(running.length === 0 ? {} : { note: running.join(", ") }) };
}

async function runList(folder: string): Promise<number> {
  const { models } = await readManifest(folder);
  const rows = [["model", "condition", "clean error", "constant", "to target", "variance ratio", "RAV"]];
  let code: number = EXIT.ok;
  const messages = new Messages({ quiet: false, verbose: false });
  for (const model of models) {
    try {
      rows.push(rowOf(model, await readTrainedModel(join(folder, model.facts))));
    } catch (thrown) {
      messages.error(asDrmGuardError(thrown), model.name);
      code = EXIT.failed;
    }
  }
  await writeStdout(textTable(rows));
  return code;
}

/** Means over the outputs; for several backdoors the range over them. */
function rowOf({ name, condition }: ZooModel, { measured }: TrainedModelFacts): string[] {
  const { attacks } = measured;
  const over = (of: (attack: (typeof attacks)[number]) => readonly number[] | null) => {
    const means = attacks.flatMap((attack) => {
      const values = of(attack);
      return values === null ? [] : [mean(values)];
    });
    return means.length === 0 ? "–" : rangeText(means);
  };
  return [
    name,
    condition,
    significant(mean(measured.cleanError)),
    significant(mean(measured.constantError)),
    over((attack) => attack.attackError),
    over((attack) => attack.varianceRatio),
    over((attack) => attack.rav),
  ];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
