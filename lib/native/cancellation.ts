import { setMaxListeners } from "node:events";
import { DrmGuardError } from "../errors/index.ts";

export function cancelledError(): DrmGuardError {
  return new DrmGuardError("ERR_CANCELLED", "The work was cancelled before it was complete.");
}

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelledError();
}

/** The same signal, without Node's warning of a leak: every job that runs listens, and a server runs many at once. */
export function heardByManyJobs(signal: AbortSignal): AbortSignal {
  setMaxListeners(0, signal);
  return signal;
}

/**
 * The work's own outcome, or ERR_CANCELLED when it has not settled some time after the signal aborted. The work
 * itself goes on: this is for work that cannot be stopped, or not at once.
 * @param patience milliseconds to wait for the work after the signal.
 */
export async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  patience = 0,
): Promise<T> {
  if (signal === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      timer = setTimeout(() => reject(cancelledError()), patience);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    clearTimeout(timer);
  }
}
