import { Option } from "commander";

/** The gate that scan and judge share. */
export function failOnOption(): Option {
  return new Option("--fail-on <outcome>", "weakest outcome that makes the exit code non-zero")
    .choices(["backdoored", "inconclusive"])
    .default("inconclusive");
}
