import { DrmGuardError, ERROR_CODES, type ErrorCode } from "../errors/index.ts";

/** How a caller follows and stops native work. */
export interface JobOptions<Progress> {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** Turns what the addon throws into the error that users meet: its `code` decides. */
export function fromNativeError(thrown: unknown): DrmGuardError {
  if (thrown instanceof DrmGuardError) return thrown;
  const code = (thrown as { code?: unknown } | null)?.code;
  const known = typeof code === "string" && Object.hasOwn(ERROR_CODES, code);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DrmGuardError(known ? (code as ErrorCode) : "ERR_INTERNAL", message, { cause: thrown });
}

/** Calls into the addon; whatever it throws or rejects with arrives as a DrmGuardError. */
export async function callNative<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw fromNativeError(thrown);
  }
}
