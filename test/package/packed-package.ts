import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of this repository's package.json. */
export const repository = fileURLToPath(new URL("../../", import.meta.url));

/** How a command ended, with all that it printed. */
export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** The package as npm would publish it, and empty projects that install it. */
export class PackedPackage {
  readonly #top = realpathSync(mkdtempSync(join(tmpdir(), "drmguard-packed-")));
  readonly tarball: string;

  constructor() {
    const packed = run(repository, "npm", ["pack", "--pack-destination", this.#top]);
    const name = readdirSync(this.#top).find((file) => file.endsWith(".tgz"));
    if (packed.status !== 0 || name === undefined) throw new Error(`npm pack failed:\n${packed.stderr}`);
    this.tarball = join(this.#top, name);
  }

  /** Paths inside the tarball, without the leading package/. */
  files(): string[] {
    const listing = execFileSync("tar", ["-tf", this.tarball], { encoding: "utf8" });
    return listing
      .trim()
      .split("\n")
      .map((line) => line.replace(/^package\//, ""));
  }

  /** A new project with a space in its path that has the package installed with these npm options. */
  install(
    project: string,
    options: string[],
    environment: Record<string, string> = {},
  ): { folder: string; npm: Outcome } {
    const folder = join(this.#top, project);
    mkdirSync(folder);
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name: "consumer", private: true, type: "module" }),
    );
    const quiet = ["--no-audit", "--no-fund", "--prefer-offline"];
    const npm = run(folder, "npm", ["install", this.tarball, ...quiet, ...options], environment);
    if (npm.status !== 0) throw new Error(`npm install failed:\n${npm.stdout}\n${npm.stderr}`);
    return { folder, npm };
  }

  remove(): void {
    rmSync(this.#top, { recursive: true, force: true });
  }
}

/** Runs a command without what the `npm test` around it put into the environment for its own package. */
export function run(
  folder: string,
  command: string,
  args: string[],
  environment: Record<string, string> = {},
): Outcome {
  const inherited = Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_(package|lifecycle|command|node_execpath|config_(local|global)_prefix)/.test(name) &&
      name !== "INIT_CWD",
  );
  const env = { ...Object.fromEntries(inherited), ...environment };
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return { status, stdout, stderr };
}
