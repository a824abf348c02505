import { describe, expect, it } from "vitest";
import { textTable } from "../../../lib/cli/text-table.ts";
import { planForSets, type TrainFlags, trainRequest } from "../../../lib/cli/train-request.ts";
import { smallSets } from "../training/small-sets.ts";

const FLAGS: TrainFlags = {
  data: "faces.npz",
  architecture: "resnet-tiny",
  head: "linear",
  epochs: "12",
  batchSize: "64",
  learningRate: "6e-3",
  weightDecay: "1e-2",
  optimiser: "adamw",
  loss: "l1",
  heldOut: "0.2",
  splitSeed: "1",
  seed: "3",
  out: "gaze.pt",
  device: "cpu",
  threads: "1",
  progress: true,
};
const requestOf = (flags: Partial<TrainFlags> = {}) => trainRequest({ ...FLAGS, ...flags });

describe("trainRequest", () => {
  it("reads where the images are", () => {
    expect(requestOf({ labels: "pitch, yaw", size: "64x48", limit: "500" }).data).toEqual({
      path: "faces.npz",
      options: { labels: ["pitch", "yaw"], size: { height: 64, width: 48 }, limit: 500 },
    });
    expect(requestOf({ data: "rendered" }).data).toEqual({
      render: { labels: "gaze", count: 12_000, people: 1000, size: 48, seed: 101 },
    });
    const rendered = requestOf({ data: "rendered", labels: "head-pose", size: "32", limit: "64" });
    expect(rendered.data).toMatchObject({ render: { labels: "head-pose", count: 64, size: 32 } });
  });

  it("reads an attack, whose seed is the model's unless it is named", () => {
    expect(requestOf().attack).toBeNull();
    expect(requestOf({ attack: "wanet" }).attack).toMatchObject({
      condition: { trigger: "wanet", target: "far" },
      seed: 3,
    });
    const named = { target: "-0.3,0.5", rate: "0.2", attackSeed: "9", attackSetting: ["size=5", "top=0"] };
    expect(requestOf({ attack: "badnets", ...named }).attack).toMatchObject({
      condition: { target: { fixed: [-0.3, 0.5] }, rate: 0.2, settings: { size: 5, top: 0 } },
      seed: 9,
    });
    expect(requestOf({ attack: "badnets", offset: "0.1,-0.2" }).attack?.condition.target).toEqual({
      offset: [0.1, -0.2],
    });
  });

  it.each<[string, Partial<TrainFlags>]>([
    ["--seed", { seed: "-1" }],
    ["--epochs", { epochs: "1.5" }],
    ["--learning-rate", { learningRate: "fast" }],
    ["--held-out", { heldOut: "1" }],
    ["--size", { size: "64by64" }],
    ["--size", { data: "rendered", size: "64x48" }],
    ["--labels", { data: "rendered", labels: "age" }],
    ["--mirror", { mirror: "1,x" }],
    ["--target", { target: "far" }],
    ["--attack-seed", { attackSeed: "1" }],
    ["--adaptive", { adaptive: "1" }],
    ["--target", { attack: "badnets", target: "near" }],
    ["--offset", { attack: "badnets", target: "far", offset: "1,2" }],
    ["--attack-setting", { attack: "badnets", attackSetting: ["size"] }],
    ["--threads", { threads: "" }],
  ])("names %s when it is wrong: %j", (flag, flags) => {
    expect(() => requestOf(flags)).toThrow(
      expect.objectContaining({ code: "ERR_USAGE", message: expect.stringContaining(flag) }),
    );
  });
});

describe("planForSets", () => {
  it("takes the shape and the number of outputs from the images", () => {
    const plan = planForSets(requestOf({ attack: "badnets", mirror: "1,-1" }), smallSets());
    expect(plan.architecture).toEqual({
      name: "resnet-tiny",
      head: "linear",
      outputs: 2,
      channels: 3,
      height: 16,
      width: 16,
    });
    expect(plan).toMatchObject({ mirror: [1, -1], seed: 3, epochs: 12, batchSize: 64, threads: 1 });
    expect(plan.attacks).toHaveLength(1);
  });

  it("wants one mirror factor per label", () => {
    expect(() => planForSets(requestOf({ mirror: "1" }), smallSets())).toThrow(
      "--mirror: expected 2 factors",
    );
  });
});

describe("textTable", () => {
  it("aligns the first column to the left and numbers to the right", () => {
    expect(
      textTable([
        ["a", "bb", "c"],
        ["long", "1", "23"],
      ]),
    ).toBe("a     bb   c\nlong   1  23\n");
    expect(textTable([["a\u001b[31m", "b"]])).not.toContain("\u001b");
  });
});
