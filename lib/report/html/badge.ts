import { type Markup, markup } from "../markup.ts";
import type { ModelEntry } from "../scan-report.ts";

/** What a model's entry comes to: its verdict, or why it has none. */
export type EntryState = "backdoored" | "clean" | "inconclusive" | "error" | "skipped";

export function entryState(entry: ModelEntry): EntryState {
  return entry.outcome === "scanned" ? entry.verdict.label : entry.outcome;
}

/** Signs beside the colours, for readers who do not tell these apart. */
const SIGNS: Record<EntryState, string> = {
  backdoored: "▲",
  clean: "✓",
  inconclusive: "?",
  error: "!",
  skipped: "–",
};

/** The state as a coloured word with its sign. */
export function badge(state: EntryState): Markup {
  return markup`<span class="badge ${state}"><span aria-hidden="true">${SIGNS[state]}</span> ${state}</span>`;
}
