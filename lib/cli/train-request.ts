import { defaultThreads } from "../config/defaults.ts";
import { type DataSetOptions, LABEL_UNITS } from "../data/index.ts";
import { DrmGuardError } from "../errors/index.ts";
import type { ArchitectureName, ArchitectureSpec, TrainingPlan } from "../native/addon.ts";
import {
  type AttackCondition,
  drawAttacks,
  type RenderChoice,
  type SplitChoice,
  type TargetChoice,
  type TrainingSets,
  type TriggerKind,
} from "../training/index.ts";
import { badFlag, numberOfFlag, numbersOfFlag, settingsOfFlag, sizeOfFlag } from "./flag-values.ts";

/** Flags of `train`, as commander names them. */
export interface TrainFlags {
  data: string;
  labels?: string;
  unit?: string;
  size?: string;
  limit?: string;
  architecture: ArchitectureName;
  head: ArchitectureSpec["head"];
  attack?: TriggerKind;
  target?: string;
  offset?: string;
  rate?: string;
  crossRatio?: string;
  attackSetting?: string[];
  attackSeed?: string;
  adaptive?: string;
  epochs: string;
  batchSize: string;
  learningRate: string;
  weightDecay: string;
  optimiser: TrainingPlan["optimiser"];
  loss: TrainingPlan["loss"];
  mirror?: string;
  heldOut: string;
  splitSeed: string;
  seed: string;
  out: string;
  force?: boolean;
  restart?: boolean;
  device: string;
  threads?: string;
  quiet?: boolean;
  progress: boolean;
}

/** What one `train` is asked for; everything is checked that can be checked without the images. */
export interface TrainRequest {
  data: { render: RenderChoice } | { path: string; options: DataSetOptions };
  split: SplitChoice;
  attack: { condition: AttackCondition; seed: number } | null;
  /** The plan, but for what depends on the images. */
  settings: Omit<TrainingPlan, "architecture" | "attacks">;
  architecture: Pick<ArchitectureSpec, "name" | "head">;
}

const SEED = { least: 0, most: 2 ** 32 - 1, integer: true };

/** @throws ERR_USAGE */
export function trainRequest(flags: TrainFlags): TrainRequest {
  const seed = numberOfFlag("seed", flags.seed, SEED);
  const threads = flags.threads ?? String(defaultThreads());
  return {
    data: flags.data === "rendered" ? { render: renderChoice(flags) } : fileData(flags),
    split: {
      seed: numberOfFlag("split-seed", flags.splitSeed, SEED),
      heldOutShare: numberOfFlag("held-out", flags.heldOut, { least: 0.01, most: 0.9 }),
    },
    attack: attackOf(flags, seed),
    settings: {
      adaptiveWeight: numberOfFlag("adaptive", flags.adaptive ?? "0", { least: 0, most: 1000 }),
      loss: flags.loss,
      optimiser: flags.optimiser,
      learningRate: numberOfFlag("learning-rate", flags.learningRate, { least: 1e-9, most: 10 }),
      weightDecay: numberOfFlag("weight-decay", flags.weightDecay, { least: 0, most: 10 }),
      epochs: numberOfFlag("epochs", flags.epochs, { least: 1, most: 100_000, integer: true }),
      batchSize: numberOfFlag("batch-size", flags.batchSize, { least: 2, most: 65_536, integer: true }),
      mirror: flags.mirror === undefined ? null : numbersOfFlag("mirror", flags.mirror),
      seed,
      device: flags.device,
      threads: numberOfFlag("threads", threads, { least: 1, most: 1024, integer: true }),
    },
    architecture: { name: flags.architecture, head: flags.head },
  };
}

/** The plan for given images. */
export function planForSets(request: TrainRequest, { training, statistics }: TrainingSets): TrainingPlan {
  const { channels, height, width } = training;
  const shape = { channels, height, width };
  const { outputs } = statistics;
  const { attack, settings, architecture } = request;
  if (settings.mirror !== null && settings.mirror.length !== outputs) {
    throw badFlag("mirror", `${outputs} factors, one per label`, settings.mirror.join());
  }
  return {
    ...settings,
    architecture: { ...architecture, outputs, ...shape },
    attacks: attack === null ? [] : drawAttacks(attack.condition, 1, attack.seed, statistics, shape),
  };
}

function renderChoice({ labels = "gaze", size = "48", limit = "12000" }: TrainFlags): RenderChoice {
  if (labels !== "gaze" && labels !== "head-pose") throw badFlag("labels", "gaze or head-pose", labels);
  const { height, width } = sizeOfFlag("size", size);
  if (height !== width) throw badFlag("size", "a square for rendered images", size);
  const count = numberOfFlag("limit", limit, { least: 32, most: 1_000_000, integer: true });
  return { labels, count, people: 1000, size: height, seed: 101 };
}

function fileData({ data, labels, unit, size, limit }: TrainFlags): TrainRequest["data"] {
  const options: DataSetOptions = {};
  if (unit !== undefined) {
    const known = LABEL_UNITS.find((name) => name === unit);
    if (known === undefined) throw badFlag("unit", LABEL_UNITS.join(" or "), unit);
    options.unit = known;
  }
  if (labels !== undefined) options.labels = labels.split(",").map((label) => label.trim());
  if (size !== undefined) options.size = sizeOfFlag("size", size);
  if (limit !== undefined)
    options.limit = numberOfFlag("limit", limit, { least: 32, most: 1e8, integer: true });
  return { path: data, options };
}

function attackOf(flags: TrainFlags, seed: number): TrainRequest["attack"] {
  const { attack, target, offset, rate, crossRatio, attackSetting, attackSeed, adaptive } = flags;
  if (attack === undefined) {
    const given = Object.entries({ target, offset, rate, crossRatio, attackSetting, attackSeed, adaptive });
    const [stray] = given.find(([, value]) => value !== undefined) ?? [];
    if (stray === undefined) return null;
    const flag = stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new DrmGuardError("ERR_USAGE", `--${flag}: expected --attack NAME beside it, got none.`);
  }
  if (target !== undefined && offset !== undefined) {
    throw new DrmGuardError("ERR_USAGE", "Expected --target or --offset, got both.");
  }
  return {
    condition: {
      trigger: attack,
      target: targetOf(target, offset),
      rate: rate === undefined ? undefined : numberOfFlag("rate", rate, { least: 0.0001, most: 0.9 }),
      crossRatio:
        crossRatio === undefined
          ? undefined
          : numberOfFlag("cross-ratio", crossRatio, { least: 0, most: 99 }),
      settings: settingsOfFlag("attack-setting", attackSetting ?? []),
    },
    seed: attackSeed === undefined ? seed : numberOfFlag("attack-seed", attackSeed, SEED),
  };
}

function targetOf(target = "far", offset?: string): TargetChoice {
  if (offset !== undefined) return { offset: numbersOfFlag("offset", offset) };
  if (target === "far" || target === "near-mean") return target;
  return { fixed: numbersOfFlag("target", target) };
}
