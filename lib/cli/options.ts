import { type Command, Option } from "commander";
import { collected } from "./output-targets.ts";

/** Where the report goes and what makes the exit code non-zero: the options that scan and judge share. */
export function addReportOptions(command: Command): Command {
  return command
    .option(
      "--output <target>",
      "console, json, json:FILE or html:FILE; may be repeated (default: console)",
      collected,
    )
    .addOption(failOnOption())
    .option("--exit-zero", "exit with 0 whatever was found");
}

function failOnOption(): Option {
  return new Option("--fail-on <outcome>", "weakest outcome that makes the exit code non-zero")
    .choices(["backdoored", "inconclusive"])
    .default("inconclusive");
}
