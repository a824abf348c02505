import type { ContrastSettings } from "../config/scan-plan.ts";

/**
 * Of reference files; a new rule of the score is a new version. 1 held scores of before docs/decisions/0017, 2 of before 0019, 3 of
 * before squares near the mean had a limit of their own (0017 as well), 4 of before 0020.
 */
export const REFERENCE_SCHEMA_VERSION = 5;

/** Scores of presumed-benign models of one task: what a model of that task is held against. Written by `calibrate`. */
export interface BenignReference {
  schemaVersion: typeof REFERENCE_SCHEMA_VERSION;
  tool: { name: "drmguard"; version: string };
  createdAt: string;
  /** Outputs of every model. */
  outputs: number;
  /** The settings that every model was scanned with: other settings give other scores. */
  contrast: ContrastSettings;
  models: ReferenceModel[];
}

export interface ReferenceModel {
  name: string;
  sha256: string;
  /** 1/ρ, as the verdict has it. */
  score: number;
}

/** Lines that a score is held against, with what they promise. */
export interface CalibratedLines {
  /** The smallest score whose p-value is at most the significance. */
  backdoored: number;
  /** The largest score whose p-value is above twice the significance. */
  clean: number;
}

/**
 * The conformal p-value of a score: (1 + benign models that score at least as much) / (n + 1). If the model is benign
 * and exchangeable with those of the reference (same task, trained alike), it is at most α with probability at most α.
 */
export function pValue(benignScores: readonly number[], score: number): number {
  const asHigh = benignScores.filter((benign) => benign >= score).length;
  return (1 + asHigh) / (benignScores.length + 1);
}

/** Fewest benign models with which a p-value can be as small as the significance: 19 for 0.05. */
export function fewestModels(significance: number): number {
  return Math.ceil(1 / significance - ROUNDING) - 1;
}

/**
 * The lines that come to the same as comparing p-values with the significance: backdoored where p ≤ α, clean where
 * p > 2α, inconclusive between.
 * @param significance α in (0, 0.5]: the share of benign models that may be called backdoored.
 * @returns null with fewer models than fewestModels(α): nothing could then be called backdoored.
 */
export function calibratedLines(
  benignScores: readonly number[],
  significance: number,
): CalibratedLines | null {
  const places = benignScores.length + 1;
  const sorted = benignScores.toSorted((a, b) => b - a);
  const above = sorted[Math.floor(significance * places + ROUNDING) - 1];
  const clean = sorted[Math.min(sorted.length, Math.floor(2 * significance * places + ROUNDING)) - 1];
  if (above === undefined || clean === undefined) return null;
  // A score equal to that benign one counts it as being as high: only above it is the p-value small enough.
  return { backdoored: above * (1 + Number.EPSILON), clean };
}

/** 0.05 × 20 is a little more or less than 1 in binary. */
const ROUNDING = 1e-9;
