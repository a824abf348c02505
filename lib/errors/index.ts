export { ERROR_CODES, type ErrorCode } from "./codes.ts";
export { asDrmGuardError, DrmGuardError, type ErrorContext } from "./drmguard-error.ts";
