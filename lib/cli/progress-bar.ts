import { printableText } from "../report/printable-text.ts";

/** Flags that a command with a progress bar has. */
export interface ProgressFlags {
  quiet?: boolean;
  progress: boolean;
}

/** One line on a terminal, lines in a log, nothing where it is not wanted. */
export function progressStyle(flags: ProgressFlags): ProgressStyle {
  if (flags.quiet === true || !flags.progress) return "silent";
  return process.stderr.isTTY === true && !process.env.CI ? "line" : "log";
}

/** How progress is shown. "line": one line redrawn in place. "log": a new line now and then. */
export type ProgressStyle = "line" | "log" | "silent";

/** What a line shows; a scan's progress is one. */
export interface ShownProgress {
  stage: string;
  done: number;
  total: number;
  /** Of the stage, in [0,1]. */
  fraction: number;
  cost?: number;
  collapse?: number;
  rav?: number;
  /** Training loss. */
  loss?: number;
  /** What is being worked on. */
  note?: string;
}

const REDRAW_MILLISECONDS = 100;
const LOG_MILLISECONDS = 5000;
const BAR_CELLS = 20;

/** Shows one piece of work at a time on stderr. */
export class ProgressBar {
  readonly #stream: { write(text: string): unknown; columns?: number };
  readonly #style: ProgressStyle;
  readonly #now: () => number;
  #label = "";
  #stage = "";
  #stageStart = 0;
  #lastShown = Number.NEGATIVE_INFINITY;
  #drawn = false;

  constructor(
    stream: { write(text: string): unknown; columns?: number },
    style: ProgressStyle,
    now: () => number = () => performance.now(),
  ) {
    this.#stream = stream;
    this.#style = style;
    this.#now = now;
  }

  /** @param label which model, such as "2/5 gaze.pt". */
  begin(label: string): void {
    this.clear();
    this.#label = printableText(label);
    this.#stage = "";
  }

  update(progress: ShownProgress): void {
    if (this.#style === "silent") return;
    const now = this.#now();
    const entered = progress.stage !== this.#stage;
    if (entered) [this.#stage, this.#stageStart] = [progress.stage, now];
    const pause = this.#style === "line" ? REDRAW_MILLISECONDS : LOG_MILLISECONDS;
    if (!entered && now - this.#lastShown < pause) return;
    this.#lastShown = now;
    const text = `${this.#label}  ${progressText(progress, (now - this.#stageStart) / 1000)}`;
    if (this.#style === "log") this.#stream.write(`${text}\n`);
    else this.#redraw(text);
  }

  /** Takes the line away, so that other text can follow. */
  clear(): void {
    if (this.#drawn) this.#stream.write("\r\u001b[2K");
    this.#drawn = false;
  }

  #redraw(text: string): void {
    // A line that wraps could not be taken back.
    const width = (this.#stream.columns ?? 80) - 1;
    const shown = text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
    this.#stream.write(`\r\u001b[2K${shown}`);
    this.#drawn = true;
  }
}

/** One line: bar, stage, steps, what was measured, time left. */
export function progressText(progress: ShownProgress, stageSeconds: number): string {
  const fraction = Math.min(1, Math.max(0, progress.fraction));
  const filled = Math.round(fraction * BAR_CELLS);
  const parts = [
    `${"█".repeat(filled)}${"░".repeat(BAR_CELLS - filled)}`,
    `${progress.stage} ${progress.done}/${progress.total}`,
  ];
  if (progress.cost !== undefined) parts.push(`cost ${progress.cost.toFixed(4)}`);
  if (progress.collapse !== undefined) parts.push(`collapse ${progress.collapse.toFixed(3)}`);
  if (progress.rav !== undefined) parts.push(`RAV ${progress.rav.toFixed(3)}`);
  if (progress.loss !== undefined) parts.push(`loss ${progress.loss.toPrecision(3)}`);
  if (fraction > 0 && fraction < 1) parts.push(`${clock((stageSeconds * (1 - fraction)) / fraction)} left`);
  if (progress.note !== undefined) parts.push(printableText(progress.note));
  return parts.join("  ");
}

/** 75 to "1:15". */
function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
