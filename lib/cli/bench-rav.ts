import { join } from "node:path";
import type { Command } from "commander";
import { renderRavHtml, renderRavMarkdown, runRav } from "../bench/index.ts";
import { makeFolder } from "../files/index.ts";
import { packageVersion } from "../native/locate-addon.ts";
import { readManifest } from "../zoo/index.ts";
import { writeTexts } from "./bench-texts.ts";
import { EXIT } from "./exit-codes.ts";
import { Messages } from "./terminal.ts";

/** Adds `rav` to the command `bench`; `finish` receives the exit code. */
export function addBenchRav(bench: Command, finish: (code: number) => void): void {
  bench
    .command("rav")
    .description("tell what every attack of a zoo does: errors, variance ratio, RAV and RNV")
    .argument("<zoo>", "a folder that zoo make wrote")
    .option("--out <folder>", "where the tables go (default: ZOO/bench)")
    .action(async (zoo: string, flags: { out?: string }) => finish(await ravOfZoo(zoo, flags)));
}

async function ravOfZoo(folder: string, flags: { out?: string }): Promise<number> {
  const messages = new Messages({ quiet: false, verbose: false });
  const manifest = await readManifest(folder);
  const table = await runRav({ manifest, folder, version: packageVersion() });
  const out = flags.out ?? join(folder, "bench");
  await makeFolder(out);
  const texts = { json: table, markdown: renderRavMarkdown(table), html: renderRavHtml(table) };
  await writeTexts(out, "rav", texts, messages);
  return EXIT.ok;
}
