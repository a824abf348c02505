import { spawnSync } from "node:child_process";
import { copyFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TemporaryFolder } from "./temporary-folder.ts";

const repository = fileURLToPath(new URL("../../../", import.meta.url));

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
  for (const name of [".dependency-cruiser.cjs", "tsconfig.json", "package.json"]) {
    copyFileSync(join(repository, name), join(folder.path, name));
  }
  symlinkSync(join(repository, "node_modules"), join(folder.path, "node_modules"));
});
afterEach(() => folder.remove());

function lint() {
  const command = join(repository, "node_modules", ".bin", "depcruise");
  const options = { cwd: folder.path, encoding: "utf8" } as const;
  return spawnSync(command, ["lib", "--config", ".dependency-cruiser.cjs"], options);
}

// A linter that cannot read TypeScript finds no fault in anything.
describe("the lint rule on the order of rooms", () => {
  it("lets a room import from its left", () => {
    folder.write("lib/errors/a.ts", "export type A = 1;\n");
    folder.write("lib/report/b.ts", 'import type { A } from "../errors/a.ts";\nexport type B = A;\n');
    const { status, stdout } = lint();
    expect(stdout).toContain("2 modules, 1 dependencies cruised");
    expect(status).toBe(0);
  });

  it.each([
    ["from its right", "lib/errors/a.ts", "../report/b.ts", "errors-imports-only-from-its-left"],
    ["from its neighbour", "lib/models/a.ts", "../images/b.ts", "models-imports-only-from-its-left"],
    ["from the package's index", "lib/cli/a.ts", "../index.ts", "cli-imports-only-from-its-left"],
    ["and has no place in the order", "lib/newroom/a.ts", "../errors/b.ts", "every-room-is-in-the-order"],
  ])("refuses a room that imports %s, types included", (_title, path, imported, rule) => {
    folder.write(join("lib", imported.replace("../", "")), "export type B = 1;\n");
    folder.write(path, `import type { B } from "${imported}";\nexport type A = B;\n`);
    const { status, stdout } = lint();
    expect(status).not.toBe(0);
    expect(stdout).toContain(rule);
  });

  it("refuses a cycle", () => {
    folder.write("lib/errors/a.ts", 'import "./b.ts";\n');
    folder.write("lib/errors/b.ts", 'import "./a.ts";\n');
    const { status, stdout } = lint();
    expect(status).not.toBe(0);
    expect(stdout).toContain("no-cycles");
  });

  it("refuses a development dependency", () => {
    folder.write("lib/errors/a.ts", 'import "fast-check";\n');
    const { status, stdout } = lint();
    expect(status).not.toBe(0);
    expect(stdout).toContain("no-development-dependencies");
  });
});
