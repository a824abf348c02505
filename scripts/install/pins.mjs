import { readFileSync } from "node:fs";

/** Which LibTorch this package is built and tested with, and the wheels that carry it. */
export const pins = JSON.parse(readFileSync(new URL("libtorch-pins.json", import.meta.url), "utf8"));
