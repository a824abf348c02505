import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installScript, TemporaryFolder } from "./temporary-folder.ts";

const { withInstallLock } = await installScript("install-lock");

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => folder.remove());

const lock = () => join(folder.path, "build", ".install.lock");

describe("withInstallLock", () => {
  it("lets set-ups in one folder take turns", async () => {
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} starts`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`${name} ends`);
    };
    const say = () => {};
    await Promise.all(["a", "b", "c"].map((name) => withInstallLock(folder.path, say, work(name))));
    expect(events).toHaveLength(6);
    for (let i = 0; i < 6; i += 2) {
      expect(events[i + 1]?.replace("ends", "")).toBe(events[i]?.replace("starts", ""));
    }
  });

  it("is free again after a failure", async () => {
    const failing = withInstallLock(
      folder.path,
      () => {},
      async () => Promise.reject(new Error("no compiler")),
    );
    await expect(failing).rejects.toThrow("no compiler");
    expect(existsSync(lock())).toBe(false);
  });

  it("takes over from a process that is gone", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    folder.write("build/.install.lock", JSON.stringify({ pid, host: hostname() }));
    await expect(
      withInstallLock(
        folder.path,
        () => {},
        async () => "done",
      ),
    ).resolves.toBe("done");
  });

  it("waits for a live owner, says for whom, and does not touch its lock", async () => {
    const owner = JSON.stringify({ pid: process.pid, host: hostname() });
    folder.write("build/.install.lock", owner);
    const said: string[] = [];
    const say = (line: string) => {
      said.push(line);
      expect(readFileSync(lock(), "utf8")).toBe(owner);
      // The owner finishes: its lock names a process that has ended.
      writeFileSync(
        lock(),
        JSON.stringify({ pid: spawnSync(process.execPath, ["--version"]).pid, host: hostname() }),
      );
    };
    await withInstallLock(folder.path, say, async () => {});
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(String(process.pid));
  });
});
