import { checkPip, checkPlatform, checkTools } from "./check-tools.mjs";
import { fetchLibtorch } from "./fetch-wheel.mjs";
import { SetupError } from "./setup-error.mjs";

/**
 * Makes sure that everything a compile needs is there, before anything is downloaded; then fetches LibTorch if none
 * was found on this machine.
 * @param {string} packageRoot
 * @param {import("./find-libtorch.mjs").LibTorch | null} found
 * @param {(line: string) => void} say
 * @returns {Promise<import("./find-libtorch.mjs").LibTorch>}
 * @throws {SetupError} with all that is missing
 */
export async function obtainLibtorch(packageRoot, found, say) {
  const problems = Object.values(checkTools()).map((tool) => tool.problem);
  const platform = found === null ? checkPlatform() : null;
  const pip = found === null && platform === null ? checkPip() : null;
  problems.push(platform, pip?.problem ?? null);
  const present = problems.filter((problem) => problem !== null);
  if (present.length > 0)
    throw new SetupError("the native addon cannot be built on this machine yet.", present);
  return found ?? (await fetchLibtorch(packageRoot, pip.command, say));
}
