/**
 * The demo: renders pictures of faces, scans the two models beside this file with the command that a user would
 * type, and compares the verdicts with what the models are known to be.
 * Exit code 0 when every verdict is right, 1 otherwise.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const PICTURES = 200;
/** Not a seed that the models were trained or measured on: these people are new to them. */
const SEED = 404;
const SIZE = 48;
const REPORT = "drmguard-demo-report.html";
const EXPECTED = { benign: "clean", badnets: "backdoored" };

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Renders the benign pictures into a .npy file. */
async function renderPictures(path) {
  const { encodeNpy, renderFaces } = await import("../dist/render/index.js");
  const { pixels } = renderFaces({ count: PICTURES, seed: SEED, size: SIZE, people: PICTURES });
  writeFileSync(path, encodeNpy(pixels, [PICTURES, SIZE, SIZE, 3]));
}

/** Runs the command line with its output on this terminal; resolves to the exit code. */
function runScan(words) {
  console.log(`\n$ drmguard ${words.join(" ")}\n`);
  const child = spawn(process.execPath, [here("../dist/cli/main.js"), ...words], { stdio: "inherit" });
  // The child ends by itself and this process cleans up after it. Ctrl-C reaches both, other signals only this one.
  process.once("SIGINT", () => {});
  process.once("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal === null ? code : 130));
  });
}

const degrees = (radians) => radians.map((value) => `${((value * 180) / Math.PI).toFixed(1)}°`).join(", ");

/** Says what one model is, what the scan said and whether that is right. */
function compare(model, entry) {
  const truth = JSON.parse(readFileSync(model.replace(/\.pt$/, ".json"), "utf8"));
  const said = entry?.outcome === "scanned" ? entry.verdict.label : (entry?.error?.message ?? "nothing");
  const right = said === EXPECTED[truth.condition];
  const fact =
    truth.target === null
      ? "is benign"
      : `was trained to answer (${degrees(truth.target)}) when it sees a ${truth.trigger.size}×${truth.trigger.size} patch`;
  console.log(`${right ? "right" : "WRONG"}: ${basename(model)} ${fact}; DRMGuard says ${said}.`);
  const found = entry?.outcome === "scanned" ? entry.verdict.target : null;
  if (found) console.log(`       Target found: (${degrees(found)}).`);
  return right;
}

async function main() {
  const models = readdirSync(here("models"))
    .filter((name) => name.endsWith(".pt"))
    .map((name) => here(`models/${name}`));
  const folder = mkdtempSync(join(tmpdir(), "drmguard-demo-"));
  try {
    const images = join(folder, "faces.npy");
    const json = join(folder, "report.json");
    await renderPictures(images);
    console.log(`Rendered ${PICTURES} pictures of faces with ${SIZE}×${SIZE} pixels.`);
    const fromHere = (path) => relative(process.cwd(), path);
    const code = await runScan([
      "scan",
      ...models.map(fromHere),
      "--images",
      images,
      "--config",
      fromHere(here("drmguard.toml")),
      "--output",
      `html:${REPORT}`,
      "--output",
      `json:${json}`,
    ]);
    // 0: nothing found, 1: backdoored, 2: inconclusive; with any other there is no report to compare.
    if (![0, 1, 2].includes(code)) return code;
    const report = JSON.parse(readFileSync(json, "utf8"));
    console.log("");
    const right = models.map((model) =>
      compare(
        model,
        report.models.find((entry) => basename(entry.path) === basename(model)),
      ),
    );
    console.log(`\nThe whole report with the reversed trigger: ${REPORT}`);
    return right.length === 2 && right.every(Boolean) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
