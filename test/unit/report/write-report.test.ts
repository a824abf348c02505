import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeReport } from "../../../lib/report/write-report.ts";

describe("writing a report", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "drmguard-report-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("leaves the whole text and nothing else", async () => {
    await writeReport(join(folder, "report.html"), "äöü\n");
    expect(readFileSync(join(folder, "report.html"), "utf8")).toBe("äöü\n");
    expect(readdirSync(folder)).toEqual(["report.html"]);
  });

  it("replaces an earlier report and keeps its permissions", async () => {
    const path = join(folder, "report.json");
    writeFileSync(path, "old and longer than the new one");
    chmodSync(path, 0o600);
    await writeReport(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("takes a name as long as the file system allows", async () => {
    const name = `${"n".repeat(250)}.json`;
    await writeReport(join(folder, name), "{}");
    expect(readdirSync(folder)).toEqual([name]);
  });

  it("refuses folders, links, devices and pipes, and leaves them as they are", async () => {
    const paths = {
      directory: join(folder, "a"),
      link: join(folder, "b"),
      dangling: join(folder, "c"),
      pipe: join(folder, "d"),
    };
    const precious = join(folder, "precious");
    mkdirSync(paths.directory);
    writeFileSync(precious, "kept");
    symlinkSync(precious, paths.link);
    symlinkSync(join(folder, "nowhere"), paths.dangling);
    execFileSync("mkfifo", [paths.pipe]);
    for (const path of [...Object.values(paths), "/dev/null"]) {
      await expect(writeReport(path, "x")).rejects.toMatchObject({
        code: "ERR_FILE_WRITE",
        message: expect.stringMatching(
          /expected a regular file .* found a (folder|symbolic link|device|pipe)/,
        ),
      });
    }
    expect(readFileSync(precious, "utf8")).toBe("kept");
    expect(readdirSync(folder).toSorted()).toEqual(["a", "b", "c", "d", "precious"]);
  });

  it("creates no folder, and says how to", async () => {
    const missing = join(folder, "it's", "new");
    await expect(writeReport(join(missing, "report.html"), "x")).rejects.toMatchObject({
      code: "ERR_FILE_WRITE",
      message: expect.stringContaining("does not exist"),
      hint: `Create it first: mkdir -p '${folder}/it'\\''s/new'`,
    });
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(join(folder, "file"), "");
    await expect(writeReport(join(folder, "file", "report.html"), "x")).rejects.toMatchObject({
      code: "ERR_FILE_WRITE",
    });
  });
});
