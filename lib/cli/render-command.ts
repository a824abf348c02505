import { extname } from "node:path";
import { type Command, Option } from "commander";
import { type FaceLabels, LABEL_NAMES, writeFaces } from "../render/index.ts";
import { EXIT } from "./exit-codes.ts";
import { badFlag, numberOfFlag } from "./flag-values.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { ProgressBar, progressStyle } from "./progress-bar.ts";
import { Messages } from "./terminal.ts";

interface RenderFlags {
  count: string;
  size: string;
  seed: string;
  people: string;
  labels: FaceLabels;
  out: string;
  force?: boolean;
  quiet?: boolean;
  progress: boolean;
}

/** Adds `render` to the program; `finish` receives the exit code. */
export function addRenderCommand(program: Command, finish: (code: number) => void): void {
  program
    .command("render")
    .description("draw faces with exact gaze or head-pose labels: pictures that need no licence")
    .requiredOption("--count <n>", "number of pictures")
    .option("--size <n>", "height and width in pixels, 16 to 512", "64")
    .option("--seed <n>", "other seeds show other people", "1")
    .option("--people <n>", "number of people that take turns", "1000")
    .addOption(
      new Option("--labels <kind>", "pitch and yaw of the gaze, or pitch, yaw and roll of the head; radians")
        .choices(Object.keys(LABEL_NAMES))
        .default("gaze"),
    )
    .requiredOption("--out <path>", "NAME.npz (images, labels, subjects), or a new folder (PNGs, labels.csv)")
    .option("--force", "replace a .npz that is there")
    .option("-q, --quiet", "only errors on stderr")
    .option("--no-progress", "no progress on stderr")
    .action(async (flags: RenderFlags) => finish(await runRender(flags)));
}

async function runRender(flags: RenderFlags): Promise<number> {
  const { labels, out } = flags;
  const options = {
    count: numberOfFlag("count", flags.count, { least: 1, most: 1_000_000, integer: true }),
    size: numberOfFlag("size", flags.size, { least: 16, most: 512, integer: true }),
    seed: numberOfFlag("seed", flags.seed, { least: 0, most: 2 ** 32 - 1, integer: true }),
    people: numberOfFlag("people", flags.people, { least: 1, most: 1_000_000, integer: true }),
    labels,
  };
  if (!/^(\.npz|)$/i.test(extname(out))) throw badFlag("out", "NAME.npz or a folder's name", out);
  const messages = new Messages({ quiet: flags.quiet === true, verbose: false });
  const bar = new ProgressBar(process.stderr, progressStyle(flags));
  messages.beforeMessage = () => bar.clear();
  const interrupt = listenForInterrupt(messages);
  try {
    bar.begin(out);
    await writeFaces(out, options, {
      force: flags.force === true,
      signal: interrupt.signal,
      onProgress: (done, total) => bar.update({ stage: "faces", done, total, fraction: done / total }),
    });
    bar.clear();
    messages.note(`wrote ${options.count} faces of ${options.size}x${options.size} to ${out}`);
    return EXIT.ok;
  } finally {
    bar.clear();
    interrupt.dispose();
  }
}
