import { SetupError } from "./setup-error.mjs";

/** One line of progress. */
export function say(line) {
  console.log(`drmguard: ${line}`);
}

/** Runs a script's main function: failures become one message and exit status 1. */
export function runScript(main) {
  // An exit runs the clean-up of the lock and of half-unpacked folders; a default signal would not.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  main().catch((failure) => {
    console.error(
      failure instanceof SetupError ? failure.message : `drmguard: ${failure.message ?? failure}`,
    );
    process.exitCode = 1;
  });
}
