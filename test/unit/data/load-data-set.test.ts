import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type DataSetOptions, loadDataSet } from "../../../lib/data/index.ts";
import { expectRefusal } from "../images/fixture.ts";
import { npzOf, pattern, writePicture, writeUnder } from "./published-sets.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
const COUNT = 10;

beforeEach(async () => {
  const rows = Array.from({ length: COUNT }, (_, at) => `${at}.png,${at}`);
  for (let at = 0; at < COUNT; at++) {
    await writePicture(folder.path, `${at}.png`, pattern(2, 3, at), 2, 3);
  }
  await writeUnder(folder.path, "labels.csv", ["file,age", ...rows].join("\n"));
});

describe("reading any data set", () => {
  it("spreads a limit evenly, at floor(i·N/limit)", async () => {
    const data = await loadDataSet(folder.path, { limit: 4 });
    expect([...data.labels]).toEqual([0, 2, 5, 7]);
  });

  it("stops between images when it is cancelled", async () => {
    const controller = new AbortController();
    controller.abort();
    const reading = loadDataSet(folder.path, { signal: controller.signal });
    await expectRefusal(reading, "ERR_CANCELLED", folder.path);
  });

  it("stops in the middle when it is cancelled there", async () => {
    const controller = new AbortController();
    let asked = 0;
    Object.defineProperty(controller.signal, "aborted", { get: () => ++asked > COUNT + 3 });
    await expectRefusal(loadDataSet(folder.path, { signal: controller.signal }), "ERR_CANCELLED");
    expect(asked).toBeLessThan(2 * COUNT);
  });

  const wrong: [DataSetOptions, string][] = [
    [{ limit: 0 }, "limit"],
    [{ size: { height: 0, width: 3 } }, "height"],
    [{ channels: 2 as never }, "channels"],
    [{ labels: [] }, "label"],
    [{ labels: ["age", "age"] }, "different"],
    [{ labels: ["weight"] }, "age"],
    [{ kind: "rendered" }, "mpiifacegaze"],
    [{ kind: "toString" as never }, "toString"],
  ];
  it.each(wrong)("refuses the options %j", async (options, text) => {
    await expectRefusal(loadDataSet(folder.path, options), "ERR_CONFIG", text);
  });

  it("refuses what would not fit before it reads any image", async () => {
    const size = { height: 16_384, width: 16_384 };
    for (let at = 0; at < 20; at++) await writeUnder(folder.path, `columbia/0001_2m_0P_0V_${at}H.jpg`, "");
    const reading = loadDataSet(join(folder.path, "columbia"), { size });
    await expectRefusal(reading, "ERR_IMAGES_TOO_LARGE", "GiB", "columbia");
  });

  it("says what it looked for where there is no data set", async () => {
    await writeUnder(folder.path, "empty/notes.txt", "");
    const texts = ["labels.csv", "p00.mat", "0001_2m", "pose.txt", "data.json", "jpeg"];
    await expectRefusal(loadDataSet(join(folder.path, "empty")), "ERR_IMAGES_FORMAT", "empty", ...texts);
    await expectRefusal(loadDataSet(join(folder.path, "0.png")), "ERR_IMAGES_FORMAT", "0.png", "labels.csv");
    await expectRefusal(loadDataSet(join(folder.path, "none")), "ERR_FILE_NOT_FOUND", "none");
  });

  it.each(["folder", "mpiifacegaze", "columbia-gaze", "biwi", "pandora", "npz", "packed-jpeg"] as const)(
    "names a path that is not there (%s)",
    async (kind) => {
      await expectRefusal(loadDataSet(join(folder.path, "none"), { kind }), "ERR_FILE_NOT_FOUND", "none");
    },
  );

  it.each(["mpiifacegaze", "columbia-gaze", "biwi", "pandora"] as const)(
    "finds no images of another kind (%s)",
    async (kind) => {
      await writeUnder(folder.path, "empty/notes.txt", "");
      const reading = loadDataSet(join(folder.path, "empty"), { kind, size: { height: 2, width: 2 } });
      await expectRefusal(reading, "ERR_IMAGES_TOO_FEW", "empty");
    },
  );

  it("has one SHA-256 for one set, however it is stored", async () => {
    const data = await loadDataSet(folder.path);
    const images = { dtype: "|u1", shape: [COUNT, 3, 2, 3], data: data.pixels };
    const labels = { dtype: "<i8", shape: [COUNT], data: BigInt64Array.from([...data.labels], BigInt) };
    await writeUnder(folder.path, "set.npz", npzOf({ images, labels }));
    const path = join(folder.path, "set.npz");
    const size = { height: 2, width: 4 };
    const wide = await loadDataSet(folder.path, { size });
    const shape = [COUNT, 3, 2, 4];
    await writeUnder(
      folder.path,
      "set.npz",
      npzOf({ images: { ...images, shape, data: wide.pixels }, labels }),
    );
    expect((await loadDataSet(path)).sha256).toBe(wide.sha256);
  });
});
