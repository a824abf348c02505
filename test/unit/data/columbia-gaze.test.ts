import { describe, expect, it } from "vitest";
import { loadDataSet } from "../../../lib/data/index.ts";
import { expectRefusal } from "../images/fixture.ts";
import { pattern, planes, writePicture, writeUnder } from "./published-sets.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
const size = { height: 4, width: 5 };

const PUBLISHED: [string, string, number[]][] = [
  ["0001", "0001_2m_0P_0V_0H.jpg", [0, 0, 0]],
  ["0001", "0001_2m_-15P_-10V_5H.jpg", [-15, -10, 5]],
  ["0012", "0012_2m_30P_10V_-15H.jpg", [30, 10, -15]],
];

async function writeSet(perSubject: boolean) {
  for (const [at, [subject, name]] of PUBLISHED.entries()) {
    await writePicture(folder.path, perSubject ? `${subject}/${name}` : name, pattern(4, 5, at), 4, 5);
  }
}

describe("Columbia Gaze as published", () => {
  it.each([true, false])("gives angles and subjects from the names (folders: %s)", async (perSubject) => {
    await writeSet(perSubject);
    await writeUnder(folder.path, "readme.txt", "as published");
    const data = await loadDataSet(folder.path, { size });
    expect(data).toMatchObject({ kind: "columbia-gaze", unit: "degrees", count: 3 });
    expect(data.labelNames).toEqual(["headPose", "vertical", "horizontal"]);
    expect([...data.labels]).toEqual(PUBLISHED.flatMap(([, , angles]) => angles));
    expect([data.subjectNames, [...(data.subjects ?? [])]]).toEqual([
      ["0001", "0012"],
      [0, 0, 1],
    ]);
    expect([...data.pixels]).toEqual([0, 1, 2].flatMap((seed) => planes(pattern(4, 5, seed))));
  });

  it("chooses gaze alone, in any order", async () => {
    await writeSet(true);
    const data = await loadDataSet(folder.path, { size, labels: ["horizontal", "vertical"] });
    expect([...data.labels]).toEqual([0, 0, 5, -10, -15, 10]);
  });

  it("needs a size", async () => {
    await writeSet(true);
    await expectRefusal(loadDataSet(folder.path), "ERR_IMAGES_MIXED_SIZES", "size");
  });
});

describe("broken Columbia Gaze", () => {
  it("refuses a picture whose name lacks an angle", async () => {
    await writeSet(true);
    await writePicture(folder.path, "0012/0012_2m_0P_10V.jpg", pattern(4, 5, 1), 4, 5);
    await expectRefusal(loadDataSet(folder.path, { size }), "ERR_IMAGES_FORMAT", "0012_2m_0P_10V.jpg");
  });

  it("refuses another subject's picture in a subject's folder", async () => {
    await writeSet(true);
    await writePicture(folder.path, "0012/0001_2m_0P_10V_0H.jpg", pattern(4, 5, 1), 4, 5);
    await expectRefusal(loadDataSet(folder.path, { size }), "ERR_IMAGES_FORMAT", "0012", "0001_2m");
  });

  it("refuses a picture that cannot be decoded, naming it", async () => {
    await writeSet(true);
    await writeUnder(folder.path, "0001/0001_2m_0P_0V_0H.jpg", "no picture");
    await expectRefusal(loadDataSet(folder.path, { size }), "ERR_IMAGES_UNREADABLE", "0001_2m_0P_0V_0H.jpg");
  });
});
