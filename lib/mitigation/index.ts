export {
  readMitigationCheckpoint,
  requireReplaceableCheckpoint,
  roundSchema,
  runIdentity,
  writeMitigationCheckpoint,
} from "./checkpoint.ts";
export type { FinishedRounds, RoundFacts } from "./method-context.ts";
export {
  type Mitigation,
  type MitigationProgress,
  type MitigationRequest,
  mitigate,
  resumes,
} from "./mitigate.ts";
export type { MitigationImages } from "./mitigation-images.ts";
export {
  FEW_IMAGES,
  MITIGATION_DEFAULTS,
  MITIGATION_METHODS,
  type MitigationMethod,
  type MitigationPlan,
  usualSteps,
} from "./mitigation-plan.ts";
export {
  addVerdict,
  type MitigationFacts,
  type RepairedPaths,
  repairedPaths,
  requirePlace,
  saveRepaired,
} from "./repaired-model.ts";
export { stillThere, strongestPull, type TriggerPull } from "./trigger-pull.ts";
