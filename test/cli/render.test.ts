import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { drmguard, temporaryFolder } from "./command.ts";

describe("drmguard render", () => {
  it("writes a .npz, says so on stderr and keeps stdout empty", async () => {
    const cwd = await temporaryFolder();
    const words = [
      "render",
      "--count",
      "5",
      "--size",
      "32",
      "--seed",
      "7",
      "--people",
      "2",
      "--out",
      "faces.npz",
    ];
    const { code, stdout, stderr } = await drmguard(words, { cwd });
    expect(stderr).toContain("wrote 5 faces of 32x32 to faces.npz");
    expect(stdout).toBe("");
    expect(code).toBe(0);
    const arrays = unzipSync(await readFile(join(cwd, "faces.npz")));
    expect(Object.keys(arrays)).toEqual(["images.npy", "labels.npy", "subjects.npy"]);
    const shape = (name: string) =>
      /'shape': \(([^)]*)\)/.exec(Buffer.from(arrays[name] ?? []).toString("latin1"));
    expect(shape("images.npy")?.[1]).toBe("5, 32, 32, 3");
    expect(shape("labels.npy")?.[1]).toBe("5, 2");

    const again = await drmguard(words, { cwd });
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("ERR_FILE_WRITE");
    expect((await drmguard([...words, "--force", "-q"], { cwd })).stderr).toBe("");
    expect(await readdir(cwd)).toEqual(["faces.npz"]);
  });

  it("writes a folder of pictures with head poses", async () => {
    const cwd = await temporaryFolder();
    const words = ["render", "--count", "3", "--labels", "head-pose", "--size", "16", "--out", "faces"];
    expect((await drmguard(words, { cwd })).code).toBe(0);
    expect((await readdir(join(cwd, "faces"))).sort()).toEqual([
      "000000.png",
      "000001.png",
      "000002.png",
      "labels.csv",
    ]);
    const table = await readFile(join(cwd, "faces", "labels.csv"), "utf8");
    expect(table.split("\n")[0]).toBe("file,subject,pitch,yaw,roll");
    await writeFile(join(cwd, "mine"), "precious");
    const refused = await drmguard([...words.slice(0, -1), "mine", "--force"], { cwd });
    expect(refused.code).toBe(2);
    expect(await readFile(join(cwd, "mine"), "utf8")).toBe("precious");
  });

  it.each([
    [[], "--count"],
    [["--count", "0", "--out", "a.npz"], "--count: expected a whole number from 1 to 1000000"],
    [["--count", "1", "--size", "9", "--out", "a.npz"], "--size: expected a whole number from 16 to 512"],
    [["--count", "1", "--labels", "age", "--out", "a.npz"], "gaze, head-pose"],
    [["--count", "1", "--out", "a.zip"], "--out: expected NAME.npz"],
  ])("ends with 4 for a wrong command line: %j", async (words, message) => {
    const cwd = await temporaryFolder();
    const { code, stdout, stderr } = await drmguard(["render", ...words], { cwd });
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
    expect(code).toBe(4);
    expect(await readdir(cwd)).toEqual([]);
  });
});
