import { asDrmGuardError, type DrmGuardError } from "../errors/index.ts";
import { heardByManyJobs, throwIfCancelled } from "../native/cancellation.ts";

/** How far a bench is. */
export interface BenchProgress {
  /** Pieces of work that are over, of all; those of earlier runs included. */
  done: number;
  total: number;
  /** Unfinished pieces counted by their share. */
  fraction: number;
  /** Pieces that are running, as METHOD/MODEL. */
  running: string[];
}

/** What a bench says of its size before it begins. */
export interface BenchSize {
  /** Pieces of work. */
  total: number;
  /** Those that an earlier run has done. */
  done: number;
  /** Models that are worked on at once. */
  jobs: number;
  signal: AbortSignal | undefined;
  onProgress: ((progress: BenchProgress) => void) | undefined;
}

/** What the jobs of one bench share: the count of what is over, and the end of all when one meets an error of its own. */
export class BenchJobs {
  /** Aborted by the caller, or when a job ended with an error that is not a model's. */
  readonly signal: AbortSignal;
  readonly #size: BenchSize;
  readonly #running = new Map<string, number>();
  readonly #stop = new AbortController();
  #done: number;

  constructor(size: BenchSize) {
    this.#size = size;
    this.#done = size.done;
    this.signal = heardByManyJobs(
      AbortSignal.any([this.#stop.signal, ...(size.signal ? [size.signal] : [])]),
    );
  }

  /** Works on all that waits, so many at once. @throws the first error that a piece of work let out. */
  async run<Waiting>(all: readonly Waiting[], one: (next: Waiting) => Promise<void>): Promise<void> {
    this.#report();
    const waiting = [...all];
    let fatal: unknown = null;
    const work = async () => {
      try {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          throwIfCancelled(this.signal);
          await one(next);
        }
      } catch (error) {
        fatal ??= error;
        this.#stop.abort();
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#size.jobs, waiting.length) }, work));
    if (fatal !== null) throw fatal;
  }

  /** Work of a name while it is shown; its error comes back, but a cancelled bench's is thrown. */
  async attempt<Result>(
    name: string,
    work: (onProgress: (fraction: number) => void) => Promise<Result>,
  ): Promise<Result | DrmGuardError> {
    const onProgress = (fraction: number) => {
      this.#running.set(name, fraction);
      this.#report();
    };
    onProgress(0);
    try {
      return await work(onProgress);
    } catch (thrown) {
      throwIfCancelled(this.signal);
      return asDrmGuardError(thrown);
    } finally {
      this.#running.delete(name);
    }
  }

  /** One piece of work is over. */
  over(): void {
    this.#done += 1;
    this.#report();
  }

  #report(): void {
    const share = [...this.#running.values()].reduce((sum, fraction) => sum + fraction, 0);
    const { total, onProgress } = this.#size;
    onProgress?.({
      done: this.#done,
      total,
      fraction: total === 0 ? 1 : (this.#done + share) / total,
      running: [...this.#running.keys()],
    });
  }
}
