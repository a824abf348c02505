import type { ScanMethod, Thresholds } from "../config/scan-plan.ts";
import type { Finding } from "../evidence/findings.ts";

export type VerdictLabel = "backdoored" | "clean" | "inconclusive";

/** What the evidence means under given thresholds. */
export interface Verdict {
  label: VerdictLabel;
  method: ScanMethod;
  /**
   * Higher is more suspicious: contrast 1/ρ, drmguard ε/meanL1, neural-cleanse line/mask share, feature-re
   * 2^(line − mixed value). null when the evidence holds no score.
   */
  score: number | null;
  /** The line that decided, on the score's scale: the backdoored line, or the clean line for a clean verdict. */
  threshold: number;
  /** log2(score / backdoored line): +1 is twice the line, −1 half of it. null without a score. */
  margin: number | null;
  /** All lines it was judged by; they may differ from those of the evidence's plan. */
  thresholds: Thresholds;
  /** The attacker's value as recovered, of the most telling of `backdoors`; null unless backdoored. */
  target: number[] | null;
  /** Every backdoor that was found, the most telling first; empty unless backdoored. */
  backdoors: Finding[];
  /** What a reference of benign models says; null without one, or without a score. */
  calibration: Calibration | null;
  /** One sentence for a person. */
  reason: string;
}

/** How a score stands beside those of models that are taken to be benign. */
export interface Calibration {
  /** Conformal: (1 + benign models that score at least as much) / (n + 1). */
  pValue: number;
  /** n. */
  models: number;
  /** α. */
  significance: number;
  /** Whether the reference drew the lines; false with too few models for α. */
  decided: boolean;
}
