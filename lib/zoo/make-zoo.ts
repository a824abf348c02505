import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import { asDrmGuardError, DrmGuardError } from "../errors/index.ts";
import { makeFolder, writeFileAtomically } from "../files/index.ts";
import type { NativeAddon } from "../native/addon.ts";
import { throwIfCancelled } from "../native/cancellation.ts";
import { loadAddon } from "../native/load-addon.ts";
import { modelPaths, type TrainedModelFacts, type TrainingSets, trainOnSets } from "../training/index.ts";
import { finishedModels } from "./finished-models.ts";
import type { ZooManifest, ZooModel, ZooPlan } from "./manifest.ts";
import { type PlannedModel, planModels } from "./plan-models.ts";
import { MANIFEST_NAME } from "./read-manifest.ts";
import { loadZooSets } from "./zoo-data.ts";

/** How far a zoo is. */
export interface ZooProgress {
  /** Models that are there, of all. */
  done: number;
  total: number;
  /** Unfinished models counted by their share. */
  fraction: number;
  /** Models that are being trained. */
  running: string[];
}

export interface MakeZooOptions {
  /** Models that are trained at once, one thread each; one per core when left out. */
  jobs?: number | undefined;
  /** "cpu" when left out. */
  device?: string | undefined;
  /** Aborting rejects with ERR_CANCELLED; the next run goes on from the last whole epoch of every model. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ZooProgress) => void) | undefined;
  /** The native addon of the package when left out. */
  addon?: NativeAddon | undefined;
}

export interface MadeZoo {
  manifest: ZooManifest;
  /** How many models were there before. */
  skipped: number;
  /** Models that could not be trained; all others are there. */
  failures: { name: string; error: DrmGuardError }[];
}

/**
 * Trains every model of a plan that is not there yet. The manifest is rewritten after every model, so that an
 * interrupted zoo is a smaller zoo.
 * @param plan as readZooPlan gives it.
 * @param out the zoo's folder; it is made.
 * @throws ERR_CONFIG when the folder holds models of another plan; ERR_CANCELLED; what loading the data throws. Errors
 *   of single models are in the result.
 */
export async function makeZoo(plan: ZooPlan, out: string, options: MakeZooOptions = {}): Promise<MadeZoo> {
  const { signal, device = "cpu", jobs = availableParallelism() } = options;
  if (!Number.isInteger(jobs) || jobs < 1) {
    throw new DrmGuardError("ERR_CONFIG", `Expected at least 1 job, got ${jobs}.`);
  }
  throwIfCancelled(signal);
  const addon = options.addon ?? loadAddon();
  await makeFolder(out);
  const sets = await loadZooSets(plan, signal);
  const planned = planModels(plan, sets, device);
  const finished = await finishedModels(out, planned, sets);
  const zoo = new ZooInMaking(plan, out, planned, finished, addon, options.onProgress);
  await zoo.writeManifest();
  const waiting = planned.filter(({ name }) => !finished.has(name));
  const work = async () => {
    for (let model = waiting.shift(); model !== undefined && !signal?.aborted; model = waiting.shift()) {
      await zoo.train(model, sets, signal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, waiting.length) }, work));
  throwIfCancelled(signal);
  return { manifest: zoo.manifest(), skipped: finished.size, failures: zoo.failures };
}

/** What the jobs of one zoo share. */
class ZooInMaking {
  readonly failures: MadeZoo["failures"] = [];
  readonly #plan: ZooPlan;
  readonly #out: string;
  readonly #planned: readonly PlannedModel[];
  readonly #done: Map<string, TrainedModelFacts>;
  readonly #running = new Map<string, number>();
  readonly #addon: NativeAddon;
  readonly #onProgress: MakeZooOptions["onProgress"];
  /** Manifests are written one after the other: a later one must not be replaced by an earlier one. */
  #writing: Promise<void> = Promise.resolve();

  constructor(
    plan: ZooPlan,
    out: string,
    planned: readonly PlannedModel[],
    finished: ReadonlyMap<string, TrainedModelFacts>,
    addon: NativeAddon,
    onProgress: MakeZooOptions["onProgress"],
  ) {
    this.#plan = plan;
    this.#out = out;
    this.#planned = planned;
    this.#done = new Map(finished);
    this.#addon = addon;
    this.#onProgress = onProgress;
  }

  async train(model: PlannedModel, sets: TrainingSets, signal: AbortSignal | undefined): Promise<void> {
    const { name, plan } = model;
    const onProgress = ({ fraction, stage }: { fraction: number; stage: string }) => {
      this.#running.set(name, stage === "train" ? fraction : 1);
      this.#report();
    };
    this.#running.set(name, 0);
    this.#report();
    try {
      const out = modelPaths(join(this.#out, `${name}.pt`)).model;
      const facts = await trainOnSets(plan, sets, { out, signal, onProgress, addon: this.#addon });
      this.#done.set(name, facts);
      await this.writeManifest();
    } catch (thrown) {
      // Not the model's fault: makeZoo itself rejects.
      if (!signal?.aborted) this.failures.push({ name, error: asDrmGuardError(thrown) });
    } finally {
      this.#running.delete(name);
      this.#report();
    }
  }

  manifest(): ZooManifest {
    const { drmguard, libtorch } = this.#addon.buildFacts();
    const models = this.#planned.flatMap((model): ZooModel[] => {
      const facts = this.#done.get(model.name);
      return facts === undefined ? [] : [entryOf(model, facts)];
    });
    const tool = { name: "drmguard", version: drmguard, libtorch } as const;
    return { schemaVersion: 1, tool, plan: portable(this.#plan, this.#out), models };
  }

  writeManifest(): Promise<void> {
    const write = () =>
      writeFileAtomically(join(this.#out, MANIFEST_NAME), `${JSON.stringify(this.manifest(), null, 2)}\n`);
    const written = this.#writing.then(write);
    this.#writing = written.catch(() => {});
    return written;
  }

  #report(): void {
    const [done, total] = [this.#done.size, this.#planned.length];
    const begun = [...this.#running].filter(([name]) => !this.#done.has(name));
    const share = begun.reduce((sum, [, fraction]) => sum + fraction, 0);
    this.#onProgress?.({
      done,
      total,
      fraction: (done + share) / total,
      running: begun.map(([name]) => name),
    });
  }
}

function entryOf({ name, condition, seed }: PlannedModel, facts: TrainedModelFacts): ZooModel {
  return {
    name,
    condition: condition.name,
    backdoored: condition.trigger !== null,
    seed,
    model: facts.files.model.name,
    facts: `${name}.json`,
    sha256: facts.files.model.sha256,
  };
}

/** The plan with its data's path as seen from the zoo's folder: the two can move together. */
function portable(plan: ZooPlan, out: string): ZooPlan {
  if (!("path" in plan.data)) return plan;
  return { ...plan, data: { ...plan.data, path: relative(resolve(out), resolve(plan.data.path)) } };
}
