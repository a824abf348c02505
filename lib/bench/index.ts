export type { BenchProgress } from "./bench-jobs.ts";
export { benchImages, benchPlans, conditionsOfZoo, methodsOfList } from "./identify/bench-plans.ts";
export {
  type Identification,
  type IdentificationRow,
  type IdentifiedModel,
  identificationSchema,
  SCAN_METHODS,
} from "./identify/identification.ts";
export { renderIdentifyHtml } from "./identify/render-html.ts";
export { renderIdentifyMarkdown } from "./identify/render-markdown.ts";
export { type IdentifyRequest, runIdentify } from "./identify/run-identify.ts";
export { benignModels } from "./mitigate/benign-reference.ts";
export { FEWEST_GIVEN, GIVEN_IMAGES, type ImageParts, imageParts } from "./mitigate/image-parts.ts";
export { mitigationMethodsOfList } from "./mitigate/methods-of-list.ts";
export { type MitigationBench, mitigationBenchSchema } from "./mitigate/mitigation-bench.ts";
export { renderMitigateHtml } from "./mitigate/render-html.ts";
export { renderMitigateMarkdown } from "./mitigate/render-markdown.ts";
export { type MitigateBenchRequest, runMitigate } from "./mitigate/run-mitigate.ts";
export { type AttackTable, attackTableSchema } from "./rav/attack-table.ts";
export { renderRavHtml } from "./rav/render-html.ts";
export { renderRavMarkdown } from "./rav/render-markdown.ts";
export { runRav } from "./rav/run-rav.ts";
