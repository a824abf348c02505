import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** A folder with a space in its path, gone after the test. */
export class TemporaryFolder {
  readonly #top = realpathSync(mkdtempSync(join(tmpdir(), "drmguard-setup-")));
  readonly path = join(this.#top, "a folder");

  constructor() {
    mkdirSync(this.path);
  }

  write(name: string, content: string | Uint8Array = ""): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** A shell script; its folder `bin` is what `environment` puts in PATH. */
  command(name: string, script: string): string {
    const path = this.write(join("bin", name), `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** An environment in which only the commands made here exist (and, when asked, the machine's own after them). */
  environment(more: Record<string, string> = {}, withMachine = false): Record<string, string> {
    const bin = join(this.path, "bin");
    return { PATH: withMachine ? `${bin}${delimiter}${process.env.PATH}` : bin, ...more };
  }

  /** Files that make a folder pass for a LibTorch. */
  libtorch(name: string, version: string): string {
    const parts = version.split(".");
    const lines = ["MAJOR", "MINOR", "PATCH"].map((part, i) => `#define TORCH_VERSION_${part} ${parts[i]}`);
    this.write(join(name, "include/torch/headeronly/version.h"), `${lines.join("\n")}\n`);
    this.write(join(name, "include/ATen/ATen.h"));
    this.write(join(name, "lib/libtorch_cpu.so"), version);
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.#top, { recursive: true, force: true });
  }
}

/** The set-up scripts are plain JavaScript outside of lib. */
export function installScript(name: string) {
  return import(new URL(`../../../scripts/install/${name}.mjs`, import.meta.url).href);
}
