import { describe, expect, it } from "vitest";
import { ProgressBar, type ProgressStyle, progressText } from "../../../lib/cli/progress-bar.ts";
import type { ScanProgress } from "../../../lib/scan/index.ts";

const step = (done: number): ScanProgress => ({
  stage: "inversion",
  done,
  total: 100,
  fraction: done / 100,
  cost: 0.00412,
  collapse: 0.0312,
  rav: 0.12,
});

/** A bar on a stream that remembers, at a clock that the test turns. */
function barOf(style: ProgressStyle, columns = 200) {
  const written: string[] = [];
  const clock = { now: 0 };
  const stream = { columns, write: (text: string) => written.push(text) };
  const bar = new ProgressBar(stream, style, () => clock.now);
  return { bar, written, clock };
}

describe("progressText", () => {
  it("shows stage, steps, measurements and the time left", () => {
    expect(progressText(step(25), 30)).toBe(
      `${"█".repeat(5)}${"░".repeat(15)}  inversion 25/100  cost 0.0041  collapse 0.031  RAV 0.120  1:30 left`,
    );
  });

  it("shows the loss of a training, and what is being worked on", () => {
    expect(progressText({ stage: "train", done: 1, total: 2, fraction: 0.5, loss: 0.12345 }, 2)).toBe(
      `${"█".repeat(10)}${"░".repeat(10)}  train 1/2  loss 0.123  0:02 left`,
    );
    expect(progressText({ stage: "models", done: 0, total: 2, fraction: 0, note: "a-0, b-1" }, 0)).toBe(
      `${"░".repeat(20)}  models 0/2  a-0, b-1`,
    );
  });

  it("leaves out what there is none of", () => {
    expect(progressText({ stage: "load", done: 0, total: 1, fraction: 0 }, 3)).toBe(
      `${"░".repeat(20)}  load 0/1`,
    );
    expect(progressText({ stage: "load", done: 2, total: 2, fraction: 1 }, 3)).toBe(
      `${"█".repeat(20)}  load 2/2`,
    );
  });
});

describe("ProgressBar", () => {
  it("redraws one line in place, not more often than a person can read", () => {
    const { bar, written, clock } = barOf("line");
    bar.begin("[1/2] a.pt");
    bar.update(step(1));
    clock.now = 50;
    bar.update(step(2));
    clock.now = 120;
    bar.update(step(3));
    expect(written).toHaveLength(2);
    expect(written[1]?.startsWith("\r\u001b[2K[1/2] a.pt  ")).toBe(true);
    expect(written.join("")).not.toContain("\n");
    bar.clear();
    bar.clear();
    expect(written.at(-1)).toBe("\r\u001b[2K");
    expect(written).toHaveLength(3);
  });

  it("never wraps the line", () => {
    const { bar, written } = barOf("line", 40);
    bar.begin("[1/2] a-model-with-a-long-name.pt");
    bar.update(step(1));
    expect(written[0]?.replace("\r\u001b[2K", "").length).toBeLessThan(40);
  });

  it("writes a plain line every few seconds, and one for each stage", () => {
    const { bar, written, clock } = barOf("log");
    bar.begin("a.pt");
    bar.update({ stage: "load", done: 0, total: 1, fraction: 0 });
    for (let done = 1; done <= 100; done++) {
      clock.now = done * 200;
      bar.update(step(done));
    }
    bar.clear();
    expect(written.map((line) => /(load|inversion) \d+/.exec(line)?.[0])).toEqual([
      "load 0",
      "inversion 1",
      "inversion 26",
      "inversion 51",
      "inversion 76",
    ]);
    expect(written.every((line) => line.endsWith("\n"))).toBe(true);
    expect(written.join("")).not.toContain("\u001b");
  });

  it("says nothing when it is to be silent", () => {
    const { bar, written } = barOf("silent");
    bar.begin("a.pt");
    bar.update(step(5));
    bar.clear();
    expect(written).toEqual([]);
  });

  it("makes a model's name safe to show", () => {
    const { bar, written } = barOf("log");
    bar.begin("evil\u001b[2J.pt");
    bar.update(step(1));
    expect(written.join("")).not.toContain("\u001b");
  });
});
