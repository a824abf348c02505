import type { ScanEvidence } from "../evidence/schema.ts";
import type { VerdictLabel } from "./verdict.ts";

/** What one method's rule says. */
export interface Decision {
  label: VerdictLabel;
  score: number | null;
  reason: string;
}

export function unscored(evidence: ScanEvidence, why: string): Decision {
  const reason = evidence.complete ? sentence(`there is no score: ${why}`) : incomplete(evidence, why);
  return { label: "inconclusive", score: null, reason };
}

export function incomplete(evidence: ScanEvidence, numbers: string): string {
  const why = evidence.incompleteReason.trim().replace(/\.$/, "");
  return sentence(`the scan was not complete${why === "" ? "" : ` (${why})`}: ${numbers}`);
}

export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Three significant digits, without trailing zeros. */
export function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}
