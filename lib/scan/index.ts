export type { ScanLimits } from "./budget.ts";
export { type LoadModelOptions, loadModel, Model, type ModelOrigin } from "./model.ts";
export type { ProgressListener, ScanProgress } from "./progress.ts";
export { type ScanOptions, scan } from "./scan.ts";
