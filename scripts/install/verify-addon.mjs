// Loads a fresh addon in a child process: a build that cannot be loaded is a failed build.
import { capture, lastLines } from "./run-command.mjs";
import { SetupError } from "./setup-error.mjs";

const script = `const addon = require(process.argv[1]);
process.stdout.write(JSON.stringify(addon.buildFacts()));
addon.shutdown();`;

/**
 * @returns {{ libtorch: string, drmguard: string }} what the addon says about itself
 * @throws {SetupError}
 */
export function verifyAddon(addon, libtorch) {
  const result = capture(process.execPath, ["-e", script, addon], { timeout: 120_000 });
  if (result.ok) return JSON.parse(result.stdout);
  const reason = result.signal
    ? `loading it ends with ${result.signal}`
    : (lastLines(result.stderr, 50).find((line) => /Error:/.test(line)) ?? `exit status ${result.status}`);
  throw new SetupError("the addon was compiled but cannot be loaded.", [
    {
      subject: addon,
      found: reason,
      needed: `an addon that loads with LibTorch ${libtorch.version} in ${libtorch.root}`,
    },
  ]);
}
