import { Command, CommanderError } from "commander";
import { asDrmGuardError, DrmGuardError } from "../errors/index.ts";
import { packageVersion } from "../native/locate-addon.ts";
import { addBenchCommand } from "./bench-command.ts";
import { addCalibrateCommand } from "./calibrate-command.ts";
import { EXIT, exitCodeOfError } from "./exit-codes.ts";
import { addJudgeCommand } from "./judge-command.ts";
import { addMitigateCommand } from "./mitigate-command.ts";
import { addRenderCommand } from "./render-command.ts";
import { addScanCommand } from "./scan-command.ts";
import { addDoctorCommand, addSetupCommand } from "./setup-commands.ts";
import { errorText } from "./terminal.ts";
import { addTrainCommand } from "./train-command.ts";
import { addZooCommand } from "./zoo-command.ts";

const EXIT_CODES = `
Exit codes:
  0    clean: every model was scanned to the end
  1    at least one model is backdoored
  2    inconclusive, incomplete, or an error
  3    nothing was scanned
  4    the command line or the configuration is wrong
  130  interrupted`;

/**
 * Runs one command line.
 * @param argv what follows the program's name.
 * @returns the exit code; never throws.
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const finish = (finished: number) => {
    code = finished;
  };
  try {
    await buildProgram(finish).parseAsync([...argv], { from: "user" });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.ok;
    const error = thrown instanceof CommanderError ? usageError(thrown) : asDrmGuardError(thrown);
    process.stderr.write(errorText(error));
    return exitCodeOfError(error.code);
  }
}

function buildProgram(finish: (code: number) => void): Command {
  const program = new Command("drmguard")
    .description("Finds backdoors in deep regression models.")
    .version(packageVersion())
    .addHelpText("after", EXIT_CODES)
    .showSuggestionAfterError(true);
  addScanCommand(program, finish);
  addJudgeCommand(program, finish);
  addCalibrateCommand(program, finish);
  addMitigateCommand(program, finish);
  addTrainCommand(program, finish);
  addZooCommand(program, finish);
  addBenchCommand(program, finish);
  addRenderCommand(program, finish);
  addDoctorCommand(program, finish);
  addSetupCommand(program, finish);
  stopExits(program);
  return program;
}

/** Errors come out as exceptions, and are printed once, in the form of all others. */
function stopExits(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  for (const inner of command.commands) stopExits(inner);
}

function usageError(error: CommanderError): DrmGuardError {
  const message =
    error.code === "commander.help"
      ? "Expected a command: scan, judge, calibrate, mitigate, train, zoo make, zoo list, bench identify, bench mitigate, bench rav, render, doctor or setup."
      : error.message;
  return new DrmGuardError("ERR_USAGE", message.replace(/^error: /, ""), { cause: error });
}
