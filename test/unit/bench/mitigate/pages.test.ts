import { describe, expect, it } from "vitest";
import {
  type MitigationBench,
  mitigationMethodsOfList,
  renderMitigateHtml,
  renderMitigateMarkdown,
  runMitigate,
} from "../../../../lib/bench/index.ts";
import { DrmGuardError } from "../../../../lib/errors/index.ts";
import { parseMarkup } from "../../report/parse-markup.ts";
import { paperWork, request } from "./paper-work.ts";

const HOSTILE = `"><script>alert(1)</script>|<img src="http://evil.example/x" onerror='alert(2)'>&`;

/** Two conditions with a backdoor; one mitigation failed. */
async function makeBench(rescan = false): Promise<MitigationBench> {
  const openWork = paperWork([], (name, method) => {
    if (name === "wanet-0" && method === "anp") throw new DrmGuardError("ERR_NONFINITE", HOSTILE);
  });
  return runMitigate(await request({ benign: [0, 1], badnets: [0, 1], wanet: [0] }, { openWork, rescan }));
}

describe("mitigation table in Markdown", () => {
  it("has a row per condition and method with as many cells as the head", async () => {
    const text = renderMitigateMarkdown(await makeBench());
    const table = text.split("\n\n").find((part) => part.startsWith("| condition")) ?? "";
    const [head, rule, ...rows] = table.split("\n");
    const cells = (line = "") => line.split(/(?<!\\)\|/).length;
    expect(rows).toHaveLength(8);
    for (const row of [rule, ...rows]) expect(cells(row)).toBe(cells(head));
    expect(rows[0]).toBe(
      "| benign | drmguard | 2 | – | – | – | – | – | 1 | 1.02 | – | 1.02 | 2 of 2 | – | 0.8 | 0.05 | 0 of 2 | 10 s | 0 + 0 | 0 |",
    );
    expect(rows[2]).toBe(
      "| badnets | drmguard | 2 | 0.5 | 11 | 12 | 1.05 | 2.5 | 1 | 1.02 | 1.03 | 1.02 | 2 of 2 | 2 of 2 | 0.8 | 0.05 | 0 of 2 | 10 s | 0 + 0 | 0 |",
    );
    expect(rows[5]).toContain("| wanet | anp | 1 | – | – |");
    expect(rows[5]).toMatch(/\| 0 of 1 \| 0 of 1 \| – \| – \| – \| – \| 0 \+ 0 \| 1 × ERR\\_NONFINITE \|$/);
    expect(rows[6]).toContain("| all with a backdoor | drmguard | 3 |");
    expect(text).toContain("Failures");
    expect(text).not.toMatch(/(?<!\\)<script/);
  });

  it("says what the benign models' errors are, and when there are none", async () => {
    const text = renderMitigateMarkdown(await makeBench());
    expect(text).toContain("| benign models' DAE |");
    expect(text).toContain("2 untouched benign models of the zoo (median)");
    expect(text).toContain("at most 1.10 times that");
    const without = renderMitigateMarkdown(await runMitigate(await request({ badnets: [0] })));
    expect(without).toContain("because the zoo has no benign model");
    expect(without).toMatch(
      /\| badnets \| drmguard \| 1 \| 0\.5 \| 11 \| 12 \| 1\.05 \| – \|.*\| – \| 0\.8 \| 0\.05 \| 0 of 1 \| 10 s/,
    );
  });

  it("counts verdicts where models were scanned again", async () => {
    expect(renderMitigateMarkdown(await makeBench())).not.toContain("inconclusive before");
    const text = renderMitigateMarkdown(await makeBench(true));
    expect(text).toContain("found / clean / inconclusive before");
    expect(text).toMatch(/^\| badnets \| drmguard \|.*\| 2 \/ 0 \/ 0 \| 0 \/ 2 \/ 0 \|$/m);
  });
});

describe("page of mitigations", () => {
  it("is well-formed and runs nothing, whatever names it holds", async () => {
    const bench = await makeBench();
    bench.zoo.name = HOSTILE;
    for (const model of bench.models) model.name = HOSTILE;
    const page = renderMitigateHtml(bench);
    const elements = parseMarkup(page);
    for (const { name, attributes } of elements) {
      expect(["script", "iframe", "object", "embed", "link", "form", "base"]).not.toContain(name);
      for (const attribute of attributes.keys()) expect(attribute).not.toMatch(/^on/);
    }
    expect(renderMitigateMarkdown(bench)).not.toMatch(/(?<!\\)<script/);
  });

  it("shows a dot per backdoor before and after, and marks missed goals", async () => {
    const page = renderMitigateHtml(await makeBench());
    // badnets: two before, two for each method; wanet: one before, one for drmguard.
    expect(parseMarkup(page).filter(({ name }) => name === "circle")).toHaveLength(8);
    expect(page).toContain('class="number pass">2 of 2');
    expect(page).toContain('class="number fail">1 × ERR_NONFINITE');
    expect(page).toContain(">as benign</th>");
    expect(page).toContain(">still there</th>");
    expect(page).toContain("2 untouched benign models of the zoo (median)");
  });
});

describe("list of methods", () => {
  it("is read in its order", () => {
    expect(mitigationMethodsOfList("anp, drmguard")).toEqual(["anp", "drmguard"]);
  });

  it.each([
    ["abs", '"abs"'],
    ["", '""'],
    ["anp,anp", "anp twice"],
  ])("is refused when wrong: %j", (list, fault) => {
    expect(() => mitigationMethodsOfList(list)).toThrow(fault);
  });
});
