import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { InversionProgress } from "../../lib/native/addon.ts";
import type { Session } from "../../lib/native/session.ts";
import { endlessPlan, openResnetSession, shortPlan } from "./resnet-session.ts";

let session: Session;
beforeAll(async () => {
  session = await openResnetSession();
});
afterAll(() => session.dispose());

/** Runs job-process.ts in a process of its own: a crash there is an exit by signal here. */
function runProcess(way: string) {
  const file = fileURLToPath(new URL("job-process.ts", import.meta.url));
  return spawnSync(process.execPath, ["--import", "tsx", file, way], { encoding: "utf8", timeout: 120_000 });
}

describe("an inversion", () => {
  it("gives bit-equal numbers for equal seeds, on other sessions too", async () => {
    const first = await session.invert(shortPlan);
    const other = await openResnetSession();
    expect(await other.invert(shortPlan)).toEqual(first);
    other.dispose();
    const { outcomes } = await session.invert({ ...shortPlan, seed: 12 });
    expect(outcomes.map(({ cost }) => cost)).not.toEqual(first.outcomes.map(({ cost }) => cost));
  });

  it("returns outcomes, curves and samples of the shapes that were asked for", async () => {
    const result = await session.invert(shortPlan);
    expect(result.outcomes).toHaveLength(2);
    expect(result.triggeredSamples).toHaveLength(2 * 3 * 32 * 32);
    expect(result.triggeredOutputs).toHaveLength(2 * session.facts.outputs);
    expect(result.triggeredSamples.every((pixel) => pixel >= 0 && pixel <= 1)).toBe(true);
    expect([0, 1]).toContain(result.best);
    for (const outcome of result.outcomes) {
      expect(outcome.reached).toBe(outcome.collapse <= 1.25 * 0.02);
      expect(outcome.rav).toHaveLength(session.facts.outputs);
      expect(outcome.target).toHaveLength(session.facts.outputs);
    }
  });

  it("reports progress in order, and the same points as its curve", async () => {
    const seen: InversionProgress[] = [];
    const { curve } = await session.invert(shortPlan, { onProgress: (point) => seen.push(point) });
    expect(seen).toEqual(curve);
    expect(seen.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(seen.every(({ steps, cost }) => steps === 8 && cost.length === 2)).toBe(true);
  });

  it("ends with ERR_CANCELLED when it is aborted, and the session goes on", async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const job = session.invert(endlessPlan, {
      signal: controller.signal,
      onProgress: ({ step }) => {
        seen.push(step);
        controller.abort();
      },
    });
    await expect(job).rejects.toMatchObject({ code: "ERR_CANCELLED" });
    expect(seen).toHaveLength(1);
    await expect(session.invert(shortPlan, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ERR_CANCELLED",
    });
    expect((await session.invert(shortPlan)).outcomes).toHaveLength(2);
  });

  it("gives the same numbers beside another job as alone", async () => {
    const otherPlan = { ...shortPlan, family: "encoder-decoder", seed: 5 } as const;
    const alone = [await session.invert(shortPlan), await session.invert(otherPlan)];
    expect(await Promise.all([session.invert(shortPlan), session.invert(otherPlan)])).toEqual(alone);
  });

  it.each([
    ["no starts", { starts: [] }],
    ["no steps", { steps: 0 }],
    ["a batch of one image", { batchSize: 1 }],
    ["a sample that is not there", { samples: [24] }],
    [
      "a target of another width",
      {
        starts: [
          { target: [1, 2, 3], walk: "still" as const, patch: null, wave: null, content: null, reference: 1 },
        ],
      },
    ],
  ])("refuses %s", async (_, change) => {
    await expect(session.invert({ ...shortPlan, ...change })).rejects.toMatchObject({ code: "ERR_CONFIG" });
  });
});

describe("a disposed session", () => {
  it("refuses new work", async () => {
    const own = await openResnetSession();
    own.dispose();
    own.dispose();
    await expect(own.invert(shortPlan)).rejects.toMatchObject({ code: "ERR_DISPOSED" });
    const probe = { images: 4, sizes: [8], keep: 1, leastOffset: null, seed: 1, threads: 1 };
    await expect(own.probe(probe)).rejects.toMatchObject({ code: "ERR_DISPOSED" });
  });

  it("lets the job that runs finish", async () => {
    const own = await openResnetSession();
    const job = own.invert(shortPlan);
    own.dispose();
    expect(await job).toEqual(await session.invert(shortPlan));
  });
});

describe("a process with a running inversion", () => {
  it("exits at once with its own status", () => {
    const { status, signal, stderr } = runProcess("exit");
    expect({ status, signal, stderr }).toEqual({ status: 7, signal: null, stderr: "" });
  });

  it("survives the end of the worker thread that started it", () => {
    const { status, signal, stdout, stderr } = runProcess("terminate");
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
    expect(stdout).toBe("worker ended with 1\n2 outcomes afterwards\n");
  });
});
