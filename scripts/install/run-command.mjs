import { spawn, spawnSync } from "node:child_process";

/**
 * Runs a short command and collects what it prints. The time limit is for one that hangs: on a busy machine even
 * `pip --version` was seen to take longer than 20 s.
 * @returns {{ ok: boolean, missing: boolean, timedOut: boolean, stdout: string, stderr: string, status: number | null, signal: string | null }}
 */
export function capture(command, args, { timeout = 120_000, ...options } = {}) {
  const result = spawnSync(command, args, { encoding: "utf8", timeout, windowsHide: true, ...options });
  return {
    ok: result.status === 0,
    missing: result.error?.code === "ENOENT",
    timedOut: result.error?.code === "ETIMEDOUT",
    stdout: result.stdout ?? "",
    stderr: result.stderr ?? "",
    status: result.status,
    signal: result.signal,
  };
}

/** Like `capture`, for a command that takes long: Ctrl-C is answered meanwhile. */
export function captureLong(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], windowsHide: true, ...options });
    const printed = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"]) {
      child[stream].setEncoding("utf8").on("data", (text) => {
        printed[stream] += text;
      });
    }
    child.on("error", (failure) => resolve({ ok: false, ...printed, stderr: failure.message }));
    child.on("close", (status) => resolve({ ok: status === 0, ...printed }));
  });
}

/** Runs a long command whose output the user sees. Resolves to its exit status; a signal counts as 1. */
export function stream(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", windowsHide: true, ...options });
    child.on("error", reject);
    child.on("exit", (status) => resolve(status ?? 1));
  });
}

/** The last lines of a command's output, without blank ones. */
export function lastLines(text, count) {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(-count);
}
