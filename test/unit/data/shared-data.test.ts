import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { loadDataSet, splitByPerson } from "../../../lib/data/index.ts";

const FOLDER = join(process.env.DRMGUARD_SHARED ?? resolve("../shared"), "data");

/** Read once with numpy and Pillow from the three files. */
const SETS = [
  {
    name: "utk_gaze_eyes",
    shape: [3520, 3, 48, 96],
    first: [3.176220178604126, -1.6516854763031006],
    row1000: [-2.61557674407959, 18.0035343170166],
    labelMeans: [1.8926162475458113, -0.7189016605673301],
    pixelMean1000: 126.77994791666667,
    persons: null,
    other: { name: "headpose", row1000: [5.157292366027832, -1.6054601669311523, -2.562837600708008] },
  },
  {
    name: "yaleb_light64",
    shape: [2414, 1, 64, 64],
    first: [0, 0],
    row1000: [0, -95],
    labelMeans: [6.369096934548467, 0.05178127589063795],
    pixelMean1000: 46.6630859375,
    persons: { count: 38, first: "1", imagesOfFirst: 64 },
    other: null,
  },
  {
    name: "ytf_pose64",
    shape: [4232, 3, 64, 64],
    first: [-7.109477519989014, 2.340529203414917, -6.1565961837768555],
    row1000: [2.1424529552459717, 9.101003646850586, -2.0611894130706787],
    labelMeans: [-3.7628526472277106, 0.5879486110822048, -1.0216133218115686],
    pixelMean1000: 125.98917643229167,
    persons: { count: 347, first: "226", imagesOfFirst: 11 },
    other: {
      name: "landmarks",
      row1000: [0.12962962687015533, 0.3597519099712372, 0.1508949100971222, 0.4731667637825012],
    },
  },
] as const;

for (const expected of SETS) {
  const path = join(FOLDER, `${expected.name}.jpk.npz`);
  const absent = !existsSync(path);
  const note = absent ? " (skipped: not found; set DRMGUARD_SHARED)" : "";
  describe.skipIf(absent)(`${expected.name}${note}`, () => {
    it("has the pictures, labels and persons that numpy reads", { timeout: 60_000 }, async () => {
      const { other } = expected;
      // Decoded once only: the other labels come behind the default ones.
      const data = await loadDataSet(path, other === null ? {} : { labels: ["labels", other.name] });
      const { count, channels, height, width, labels, labelNames } = data;
      expect([count, channels, height, width]).toEqual(expected.shape);
      const columns = labelNames.length;
      expect([...labels.subarray(0, expected.first.length)]).toEqual(expected.first);
      const row1000 = [...expected.row1000, ...(other?.row1000 ?? [])];
      expect([...labels.subarray(1000 * columns, 1000 * columns + row1000.length)]).toEqual(row1000);
      expect(labelNames[expected.first.length]).toBe(other === null ? undefined : `${other.name}.0`);
      for (const [column, mean] of expected.labelMeans.entries()) {
        const values = labels.filter((_, at) => at % columns === column);
        expect(values.reduce((sum, value) => sum + value, 0) / count).toBeCloseTo(mean, 3);
      }
      const length = channels * height * width;
      const picture = data.pixels.subarray(1000 * length, 1001 * length);
      expect(picture.reduce((sum, value) => sum + value, 0) / length).toBeCloseTo(expected.pixelMean1000, 0);
      if (expected.persons === null) expect(data.subjects).toBeNull();
      else {
        expect(data.subjectNames.length).toBe(expected.persons.count);
        const person = data.subjects?.[0] as number;
        expect(data.subjectNames[person]).toBe(expected.persons.first);
        expect(data.subjects?.filter((each) => each === person).length).toBe(expected.persons.imagesOfFirst);
      }
      const { training, heldOut } = splitByPerson(data, { heldOutShare: 0.2, seed: 1 });
      expect(heldOut.length / count).toBeGreaterThanOrEqual(0.2 - 0.5 / count);
      expect(heldOut.length / count).toBeLessThan(0.23);
      expect(training.length + heldOut.length).toBe(count);
    });
  });
}
