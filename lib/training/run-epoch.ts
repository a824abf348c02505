import type { EpochResult, NativeTrainer, TrainingProgress } from "../native/addon.ts";
import { runJob } from "../native/run-job.ts";

/**
 * Trains one epoch. An aborted signal ends it after the batch that it is in.
 * @throws ERR_CANCELLED, ERR_NONFINITE, ERR_DEVICE_MEMORY, and what the listener throws.
 */
export function runEpoch(
  trainer: NativeTrainer,
  onProgress: (progress: TrainingProgress) => void,
  signal?: AbortSignal,
): Promise<EpochResult> {
  return runJob((progress) => trainer.trainEpoch(progress), { signal, onProgress });
}
