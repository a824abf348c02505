export { DEFAULT_CONFIG_FILE, findConfigFile, parseTomlText, readConfigFile } from "./config-file.ts";
export { DEFAULT_PIXELS, DEFAULTS } from "./defaults.ts";
export { differingSetting } from "./differing-setting.ts";
export { nearestName } from "./name-distance.ts";
export { planAsToml } from "./print-plan.ts";
export { resolvePlan } from "./resolve-plan.ts";
export type {
  ContrastSettings,
  FeatureReverseSettings,
  NeuralCleanseSettings,
  PaperSettings,
  ScanMethod,
  ScanPlan,
  Thresholds,
} from "./scan-plan.ts";
export {
  SETTING_TEXTS,
  type SettingText,
  settingsOfEnvironment,
  settingsOfFlags,
  THRESHOLD_TEXTS,
  variableOf,
} from "./setting-texts.ts";
export type { InputSettings, PixelSettings, ScanSettings } from "./settings.ts";
