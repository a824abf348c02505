import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadModelFile, openModel } from "../../lib/models/index.ts";
import type { NativeModel, NativeSession, SessionOptions } from "../../lib/native/addon.ts";
import { callNative } from "../../lib/native/call-native.ts";
import { loadAddon } from "../../lib/native/load-addon.ts";
import { FIXTURES, fixturePath, HOSTILE, referenceArrays } from "../unit/models/model-fixtures.ts";

const reference = referenceArrays();
const { count, channels, size } = FIXTURES;

function array(name: string): Float32Array {
  const values = reference.get(name);
  if (values === undefined) throw new Error(`reference.npz has no ${name}`);
  return values;
}

const plain: SessionOptions = {
  device: "cpu",
  threads: 1,
  count,
  channels,
  height: size,
  width: size,
  pixels: { channelOrder: "rgb", scale: 1, mean: [0], deviation: [1] },
  featureValue: null,
  outputOnly: false,
};

const open = async (path: string): Promise<NativeModel> => openModel(loadAddon(), await loadModelFile(path));

async function withSession<T>(
  path: string,
  options: SessionOptions,
  images: Float32Array,
  use: (session: NativeSession, model: NativeModel) => Promise<T>,
): Promise<T> {
  const model = await open(path);
  try {
    const session = await callNative(() => model.openSession(options, images));
    try {
      return await use(session, model);
    } finally {
      session.dispose();
    }
  } finally {
    model.dispose();
  }
}

/** ‖a − b‖ / ‖b‖ */
function distance(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  let difference = 0;
  let norm = 0;
  for (const [index, value] of b.entries()) {
    difference += ((a[index] ?? Number.NaN) - value) ** 2;
    norm += value ** 2;
  }
  return Math.sqrt(difference / norm);
}

async function expectPythonsValues(session: NativeSession, name: string): Promise<void> {
  const images = array("input");
  expect(distance(await session.predict(images, count), array(`${name}.outputs`))).toBeLessThan(1e-5);
  const gradient = await session.inputGradient(images, count, array(`${name}.weights`));
  expect(distance(gradient, array(`${name}.gradient`))).toBeLessThan(1e-5);
}

const lowered = FIXTURES.models.filter(({ name }) => name !== "control_flow");
const cases = lowered.flatMap((model) => model.files.map(({ file }) => ({ file, model })));

it.each(cases)(
  "$file runs as a program with Python's outputs and input gradients",
  async ({ file, model }) => {
    const options = { ...plain, outputOnly: model.head === null };
    await withSession(fixturePath(file), options, array("input"), async (session, native) => {
      expect(native.describe()).toMatchObject({ execution: "program", executionReason: "" });
      expect(session.facts.outputs).toBe(model.outputs);
      expect(distance(session.facts.benignOutputs, array(`${model.name}.outputs`))).toBeLessThan(1e-5);
      await expectPythonsValues(session, model.name);
    });
  },
);

it.each(cases.filter(({ model }) => model.head !== null))("$file shows its head", async ({ file, model }) => {
  await withSession(fixturePath(file), plain, array("input"), async ({ facts }) => {
    expect(facts.head).toMatchObject(model.head ?? {});
    expect(facts.headReason).toBe("");
  });
});

it.each(cases.filter(({ model }) => model.head === null))(
  "$file has no head, and says so",
  async ({ file }) => {
    await withSession(
      fixturePath(file),
      { ...plain, outputOnly: true },
      array("input"),
      async ({ facts }) => {
        expect(facts.head).toBeNull();
        expect(facts.headReason).not.toBe("");
      },
    );
    const headed = withSession(fixturePath(file), plain, array("input"), async () => {});
    await expect(headed).rejects.toMatchObject({ code: "ERR_HEAD_NOT_FOUND" });
  },
);

describe("a program", () => {
  it("takes other batch sizes than it was exported with", async () => {
    await withSession(fixturePath("vit.pt2"), plain, array("input"), async (session) => {
      const single = array("input").slice(0, channels * size * size);
      const expected = array("vit.outputs").slice(0, session.facts.outputs);
      expect(distance(await session.predict(single, 1), expected)).toBeLessThan(1e-5);
    });
  });

  it("answers the same twice", async () => {
    await withSession(fixturePath("resnet18.pt2"), plain, array("input"), async (session) => {
      const first = await session.predict(array("input"), count);
      expect(await session.predict(array("input"), count)).toEqual(first);
    });
  });

  it("counts its weights", async () => {
    const model = await open(fixturePath("matmul_head.pt2"));
    const entry = FIXTURES.models.find(({ name }) => name === "matmul_head")?.files.at(-1);
    const shapes = Object.values(entry?.weights ?? {}).map(({ shape }) => shape);
    const expected = shapes.reduce(
      (sum, shape) => sum + shape.reduce((product, extent) => product * extent, 1),
      0,
    );
    expect(model.describe().parameters).toBe(expected);
    model.dispose();
  });
});

describe("a model whose way depends on its input", () => {
  it("runs through TorchScript with Python's values and a reason, or is refused", async () => {
    const options = { ...plain, outputOnly: true };
    const outcome = await withSession(
      fixturePath("control_flow.script.pt"),
      options,
      array("input"),
      async (session, native) => {
        const { execution, executionReason } = native.describe();
        expect(execution).toBe("torchscript");
        expect(executionReason).not.toBe("");
        await expectPythonsValues(session, "control_flow");
        return "ran";
      },
    ).catch((error: { code?: string }) => error.code ?? error);
    expect(["ran", "ERR_MODEL_UNSUPPORTED"]).toContain(outcome);
  });
});

describe("hostile models", () => {
  const side = 16;
  const options = { ...plain, count: 8, height: side, width: side, outputOnly: true };
  const images = Float32Array.from(
    { length: 8 * channels * side * side },
    (_, index) => ((index * 7919) % 256) / 255,
  );

  it.each(Object.entries(HOSTILE))("%s is refused", async (file, { code }) => {
    const attempt = withSession(fixturePath(`hostile/${file}`), options, images, async () => {});
    await expect(attempt).rejects.toMatchObject({ code });
  });

  it("had no effect", () => {
    for (const stolen of ["stolen.pt", "stolen-on-load.pt"]) expect(existsSync(stolen)).toBe(false);
  });
});

const shared = process.env.DRMGUARD_SHARED ?? fileURLToPath(new URL("../../../shared", import.meta.url));
const headPose = join(shared, "models", "omz_head_pose_adas_0001.pt");
const absent = existsSync(headPose)
  ? ""
  : " (skipped: set DRMGUARD_SHARED to the folder with models/omz_head_pose_adas_0001.pt)";

describe.skipIf(absent !== "")(`Intel's head pose model${absent}`, () => {
  it("is one program whose linear layer is three heads of 512 features each", async () => {
    const side = 60;
    const options: SessionOptions = {
      ...plain,
      height: side,
      width: side,
      pixels: { channelOrder: "bgr", scale: 255, mean: [0], deviation: [1] },
    };
    const images = Float32Array.from(
      { length: count * channels * side * side },
      (_, index) => ((index * 7919) % 256) / 255,
    );
    await withSession(headPose, options, images, async ({ facts }, model) => {
      expect(model.describe().execution).toBe("program");
      expect(facts.outputs).toBe(3);
      expect(facts.head).toMatchObject({ features: 1536, blocks: 3, form: "linear" });
      // Degrees of yaw, pitch and roll.
      expect(facts.benignOutputs.every((angle) => Math.abs(angle) < 180)).toBe(true);
    });
  });
});
