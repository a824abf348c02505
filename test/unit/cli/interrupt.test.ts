import { afterEach, describe, expect, it, vi } from "vitest";
import { BenchJobs } from "../../../lib/bench/bench-jobs.ts";
import { listenForInterrupt } from "../../../lib/cli/interrupt.ts";
import { Messages } from "../../../lib/cli/terminal.ts";

/** More than the ten that Node warns of. */
const JOBS = 64;

describe("many jobs at once", () => {
  const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  afterEach(() => warnings.mockClear());

  /** Warnings about listeners while so many listen. */
  function warningsOf(signal: AbortSignal): unknown[] {
    const listeners = Array.from({ length: JOBS }, () => () => {});
    for (const listener of listeners) signal.addEventListener("abort", listener);
    return warnings.mock.calls;
  }

  it("listen to an interrupt without a warning", () => {
    const interrupt = listenForInterrupt(new Messages({ quiet: true, verbose: false }));
    expect(warningsOf(interrupt.signal)).toEqual([]);
    interrupt.dispose();
  });

  it("listen to the end of a bench without a warning", () => {
    const size = { total: JOBS, done: 0, jobs: JOBS, signal: undefined, onProgress: undefined };
    expect(warningsOf(new BenchJobs(size).signal)).toEqual([]);
  });

  it("are warned of where nobody said that they are many", () => {
    expect(warningsOf(new AbortController().signal)).not.toEqual([]);
  });
});
