import type { Reporter, TestModule } from "vitest/node";

/** Lists what did not run, at the end where it is seen. Titles of skipped suites carry the reason. */
export class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests("skipped")].map((test) => {
        const wholeSuite = test.parent.type === "suite" && test.parent.options.mode === "skip";
        return `${module.relativeModuleId}: ${wholeSuite ? test.parent.fullName : test.fullName}`;
      }),
    );
    const counts = new Map<string, number>();
    for (const title of skipped) counts.set(title, (counts.get(title) ?? 0) + 1);
    for (const [title, count] of counts)
      console.log(`skipped ${count} test${count === 1 ? "" : "s"}: ${title}`);
    if (counts.size === 0) console.log("skipped: nothing");
  }
}
