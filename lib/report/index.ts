export { buildReport, type ReportOrigin } from "./build-report.ts";
export { exitCode, type ReportExitCode } from "./exit-code.ts";
export { renderHtml } from "./html/render-html.ts";
export { type ConsoleStyle, renderConsole } from "./render-console.ts";
export { renderJson } from "./render-json.ts";
export { type ModelEntry, REPORT_SCHEMA_VERSION, type ScanReport } from "./scan-report.ts";
export { writeReport } from "./write-report.ts";
