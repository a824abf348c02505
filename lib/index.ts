/**
 * DRMGuard as a library: find backdoors in deep regression models.
 *
 * @example
 * import { judge, loadImages, loadModel, scan } from "drmguard";
 *
 * using model = await loadModel("gaze.pt");
 * const images = await loadImages("benign/", { size: { height: 64, width: 64 } });
 * const evidence = await scan(model, images, { signal: AbortSignal.timeout(600_000) });
 * const verdict = judge(evidence);
 * console.log(verdict.label, verdict.score, verdict.reason);
 *
 * @module
 */
export {
  type ContrastSettings,
  type InputSettings,
  type PaperSettings,
  type PixelSettings,
  resolvePlan,
  type ScanMethod,
  type ScanPlan,
  type ScanSettings,
  type Thresholds,
} from "./config/index.ts";
export { DrmGuardError, ERROR_CODES, type ErrorCode, type ErrorContext } from "./errors/index.ts";
export { parseEvidence, type RecordedModel, readEvidenceFile } from "./evidence/read-evidence.ts";
export {
  EVIDENCE_SCHEMA_VERSION,
  evidenceSchema,
  type InversionEvidence,
  type ScanEvidence,
} from "./evidence/schema.ts";
export {
  type ArrayLayout,
  type ImageArray,
  type ImageBatch,
  type ImageOptions,
  imagesFromArray,
  loadImages,
  PIXEL_PRESETS,
  type PixelPreset,
} from "./images/index.ts";
export {
  MITIGATION_DEFAULTS,
  type Mitigation,
  type MitigationImages,
  type MitigationMethod,
  type MitigationPlan,
  type MitigationProgress,
  type MitigationRequest,
  mitigate,
  usualSteps,
} from "./mitigation/index.ts";
export { loadModelFile, type ModelFile } from "./models/index.ts";
export type { ModelDescription, PixelTransform } from "./native/addon.ts";
export {
  buildReport,
  type ModelEntry,
  renderConsole,
  renderHtml,
  renderJson,
  type ScanReport,
  writeReport,
} from "./report/index.ts";
export {
  type LoadModelOptions,
  loadModel,
  type Model,
  type ModelOrigin,
  type ProgressListener,
  type ScanLimits,
  type ScanOptions,
  type ScanProgress,
  scan,
} from "./scan/index.ts";
export { judge } from "./verdict/judge.ts";
export { judgeAgainst } from "./verdict/judge-against.ts";
export { makeReference } from "./verdict/make-reference.ts";
export { readReference } from "./verdict/read-reference.ts";
export type { BenignReference, ReferenceModel } from "./verdict/reference.ts";
export type { Calibration, Verdict, VerdictLabel } from "./verdict/verdict.ts";
