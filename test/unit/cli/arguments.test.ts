import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findModels } from "../../../lib/cli/model-paths.ts";
import { parseOutputs, requireWritable } from "../../../lib/cli/output-targets.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drmguard-cli-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("parseOutputs", () => {
  it("gives stdout to the console report, unless JSON is wanted there", () => {
    const consoleReport = { format: "console", path: null };
    expect(parseOutputs([])).toEqual([consoleReport]);
    expect(parseOutputs(["console"])).toEqual([consoleReport]);
    expect(parseOutputs(["json:a.json", "html:b.html"])).toEqual([
      consoleReport,
      { format: "json", path: "a.json" },
      { format: "html", path: "b.html" },
    ]);
    expect(parseOutputs(["html:b.html", "json"])).toEqual([
      { format: "json", path: null },
      { format: "html", path: "b.html" },
    ]);
  });

  it("takes everything after the first colon as the file", () => {
    expect(parseOutputs(["json:a:b.json"])[1]).toEqual({ format: "json", path: "a:b.json" });
  });

  it.each([["xml"], ["html"], ["json:"], ["html:"], ["console:a.txt"], [""], ["JSON"]])(
    "refuses %j",
    (value) => {
      expect(() => parseOutputs([value])).toThrow(expect.objectContaining({ code: "ERR_USAGE" }));
    },
  );

  it("refuses two reports in one file, however it is written", () => {
    expect(() => parseOutputs(["json:a", "html:./a"])).toThrow(
      expect.objectContaining({ code: "ERR_USAGE" }),
    );
  });
});

describe("requireWritable", () => {
  it("takes a new file and an old report, and touches neither", async () => {
    const old = join(folder, "old.json");
    await writeFile(old, "kept");
    await requireWritable(parseOutputs([`json:${old}`, `html:${join(folder, "new.html")}`]));
    expect((await findModels([folder])).otherFiles).toBe(1);
  });

  it("refuses folders, links and places that are not there", async () => {
    const link = join(folder, "link.json");
    await symlink(join(folder, "elsewhere"), link);
    for (const path of [folder, link, join(folder, "missing", "a.json"), "/dev/null"]) {
      await expect(requireWritable(parseOutputs([`json:${path}`])), path).rejects.toMatchObject({
        code: "ERR_FILE_WRITE",
      });
    }
  });
});

describe("findModels", () => {
  it("takes the .pt and .pt2 of a folder by name, and tells what it leaves", async () => {
    const models = join(folder, "models");
    await mkdir(join(models, "nested.pt"), { recursive: true });
    for (const name of ["b.pt", "a.PT2", "c.onnx", "d.pth", "a.json", "README.md"]) {
      await writeFile(join(models, name), "");
    }
    const found = await findModels([models]);
    expect(found.models).toEqual([join(models, "a.PT2"), join(models, "b.pt")]);
    expect(found.skipped.map(({ path }) => path)).toEqual([join(models, "c.onnx"), join(models, "d.pth")]);
    expect(found.skipped[0]?.reason).toContain(".onnx");
    expect(found.otherFiles).toBe(2);
  });

  it("takes a named file whatever its ending, also one that is not there, each once", async () => {
    const found = await findModels(["weights.bin", "gone.pt", "gone.pt"]);
    expect(found).toEqual({ models: ["weights.bin", "gone.pt"], skipped: [], otherFiles: 0 });
  });

  it("takes the weights beside a model for the model's own", async () => {
    const trained = join(folder, "trained");
    await mkdir(trained);
    const own = ["a.pt", "a.safetensors", "a.attack-0.safetensors", "a.json"];
    for (const name of [...own, "b.safetensors"]) await writeFile(join(trained, name), "");
    const found = await findModels([trained]);
    expect(found.models).toEqual([join(trained, "a.pt")]);
    expect(found.otherFiles).toBe(3);
    expect(found.skipped.map(({ path }) => path)).toEqual([join(trained, "b.safetensors")]);
  });
});
