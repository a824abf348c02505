#!/usr/bin/env node
import { EXIT } from "./exit-codes.ts";
import { runProgram } from "./program.ts";

// A reader that closes the pipe early is no fault; the writer is told through its callback.
process.stdout.on("error", () => {});

process.exitCode = await runProgram(process.argv.slice(2));
// A cancelled job may still be in its last step; nobody waits for it.
if (process.exitCode === EXIT.interrupted) process.exit();
