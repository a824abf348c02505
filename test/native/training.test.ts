import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AttackSpec } from "../../lib/native/addon.ts";
import { ATTACK_DEFAULTS, trainOnSets } from "../../lib/training/index.ts";
import { PATCH, PLAN, smallSets } from "../unit/training/small-sets.ts";

const SETS = smallSets();
const { target } = PATCH;
const ATTACKS: Record<string, AttackSpec> = {
  badnets: PATCH,
  wanet: { trigger: { kind: "wanet", grid: 5, strength: 2, seed: 3 }, target, ...sharesOf("wanet") },
  "input-aware": {
    trigger: { kind: "input-aware", diversity: 1, density: 0.06, norm: 100, seed: 3 },
    target,
    ...sharesOf("input-aware"),
  },
};

function sharesOf(kind: keyof typeof ATTACK_DEFAULTS) {
  const { rate, crossRatio } = ATTACK_DEFAULTS[kind];
  return { rate, crossRatio };
}

describe("training with the addon", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "drmguard-training-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it.each(Object.keys(ATTACKS))(
    "gives the same files after an interruption, with the attack %s",
    async (kind) => {
      const plan = { ...PLAN, attacks: [ATTACKS[kind] as AttackSpec] };
      await trainOnSets(plan, SETS, { out: join(folder, "whole") });
      const abort = new AbortController();
      const cut = trainOnSets(plan, SETS, {
        out: join(folder, "cut"),
        signal: abort.signal,
        // In the middle of the second of three epochs.
        onProgress: ({ fraction }) => fraction > 0.4 && abort.abort(),
      });
      await expect(cut).rejects.toMatchObject({ code: "ERR_CANCELLED" });
      await trainOnSets(plan, SETS, { out: join(folder, "cut") });
      for (const ending of [".safetensors", ".attack-0.safetensors", ".pt"]) {
        const [whole, resumed] = await Promise.all(
          ["whole", "cut"].map((name) => readFile(join(folder, name + ending))),
        );
        expect(Buffer.compare(whole as Buffer, resumed as Buffer), ending).toBe(0);
      }
    },
  );

  it("gives other weights for another seed", async () => {
    await trainOnSets(PLAN, SETS, { out: join(folder, "one") });
    await trainOnSets({ ...PLAN, seed: PLAN.seed + 1 }, SETS, { out: join(folder, "two") });
    const [one, two] = await Promise.all(
      ["one", "two"].map((name) => readFile(join(folder, `${name}.safetensors`))),
    );
    expect(Buffer.compare(one as Buffer, two as Buffer)).not.toBe(0);
  });
});
