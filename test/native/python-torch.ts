import { execFileSync } from "node:child_process";

const PYTHON = process.env.PYTHON ?? "python3";

/** The release of Python torch that the tests use: of the PYTHON variable, or of python3. undefined when there is none. */
export const PYTHON_TORCH = releaseOfTorch();

function releaseOfTorch(): string | undefined {
  try {
    return runPython("import torch; print(torch.__version__.split('+')[0])").trim();
  } catch {
    return undefined;
  }
}

/** What a Python program prints; it reads its words from sys.argv[1:]. */
export function runPython(program: string, words: readonly string[] = []): string {
  return execFileSync(PYTHON, ["-c", program, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}
