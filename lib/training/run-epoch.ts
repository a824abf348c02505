import type { EpochResult, NativeTrainer, TrainingProgress } from "../native/addon.ts";
import { throwIfCancelled } from "../native/cancellation.ts";
import { callNative } from "../native/session.ts";

/**
 * Trains one epoch. An aborted signal ends it after the batch that it is in.
 * @throws ERR_CANCELLED, ERR_NONFINITE, ERR_DEVICE_MEMORY, and what the listener throws.
 */
export async function runEpoch(
  trainer: NativeTrainer,
  onProgress: (progress: TrainingProgress) => void,
  signal?: AbortSignal,
): Promise<EpochResult> {
  throwIfCancelled(signal);
  let listenerError: { thrown: unknown } | null = null;
  const job = await callNative(() => {
    const started = trainer.trainEpoch((progress) => {
      if (signal?.aborted || listenerError !== null) return;
      try {
        onProgress(progress);
      } catch (thrown) {
        // Thrown on, it would only be a warning of Node's: the work stops and the caller gets its own error.
        listenerError = { thrown };
        started.cancel();
      }
    });
    return started;
  });
  const cancel = () => job.cancel();
  if (signal?.aborted) cancel();
  else signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await callNative(() => job.promise);
  } catch (error) {
    throw listenerError === null ? error : (listenerError as { thrown: unknown }).thrown;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
