import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { drmguard, temporaryFolder } from "./command.ts";

describe("a wrong command line", () => {
  it.each([
    [[], "Expected a command"],
    [["sacn"], "Did you mean scan?"],
    [["scan"], "expected at least one model"],
    [["scan", "a.pt"], "expected --images PATH"],
    [["scan", "a.pt", "--images", "b", "--step", "3"], "Did you mean --steps?"],
    [
      ["scan", "a.pt", "--images", "b", "--seed", "many"],
      '--seed: expected a whole number from 0 to 4294967295, got "many"',
    ],
    [["scan", "a.pt", "--images", "b", "--method", "magic"], '--method: expected "contrast" or "drmguard"'],
    [["scan", "a.pt", "--images", "b", "--output", "pdf:x"], "--output: expected console, json"],
    [["scan", "a.pt", "--images", "b", "--fail-on", "monday"], "backdoored, inconclusive"],
    [["scan", "a.pt", "--images", "b", "--pixels", "imagnet"], "imagenet"],
    [["judge"], "missing required argument"],
    [["judge", "a.json", "--clean", "-3"], "--clean: expected a number above 0"],
  ])("ends with 4 and says why: %j", async (words, message) => {
    const { code, stdout, stderr } = await drmguard(words);
    expect(stderr).toContain(message);
    expect(stderr).toContain("drmguard: ERR_");
    expect(stderr).toContain("\n  → ");
    expect(stdout).toBe("");
    expect(code).toBe(4);
  });

  it("prints each fault once", async () => {
    const { stderr } = await drmguard(["scan", "--nonsense"]);
    expect(stderr.match(/nonsense/g)).toHaveLength(1);
  });
});

describe("help and version", () => {
  it("go to stdout and end with 0", async () => {
    for (const words of [["--help"], ["scan", "--help"], ["help"]]) {
      const { code, stdout, stderr } = await drmguard(words);
      expect(stdout).toContain("Usage: drmguard");
      expect(stderr).toBe("");
      expect(code).toBe(0);
    }
    const manifest = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await drmguard(["--version"])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
  });

  it("document every exit code", async () => {
    const { stdout } = await drmguard(["--help"]);
    for (const code of ["0", "1", "2", "3", "4", "130"]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${code} {2,}\\S`, "m"));
    }
  });
});

describe("--print-config", () => {
  it("prints the resolved plan: defaults, then file, then environment, then flags", async () => {
    const cwd = await temporaryFolder();
    await writeFile(
      join(cwd, "drmguard.toml"),
      'seed = 11\nthreads = 3\nmethod = "drmguard"\n[images]\nlimit = 77\n',
    );
    const { code, stdout, stderr } = await drmguard(["scan", "--print-config", "--seed", "13"], {
      cwd,
      environment: { DRMGUARD_SEED: "12", DRMGUARD_THREADS: "4" },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^seed = 13$/m);
    expect(stdout).toMatch(/^threads = 4$/m);
    expect(stdout).toMatch(/^method = "drmguard"$/m);
    expect(stdout).toMatch(/^limit = 77$/m);
    expect(stderr).toContain("using the settings of");
    expect(stderr).toContain("drmguard.toml");

    await writeFile(join(cwd, "printed.toml"), stdout);
    const again = await drmguard(["scan", "--print-config", "--config", "printed.toml"], { cwd });
    expect(again).toEqual({ code: 0, stdout, stderr: "" });
  });

  it("takes a named file instead of the one in the folder", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "drmguard.toml"), "this is no TOML");
    await writeFile(join(cwd, "other.json"), '{"seed": 21}');
    const { code, stdout } = await drmguard(["scan", "--print-config", "--config", "other.json"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^seed = 21$/m);
  });

  it("ends with 4 for a wrong config, and with 2 for one that is not there", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "drmguard.toml"), "[contrast]\nstesp = 3\n");
    const wrong = await drmguard(["scan", "--print-config"], { cwd });
    expect(wrong.code).toBe(4);
    expect(wrong.stdout).toBe("");
    expect(wrong.stderr).toContain('unknown setting "contrast.stesp"');
    expect(wrong.stderr).toContain('Did you mean "contrast.steps"?');
    expect((await drmguard(["scan", "--print-config", "--config", "gone.toml"], { cwd })).code).toBe(2);
  });
});

describe("what is checked before any scan", () => {
  it("an output that cannot be written: before the model or the images are even looked for", async () => {
    const cwd = await temporaryFolder();
    const words = ["scan", "gone.pt", "--images", "gone", "--output", "html:missing/report.html"];
    const { code, stdout, stderr } = await drmguard(words, { cwd });
    expect(stderr).toContain("ERR_FILE_WRITE");
    expect(stderr).not.toContain("gone");
    expect(stdout).toBe("");
    expect(code).toBe(2);
    expect(await readdir(cwd)).toEqual([]);
  });

  it("whether there is a model at all: a folder without one ends with 3 and a report that says so", async () => {
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, "models"));
    await writeFile(join(cwd, "models", "a.onnx"), "");
    const { code, stdout, stderr } = await drmguard(
      ["scan", "models", "--images", "gone", "--output", "json"],
      { cwd },
    );
    expect(code).toBe(3);
    const report = JSON.parse(stdout);
    expect(report.complete).toBe(false);
    expect(report.summary).toMatchObject({ clean: 0, backdoored: 0, skipped: 1 });
    expect(stderr).toContain("a.onnx");
  });
});
