// The one kind of error that set-up shows to a person: what was found, what is needed, which command fixes it.
import { installCommand } from "./install-command.mjs";

/**
 * @typedef {object} Problem
 * @property {string} subject  What it is about: "cmake", "LibTorch".
 * @property {string} found    What is there: "3.10.2", "nothing".
 * @property {string} needed   What has to be there: "3.19 or newer".
 * @property {string} [install]  What to install, as install-command.mjs names it.
 * @property {string[]} [fixes]  Other commands that mend it, in order.
 */

export class SetupError extends Error {
  /** @param {string} summary @param {Problem[]} problems */
  constructor(summary, problems) {
    super(describe(summary, problems));
    this.name = "SetupError";
    this.code = "ERR_SETUP";
    this.problems = problems;
  }
}

function describe(summary, problems) {
  const lines = [`drmguard: ${summary}`];
  for (const { subject, found, needed } of problems) {
    lines.push(`  ${subject}`, `    found:  ${found}`, `    needed: ${needed}`);
  }
  const installs = problems.flatMap((problem) => problem.install ?? []);
  const fixes = [...new Set(problems.flatMap((problem) => problem.fixes ?? []))];
  if (installs.length > 0) fixes.unshift(installCommand(installs));
  if (fixes.length > 0) lines.push("  to fix it:", ...fixes.map((fix) => `    ${fix}`));
  lines.push("  then run: npx drmguard setup   (in a clone: npm run build:native)");
  return lines.join("\n");
}
