import type { DrmGuardError } from "../errors/index.ts";
import { printableText } from "../report/printable-text.ts";

/** How much is said on stderr besides errors. */
export interface Verbosity {
  quiet: boolean;
  verbose: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether stdout gets colours: a terminal that wants them (no-color.org). */
export function wantsColour(flag: boolean, stream: { isTTY?: boolean }, environment: Environment): boolean {
  return flag && stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
}

/** Messages for people; always on stderr, so that stdout holds the report alone. */
export class Messages {
  /** Called before every message, to take a line away that is redrawn in place. */
  beforeMessage: () => void = () => {};
  readonly #verbosity: Verbosity;

  constructor(verbosity: Verbosity) {
    this.#verbosity = verbosity;
  }

  /** Said unless -q. */
  note(text: string): void {
    if (!this.#verbosity.quiet) this.#line(text);
  }

  /** Said with -v. */
  detail(text: string): void {
    if (this.#verbosity.verbose) this.#line(text);
  }

  /**
   * Always said.
   * @param subject the file that the error is about; named unless the message names it.
   */
  error(error: DrmGuardError, subject?: string): void {
    this.beforeMessage();
    process.stderr.write(errorText(error, subject));
  }

  #line(text: string): void {
    this.beforeMessage();
    process.stderr.write(`drmguard: ${printableText(text)}\n`);
  }
}

export function errorText({ code, message, hint }: DrmGuardError, subject?: string): string {
  const about = subject === undefined || message.includes(subject) ? "" : `${printableText(subject)}: `;
  return `drmguard: ${code}: ${about}${printableText(message)}\n  → ${printableText(hint)}\n`;
}

/** Writes the report; resolves when the stream has taken it all, also into a pipe that was closed early. */
export function writeStdout(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      // A reader that has seen enough (head, less) closes the pipe: that is no fault.
      if (error && (error as NodeJS.ErrnoException).code !== "EPIPE") reject(error);
      else resolve();
    });
  });
}
