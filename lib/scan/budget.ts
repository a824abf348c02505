/** What a scan may spend; a scan that needs more ends with what it has, marked as incomplete. */
export interface ScanLimits {
  /** Wall time in seconds, counted from the scan's beginning; a step and a probe sweep are not cut short. */
  seconds?: number | undefined;
  /** Optimisation steps, of all inversions together. */
  steps?: number | undefined;
}

/** Keeps the account of one scan. */
export class Budget {
  readonly #limits: ScanLimits;
  readonly #began = performance.now();
  #steps = 0;

  constructor(limits: ScanLimits = {}) {
    this.#limits = limits;
  }

  /** Seconds that are left, never less than 0; null without a limit. */
  get secondsLeft(): number | null {
    const { seconds } = this.#limits;
    return seconds === undefined ? null : Math.max(0, seconds - (performance.now() - this.#began) / 1000);
  }

  /** How many of these steps may still be done; 0 when time or steps are spent. */
  allowed(steps: number): number {
    if (this.secondsLeft === 0) return 0;
    const { steps: limit } = this.#limits;
    return limit === undefined ? steps : Math.min(steps, Math.max(0, limit - this.#steps));
  }

  spend(steps: number): void {
    this.#steps += steps;
  }

  /** Why the scan ended before it had done `planned` steps. */
  reason(planned: number): string {
    const { seconds, steps } = this.#limits;
    const limits = [
      seconds === undefined ? [] : `${seconds} s`,
      steps === undefined ? [] : `${steps} steps`,
    ].flat();
    return `its budget of ${limits.join(" and ")} was spent after ${this.#steps} of ${planned} steps`;
  }
}
