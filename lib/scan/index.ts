export type { ScanLimits } from "./budget.ts";
export { type LoadModelOptions, loadModel, Model, type ModelOrigin, modelOfFile } from "./model.ts";
export type { ProgressListener, ScanProgress } from "./progress.ts";
export { reverseAgain, reverseTriggers } from "./reverse-triggers.ts";
export type { ReversedTrigger } from "./reversed-trigger.ts";
export { type ScanOptions, scan } from "./scan.ts";
