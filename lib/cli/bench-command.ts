import type { Command } from "commander";
import { addBenchIdentify } from "./bench-identify.ts";
import { addBenchMitigate } from "./bench-mitigate.ts";
import { addBenchRav } from "./bench-rav.ts";

/** Adds `bench identify`, `bench rav` and `bench mitigate` to the program; `finish` receives the exit code. */
export function addBenchCommand(program: Command, finish: (code: number) => void): void {
  const bench = program.command("bench").description("measure detectors, attacks and mitigations on a zoo");
  addBenchIdentify(bench, finish);
  addBenchRav(bench, finish);
  addBenchMitigate(bench, finish);
}
