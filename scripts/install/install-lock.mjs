// Two set-ups in one folder (two terminals, a monorepo's parallel installs) take turns.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Runs `work` while no other set-up runs in this folder. A lock whose process is gone is taken over.
 * @template T
 * @param {string} packageRoot
 * @param {(line: string) => void} say
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withInstallLock(packageRoot, say, work) {
  mkdirSync(join(packageRoot, "build"), { recursive: true });
  const path = join(packageRoot, "build", ".install.lock");
  const own = JSON.stringify({ pid: process.pid, host: hostname() });
  let announced = false;
  while (!tryToLock(path, own)) {
    const owner = read(path);
    if (owner !== null && !isAlive(owner)) removeStale(path, owner);
    else if (!announced && owner !== null) {
      say(`waiting for another set-up in this folder (${owner}); if there is none, delete ${path}`);
      announced = true;
    }
    await sleep(200);
  }
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    release();
    process.off("exit", release);
  }
}

/** A link appears with its content, so nobody ever reads a half-written lock. */
function tryToLock(path, own) {
  const written = `${path}.${process.pid}.new`;
  writeFileSync(written, own);
  try {
    linkSync(written, path);
    return true;
  } catch (failure) {
    if (failure.code === "EEXIST") return false;
    throw failure;
  } finally {
    rmSync(written, { force: true });
  }
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function isAlive(owner) {
  try {
    const { pid, host } = JSON.parse(owner);
    if (host !== hostname()) return true;
    process.kill(pid, 0);
    return true;
  } catch (failure) {
    // EPERM: another user's process.
    return failure.code !== "ESRCH";
  }
}

/** Two waiters may see the same stale lock; a fresh lock that was caught by mistake is put back. */
function removeStale(path, stale) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    const caught = read(aside);
    if (caught !== stale && caught !== null) tryToLock(path, caught);
    rmSync(aside, { force: true });
  } catch (failure) {
    if (failure.code !== "ENOENT") throw failure;
  }
}
