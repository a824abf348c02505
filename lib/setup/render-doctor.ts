import type { DoctorFact } from "./doctor.ts";

/** The facts as a table for a terminal; the last line says whether all is well. */
export function renderDoctor(facts: DoctorFact[]): string {
  const width = Math.max(...facts.map((fact) => fact.name.length));
  const lines = facts.flatMap(({ name, value, ok, fix }) => {
    const line = `${ok ? "ok  " : "FAIL"}  ${name.padEnd(width)}  ${value}`;
    return fix === null ? [line] : [line, `      ${" ".repeat(width)}  fix: ${fix}`];
  });
  const wrong = facts.filter((fact) => !fact.ok).length;
  const summary =
    wrong === 0
      ? "Everything that DRMGuard needs is there."
      : `${wrong} of ${facts.length} facts need mending.`;
  return `${[...lines, "", summary].join("\n")}\n`;
}
