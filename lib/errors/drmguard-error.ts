import { ERROR_CODES, type ErrorCode } from "./codes.ts";

/** What a caller may add to an error. */
export interface ErrorContext {
  /** What to do about it; the table's remedy for the code when left out. */
  hint?: string;
  /** The error that led to this one. */
  cause?: unknown;
  /** Facts for programs (paths, counts), never needed to understand the message. */
  details?: Record<string, unknown>;
}

/**
 * Every error that DRMGuard throws on purpose.
 * `code` is stable and for programs; `message` says what was expected and what came; `hint` says what to do.
 */
export class DrmGuardError extends Error {
  override readonly name = "DrmGuardError";
  readonly code: ErrorCode;
  readonly hint: string;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.hint = context.hint ?? ERROR_CODES[code].remedy;
    this.details = context.details ?? {};
  }

  /** Plain data for reports. */
  toJSON(): { code: ErrorCode; message: string; hint: string } {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}

/** Wraps anything thrown so that callers meet one error type; DrmGuardErrors pass unchanged. */
export function asDrmGuardError(thrown: unknown, code: ErrorCode = "ERR_INTERNAL"): DrmGuardError {
  if (thrown instanceof DrmGuardError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DrmGuardError(code, message, { cause: thrown });
}
