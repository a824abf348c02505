import { heardByManyJobs } from "../native/cancellation.ts";
import type { Messages } from "./terminal.ts";

/** Ctrl-C turned into an AbortSignal. */
export interface Interrupt {
  signal: AbortSignal;
  /** Gives Ctrl-C back to Node. */
  dispose(): void;
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** The first Ctrl-C (or SIGTERM) asks the work to stop, the second ends the process as if nobody listened. */
export function listenForInterrupt(messages: Messages): Interrupt {
  const controller = new AbortController();
  const dispose = () => {
    for (const name of SIGNALS) process.removeListener(name, onSignal);
  };
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      dispose();
      process.kill(process.pid, name);
      return;
    }
    messages.note("stopping; press Ctrl-C again to end at once");
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return { signal: heardByManyJobs(controller.signal), dispose };
}
