import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readZooPlan } from "../../../lib/zoo/index.ts";
import { parseZooPlan } from "../../../lib/zoo/read-plan.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drmguard-plan-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function planOf(toml: string) {
  const path = join(folder, "plan.toml");
  await writeFile(path, toml);
  return readZooPlan(path);
}

const head = 'name = "z"\n[data.render]\ncount = 64\nsize = 16\n';
const conditions = '[[conditions]]\nname = "benign"\nseeds = [0]\n';

describe("readZooPlan", () => {
  it("fills in what a plan leaves out", async () => {
    const plan = await planOf(`${head}${conditions}[[conditions]]
name = "warp"
trigger = "wanet"
seeds = { from = 3, to = 5 }
settings = { strength = 2 }
`);
    expect(plan.data).toEqual({ render: { labels: "gaze", count: 64, people: 1000, size: 16, seed: 101 } });
    expect(plan.training).toEqual({
      architecture: "resnet-tiny",
      head: "linear",
      loss: "l1",
      optimiser: "adamw",
      learningRate: 6e-3,
      weightDecay: 1e-2,
      epochs: 12,
      batchSize: 64,
      heldOutShare: 0.2,
      splitSeed: 1,
    });
    const common = { backdoors: 1, target: "far", adaptiveWeight: 0, training: {} };
    expect(plan.conditions).toEqual([
      { ...common, name: "benign", trigger: null, seeds: [0], rate: 0, crossRatio: 0, settings: {} },
      {
        ...common,
        name: "warp",
        trigger: "wanet",
        seeds: [3, 4, 5],
        rate: 0.15,
        crossRatio: 0.5,
        settings: { strength: 2 },
      },
    ]);
    expect(parseZooPlan(plan, "again")).toEqual(plan);
  });

  it("finds data from the plan's folder", async () => {
    const plan = await planOf(`name = "z"\n[data]\npath = "../faces.npz"\nsize = 64\n${conditions}`);
    expect(plan.data).toEqual({ path: join(folder, "..", "faces.npz"), size: { height: 64, width: 64 } });
  });

  it.each([
    ["conditions.0.trigger", "tigger = 'wanet'", "trigger"],
    ["training.epochs", "[training]\nepoch = 3", "epochs"],
    ["data.render.count", "[data.render]\ncuont = 3", "count"],
    ["conditions.0.training.batchSize", "[conditions.training]\nbatch_size = 3", "batchSize"],
    ["name", "nam = 1", "name"],
  ])("suggests %s for a mistyped key", (key, written, suggestion) => {
    const section = key.split(".").slice(0, -1);
    const value = JSON.parse(JSON.stringify(PLAIN)) as Record<string, unknown>;
    let inner = value;
    for (const step of section) {
      inner[step] ??= {};
      inner = inner[step] as Record<string, unknown>;
    }
    inner[(written.split("\n").at(-1) ?? "").split(" ")[0] ?? ""] = 3;
    expect(() => parseZooPlan(value, "plan")).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG", hint: `Did you mean "${suggestion}"?` }),
    );
  });

  const PLAIN = {
    name: "z",
    data: { render: { count: 64, size: 16 } },
    conditions: [{ name: "benign", seeds: [0] }],
  };
  const attack = { name: "a", trigger: "badnets", seeds: [0] };
  it.each<[string, object, string]>([
    ["no conditions", { conditions: [] }, "conditions"],
    ["no seeds", { conditions: [{ ...attack, seeds: [] }] }, "conditions.0.seeds"],
    ["seeds in reverse", { conditions: [{ ...attack, seeds: { from: 2, to: 1 } }] }, "conditions.0.seeds"],
    ["seeds without end", { conditions: [{ ...attack, seeds: { from: 0, to: 1e9 } }] }, "conditions.0.seeds"],
    ["a seed twice", { conditions: [{ ...attack, seeds: [1, 1] }] }, "seeds"],
    ["a name twice", { conditions: [attack, attack] }, "names"],
    ["a name that is a path", { conditions: [{ ...attack, name: "../a" }] }, "conditions.0.name"],
    [
      "a name like an attack's file",
      { conditions: [{ ...attack, name: "a-1.attack" }] },
      "conditions.0.name",
    ],
    ["an unknown trigger", { conditions: [{ ...attack, trigger: "trojan" }] }, "conditions.0.trigger"],
    ["an unknown target", { conditions: [{ ...attack, target: "nowhere" }] }, "conditions.0.target"],
    [
      "another trigger's setting",
      { conditions: [{ ...attack, settings: { alpha: 1 } }] },
      "conditions.0.settings.alpha",
    ],
    ["a rate of 0", { conditions: [{ ...attack, rate: 0 }] }, "conditions.0.rate"],
    [
      "clean labels with an offset",
      { conditions: [{ ...attack, trigger: "clean-label", target: { offset: [1] } }] },
      "target",
    ],
    ["a benign attack", { conditions: [{ name: "b", seeds: [0], adaptiveWeight: 1 }] }, "conditions.0"],
    [
      "another split for a condition",
      { conditions: [{ ...attack, training: { splitSeed: 2 } }] },
      "splitSeed",
    ],
    ["an unknown architecture", { training: { architecture: "alexnet" } }, "training.architecture"],
    ["two sources of data", { data: { render: { count: 64, size: 16 }, path: "a" } }, "data.path"],
    ["no source of data", { data: {} }, "data.path"],
  ])("refuses %s", (_title, change, key) => {
    expect(() => parseZooPlan({ ...PLAIN, ...change }, "plan")).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG", message: expect.stringContaining(key) }),
    );
  });

  it("names the line of a fault in the TOML, and a file that is not there", async () => {
    await expect(planOf("name = \n")).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: expect.stringContaining("line 1"),
    });
    await expect(readZooPlan(join(folder, "gone.toml"))).rejects.toMatchObject({
      code: "ERR_FILE_NOT_FOUND",
    });
  });

  it.each([
    ["rendered-gaze", 66],
    ["ytf-pose64", 21],
    ["mpiifacegaze", 50],
  ])("reads the repository's plan %s", async (name, models) => {
    const path = fileURLToPath(new URL(`../../../zoo/${name}.toml`, import.meta.url));
    const plan = await readZooPlan(path);
    expect(plan.name).toBe(name);
    expect(plan.conditions.flatMap(({ seeds }) => seeds)).toHaveLength(models);
  });
});
