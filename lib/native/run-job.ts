import type { NativeJob } from "./addon.ts";
import { callNative, type JobOptions } from "./call-native.ts";
import { throwIfCancelled } from "./cancellation.ts";

/**
 * Native work to its end: an aborted signal stops it after the step that it is in.
 * @throws ERR_CANCELLED, what the addon throws, and what the listener throws.
 */
export async function runJob<Progress, Result>(
  start: (onProgress: (progress: Progress) => void) => NativeJob<Result>,
  { signal, onProgress }: JobOptions<Progress>,
): Promise<Result> {
  throwIfCancelled(signal);
  let listenerError: { thrown: unknown } | null = null;
  const job = await callNative(() => {
    const started = start((progress) => {
      if (signal?.aborted || listenerError !== null) return;
      try {
        onProgress?.(progress);
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
