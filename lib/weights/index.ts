export {
  ARCHITECTURE_KEY,
  ARCHITECTURE_NAMES,
  architectureMetadata,
  architectureOf,
  architectureSchema,
  HEADS,
} from "./architecture-metadata.ts";
export { type CheckpointKind, openCheckpointFile } from "./checkpoint-file.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensorsFile,
  type SafetensorsContent,
  writeSafetensorsFile,
} from "./safetensors.ts";
export { readHeader } from "./safetensors-header.ts";
export { floatsOf } from "./tensor-floats.ts";
