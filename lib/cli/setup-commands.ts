import type { Command } from "commander";
import { doctorFacts, renderDoctor, runSetup } from "../setup/index.ts";
import { EXIT } from "./exit-codes.ts";
import { writeStdout } from "./terminal.ts";

/** Adds `doctor` to the program; `finish` receives the exit code. */
export function addDoctorCommand(program: Command, finish: (code: number) => void): void {
  program
    .command("doctor")
    .description("show versions, devices and whether everything fits together")
    .action(async () => {
      const facts = await doctorFacts();
      await writeStdout(renderDoctor(facts));
      finish(facts.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed);
    });
}

/** Adds `setup` to the program; `finish` receives the exit code. */
export function addSetupCommand(program: Command, finish: (code: number) => void): void {
  program
    .command("setup")
    .description("find or fetch LibTorch and build the native addon")
    .option("--force", "build again even when an addon is there")
    .action(async ({ force }: { force?: boolean }) => {
      const status = await runSetup(force === true ? ["--force"] : []);
      finish(status === 0 ? EXIT.ok : EXIT.failed);
    });
}
