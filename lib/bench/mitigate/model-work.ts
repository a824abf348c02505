import { createHash } from "node:crypto";
import { join } from "node:path";
import type { ScanPlan } from "../../config/index.ts";
import { DrmGuardError } from "../../errors/index.ts";
import type { ScanEvidence } from "../../evidence/schema.ts";
import { readRegularFile } from "../../files/index.ts";
import { type MitigationPlan, mitigate } from "../../mitigation/index.ts";
import { loadModelFile, MAXIMUM_MODEL_BYTES, type ModelFile } from "../../models/index.ts";
import type { NativeAddon, TensorRecord } from "../../native/addon.ts";
import { loadAddon } from "../../native/load-addon.ts";
import { modelOfFile, scan } from "../../scan/index.ts";
import { labelStatistics, type MeasuredErrors, type TrainedModelFacts } from "../../training/index.ts";
import { type MeasuringSets, measureModel } from "../../training/measure.ts";
import { judge } from "../../verdict/judge.ts";
import { decodeSafetensors } from "../../weights/index.ts";
import type { ZooModel } from "../../zoo/index.ts";
import type { ImageParts } from "./image-parts.ts";
import type { LabelSource, MitigationOutcome, ScannedModel } from "./mitigation-result.ts";

/** What one model is worked on with. */
export interface ModelWorkRequest {
  /** The zoo's folder. */
  folder: string;
  model: ZooModel;
  facts: TrainedModelFacts;
  parts: ImageParts;
  labels: LabelSource;
  scanPlan: ScanPlan;
  /** Whether mitigated models are scanned again. */
  rescan: boolean;
  signal: AbortSignal;
}

/** What a method did, beside what is known of the model before it. */
export type MitigatedModel = Omit<MitigationOutcome, "scan" | "before">;

type Listener = (fraction: number) => void;

/** One model of the zoo, read and checked, to be measured and worked on. */
export interface ModelWork {
  measure(): Promise<MeasuredErrors>;
  /** Measures another model of the zoo with this model's triggers in view. */
  measureOn(other: ZooModel): Promise<MeasuredErrors>;
  scan(onProgress: Listener): Promise<ScanEvidence>;
  /** @param evidence of this model's scan. */
  mitigate(plan: MitigationPlan, evidence: ScanEvidence, onProgress: Listener): Promise<MitigatedModel>;
}

/** Share of the progress that a mitigation is when a scan follows it. */
const MITIGATION_SHARE = 0.7;

/**
 * Reads a model of the zoo with the states of its attacks. All of the work rejects with what the addon throws, and with
 * ERR_CANCELLED once the signal aborts.
 * @throws ERR_CONFIG when a file is another one than the zoo made; what reading files and loading the addon throw.
 */
export async function openModelWork(request: ModelWorkRequest): Promise<ModelWork> {
  const addon = loadAddon();
  const { folder, model, facts } = request;
  const file = await fileOf(folder, model);
  const attackStates = await statesOf(folder, facts);
  return new ZooModelWork(addon, request, file, attackStates);
}

async function fileOf(folder: string, { model, sha256 }: ZooModel): Promise<ModelFile> {
  const path = join(folder, model);
  const file = await loadModelFile(path);
  requireSame(path, file.sha256, sha256);
  return file;
}

async function statesOf(folder: string, { attacks, files }: TrainedModelFacts): Promise<TensorRecord[][]> {
  if (attacks.length !== files.attacks.length) {
    throw new DrmGuardError(
      "ERR_CONFIG",
      `Expected a file for each of ${attacks.length} attacks of ${files.model.name}, got ${files.attacks.length}.`,
    );
  }
  const states: TensorRecord[][] = [];
  for (const { name, sha256 } of files.attacks) {
    const path = join(folder, name);
    const bytes = await readRegularFile(path, MAXIMUM_MODEL_BYTES, "the attack's state");
    requireSame(path, createHash("sha256").update(bytes).digest("hex"), sha256);
    states.push(decodeSafetensors(bytes).tensors);
  }
  return states;
}

function requireSame(path: string, found: string, wanted: string): void {
  if (found === wanted) return;
  throw new DrmGuardError("ERR_CONFIG", `${path} is not the file that the zoo's manifest names.`, {
    hint: "Put the file back, or make the zoo again.",
  });
}

class ZooModelWork implements ModelWork {
  readonly #addon: NativeAddon;
  readonly #request: ModelWorkRequest;
  readonly #file: ModelFile;
  readonly #attackStates: TensorRecord[][];

  constructor(
    addon: NativeAddon,
    request: ModelWorkRequest,
    file: ModelFile,
    attackStates: TensorRecord[][],
  ) {
    this.#addon = addon;
    this.#request = request;
    this.#file = file;
    this.#attackStates = attackStates;
  }

  measure(): Promise<MeasuredErrors> {
    return this.#measured(this.#file.bytes);
  }

  async measureOn(other: ZooModel): Promise<MeasuredErrors> {
    const { bytes } = await fileOf(this.#request.folder, other);
    return this.#measured(bytes);
  }

  scan(onProgress: Listener): Promise<ScanEvidence> {
    return this.#scanned(this.#file, onProgress);
  }

  async mitigate(
    plan: MitigationPlan,
    evidence: ScanEvidence,
    onProgress: Listener,
  ): Promise<MitigatedModel> {
    const { parts, labels, scanPlan, rescan, signal } = this.#request;
    const mitigating = rescan ? MITIGATION_SHARE : 1;
    const began = performance.now();
    const { bytes, rounds, growth, growthInterval, triggers, share, parameters } = await mitigate({
      file: this.#file,
      images: { ...parts.given, labels: labels === "given" ? parts.given.labels : null },
      // Kept evidence may be of a run with other threads and lines: the work goes by the present ones.
      evidence: { ...evidence, plan: scanPlan },
      plan,
      addon: this.#addon,
      signal,
      onProgress: ({ fraction }) => onProgress(mitigating * fraction),
    });
    const seconds = (performance.now() - began) / 1000;
    const after = await this.#measured(bytes);
    const again = rescan
      ? await this.#rescanned(bytes, (fraction) => onProgress(mitigating + (1 - mitigating) * fraction))
      : null;
    const did = { rounds, growth, growthInterval, triggers, share, parameters, seconds };
    return { after, ...did, threads: scanPlan.threads, rescan: again };
  }

  #measured(archive: Uint8Array): Promise<MeasuredErrors> {
    const { facts, parts, scanPlan, signal } = this.#request;
    const { device, threads } = scanPlan;
    const plan = { ...facts.plan, attacks: facts.attacks, device, threads };
    const subject = { archive, attackStates: this.#attackStates };
    return measureModel(this.#addon, subject, plan, measuringSets(parts), signal);
  }

  async #scanned(file: ModelFile, onProgress: Listener): Promise<ScanEvidence> {
    const { parts, scanPlan, signal } = this.#request;
    const model = await modelOfFile(this.#addon, file);
    try {
      return await scan(model, parts.scanned, {
        plan: scanPlan,
        signal,
        // Loading and probing are a small part of the work.
        onProgress: ({ stage, fraction }) => onProgress(stage === "inversion" ? fraction : 0),
      });
    } finally {
      model.dispose();
    }
  }

  async #rescanned(bytes: Uint8Array, onProgress: Listener): Promise<ScannedModel> {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const evidence = await this.#scanned({ ...this.#file, bytes, sha256 }, onProgress);
    return scannedModel(evidence, this.#request.scanPlan);
  }
}

/** What evidence says of its model by the lines of a plan. */
export function scannedModel(evidence: ScanEvidence, { thresholds }: ScanPlan): ScannedModel {
  const { score, label } = judge(evidence, thresholds);
  return { score, label, family: evidence.statistics.family, seconds: evidence.seconds.total };
}

function measuringSets({ labelNames, unit, measured }: ImageParts): MeasuringSets {
  const { images, labels } = measured;
  return {
    training: { labelNames, unit },
    statistics: labelStatistics(labels, labelNames.length),
    heldOut: images,
    heldOutLabels: labels,
  };
}
