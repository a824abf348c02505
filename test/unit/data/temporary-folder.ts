import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";

/** A folder of its own for every test; call once per file, then read `path`. */
export function temporaryFolder(): { path: string } {
  const folder = { path: "" };
  beforeEach(async () => {
    folder.path = await mkdtemp(join(tmpdir(), "drmguard-data-"));
  });
  afterEach(() => rm(folder.path, { recursive: true }));
  return folder;
}
