import { defineConfig } from "vitest/config";
import { SkipReporter } from "./test/environment/skip-reporter.ts";

const common = {
  environment: "node",
  pool: "forks",
  setupFiles: ["test/environment/fix-seed.ts"],
  testTimeout: 30_000,
  hookTimeout: 120_000,
} as const;

export default defineConfig({
  test: {
    reporters: ["default", new SkipReporter()],
    globalSetup: ["test/environment/announce.ts"],
    projects: [
      {
        test: {
          ...common,
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Each of these loads LibTorch or starts a process that does, and is slow: they have longer.
        test: {
          ...common,
          name: "whole",
          include: ["test/**/*.test.ts"],
          exclude: ["test/unit/**"],
          maxWorkers: 2,
          testTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
