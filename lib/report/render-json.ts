import type { ScanReport } from "./scan-report.ts";

// JSON leaves these as they are, but a terminal acts on some of them.
const TERMINAL_CONTROLS = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** The whole report as indented JSON that ends in a newline; `judge` reads it again. */
export function renderJson(report: ScanReport): string {
  const json = JSON.stringify(report, null, 2).replace(
    TERMINAL_CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${json}\n`;
}
