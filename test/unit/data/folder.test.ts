import { symlink } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCsv } from "../../../lib/data/csv.ts";
import { loadDataSet } from "../../../lib/data/index.ts";
import { expectRefusal } from "../images/fixture.ts";
import { pattern, planes, writePicture, writeUnder } from "./published-sets.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
const table = (text: string) => writeUnder(folder.path, "labels.csv", text);

async function writePictures() {
  await writePicture(folder.path, "a, b.png", pattern(4, 5, 1), 4, 5);
  await writePicture(folder.path, "sub/2.png", pattern(4, 5, 2), 4, 5);
}

describe("a folder with labels.csv", () => {
  it("gives pictures in the table's order, labels and persons", async () => {
    await writePictures();
    await table('file,subject,pitch,"ya""w"\r\nsub/2.png,Anna,1.5,-2e-1\r\n"a, b.png","B, C",3,.25\r\n');
    const data = await loadDataSet(folder.path);
    expect(data).toMatchObject({ kind: "folder", unit: "unknown", count: 2, height: 4, width: 5 });
    expect(data.labelNames).toEqual(["pitch", 'ya"w']);
    expect([...data.labels]).toEqual([1.5, Math.fround(-0.2), 3, 0.25]);
    expect([data.subjectNames, [...(data.subjects ?? [])]]).toEqual([
      ["Anna", "B, C"],
      [0, 1],
    ]);
    expect([...data.pixels]).toEqual([2, 1].flatMap((seed) => planes(pattern(4, 5, seed))));
  });

  it("does without persons, and sees grey among colour as colour", async () => {
    await writePictures();
    await writePicture(folder.path, "grey.png", pattern(4, 5, 3, 1), 4, 5);
    await table("file,age\ngrey.png,30\nsub/2.png,40");
    const data = await loadDataSet(folder.path);
    expect([data.subjects, data.channels]).toEqual([null, 3]);
    const grey = [...pattern(4, 5, 3, 1)];
    expect([...data.pixels.subarray(0, 60)]).toEqual([...grey, ...grey, ...grey]);
    await table("file,age\ngrey.png,30\n");
    expect((await loadDataSet(folder.path)).channels).toBe(1);
    await expectRefusal(loadDataSet(folder.path, { channels: 3 }), "ERR_IMAGES_CHANNELS", "grey");
  });

  it("needs a size where pictures differ", async () => {
    await writePictures();
    await writePicture(folder.path, "tall.png", pattern(8, 5, 3), 8, 5);
    await table("file,age\ntall.png,30\nsub/2.png,40\n");
    await expectRefusal(loadDataSet(folder.path), "ERR_IMAGES_MIXED_SIZES", "size");
    const data = await loadDataSet(folder.path, { size: { height: 4, width: 5 } });
    expect([...data.pixels.subarray(60)]).toEqual(planes(pattern(4, 5, 2)));
  });

  it.each([
    ["no header", "sub/2.png,1\n", "file,subject"],
    ["no labels", "file,subject\nsub/2.png,Anna\n", "name1"],
    ["a name twice", "file,age,age\nsub/2.png,1,2\n", "different names"],
    ["a missing label", "file,age\nsub/2.png\n", "row 2"],
    ["an empty label", "file,age\nsub/2.png,\n", "row 2"],
    ["a word as label", "file,age\nsub/2.png,old\n", "age"],
    ["NaN as label", "file,age\nsub/2.png,NaN\n", "age"],
    ["an endless label", "file,age\nsub/2.png,1e999\n", "age"],
    ["an empty subject", "file,subject,age\nsub/2.png,,3\n", "subject"],
    ["an open quote", 'file,age\n"sub/2.png,3\n', "closing quote"],
    ["a path upwards", "file,age\n../labels.csv,3\n", "leads out"],
    ["a path up and down", "file,age\nsub/../../x.png,3\n", "leads out"],
    ["an absolute path", "file,age\n/etc/hostname,3\n", "leads out"],
    ["a folder as file", "file,age\nsub,3\n", "no regular file"],
  ])("refuses %s", async (_, text, said) => {
    await writePictures();
    await table(text);
    await expectRefusal(loadDataSet(folder.path), "ERR_IMAGES_FORMAT", said, folder.path);
  });

  it("refuses a link out of the folder, a missing file and no picture", async () => {
    await writePictures();
    await writeUnder(folder.path, "sub/labels.csv", "file,age\nlink.png,3\n");
    await symlink(join(folder.path, "a, b.png"), join(folder.path, "sub/link.png"));
    const linked = loadDataSet(join(folder.path, "sub"));
    await expectRefusal(linked, "ERR_IMAGES_FORMAT", "leads out", "link.png");
    await table("file,age\nnone.png,3\n");
    await expectRefusal(loadDataSet(folder.path), "ERR_FILE_NOT_FOUND", "none.png");
    await table("file,age\nlabels.csv,3\n");
    await expectRefusal(loadDataSet(folder.path), "ERR_IMAGES_UNREADABLE", "labels.csv");
    await table("file,age\n");
    await expectRefusal(loadDataSet(folder.path), "ERR_IMAGES_TOO_FEW", folder.path);
  });
});

describe("comma-separated values", () => {
  it("are read back as they were written, whatever the fields hold", () => {
    const field = fc.string({ unit: fc.constantFrom(",", '"', "\n", "\r", "a", " ", "ü") });
    const rows = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1 }));
    fc.assert(
      fc.property(rows, fc.constantFrom("\n", "\r\n"), fc.boolean(), (table, end, closed) => {
        const lines = table.map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(","));
        expect(parseCsv(lines.join(end) + (closed ? end : ""), "table")).toEqual(table);
      }),
    );
  });

  it("may end in an empty field and may stand without quotes", () => {
    expect(parseCsv("a,b\n1,", "table")).toEqual([
      ["a", "b"],
      ["1", ""],
    ]);
    expect(parseCsv("\ufeffa, b\n", "table")).toEqual([["a", " b"]]);
  });

  it.each(['a"b', '"a"b', "a\rb", "a,b\nc", '"'])("refuse %j", (text) => {
    expect(() => parseCsv(text, "table")).toThrow(/table/);
  });
});
