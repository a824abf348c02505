import { describe, expect, it } from "vitest";
import { methodTable } from "../../../lib/bench/identify/identification-table.ts";
import type { IdentifiedModel } from "../../../lib/bench/index.ts";
import {
  type Identification,
  renderIdentifyHtml,
  renderIdentifyMarkdown,
  renderRavHtml,
  renderRavMarkdown,
  runRav,
} from "../../../lib/bench/index.ts";
import { makePlan } from "../../fixtures/evidence/make-evidence.ts";
import { parseMarkup } from "../report/parse-markup.ts";
import { makeManifest, readSmallFacts } from "./small-zoo.ts";

const HOSTILE = `"><script>alert(1)</script>|<img src="http://evil.example/x" onerror='alert(2)'>&`;

function makeBench(scores: (number | null)[], changes: Partial<Identification> = {}): Identification {
  const conditions = ["benign", "badnets", "wanet"];
  const models = scores.map((score, index): IdentifiedModel => {
    const condition = conditions[index % 3] as string;
    const seed = Math.floor(index / 3);
    const backdoored = condition !== "benign";
    return {
      method: "contrast",
      name: `${condition}-${seed}`,
      condition,
      backdoored,
      seed,
      half: seed % 2 === 0 ? "reporting" : "choosing",
      score,
      label: "inconclusive",
      targetError: backdoored ? 0.04 : null,
      seconds: 12.5,
      threads: 1,
    };
  });
  return {
    schemaVersion: 1,
    kind: "identification",
    tool: { name: "drmguard", version: "0.1.0" },
    createdAt: "2026-11-24T10:00:00.000Z",
    zoo: { name: "small", models: models.length },
    images: { source: "rendered", sha256: "c".repeat(64), count: 20, height: 16, width: 16 },
    halves: { choosing: [1, 3], reporting: [0, 2] },
    jobs: 2,
    methods: [{ method: "contrast", plan: makePlan(), ...methodTable(models, ["badnets", "wanet"]) }],
    models,
    failures: [],
    ...changes,
  };
}

const SCORES = [1, 6, 2, 1.1, 5, 6, 3, 7, null, 1.2, 4.8, 5];

/** What no page may hold: anything that runs, or is fetched. */
function requireInert(page: string): void {
  const elements = parseMarkup(page);
  const names = new Set(elements.map(({ name }) => name.toLowerCase()));
  for (const name of ["script", "iframe", "object", "embed", "link", "form", "base"])
    expect(names).not.toContain(name);
  for (const { attributes } of elements) {
    for (const [name, value] of attributes) {
      expect(name).not.toMatch(/^on/);
      if (name === "href") expect(value).toMatch(/^#/);
    }
  }
  const policy = elements.find(
    ({ attributes }) => attributes.get("http-equiv") === "Content-Security-Policy",
  );
  expect(policy?.attributes.get("content")).toMatch(/^default-src &#39;none&#39;|^default-src 'none'/);
}

describe("identification page", () => {
  it("is well-formed, runs nothing, and shows every model as a dot", () => {
    const page = renderIdentifyHtml(makeBench(SCORES));
    requireInert(page);
    const elements = parseMarkup(page);
    expect(elements.filter(({ name }) => name === "circle")).toHaveLength(SCORES.length);
    expect(page).toContain("wanet-2: no score");
    expect(page).toContain(">no score</text>");
    const hollow = elements.filter(({ attributes }) => attributes.get("style")?.startsWith("fill:none"));
    expect(hollow).toHaveLength(6);
    // Two conditions and all of them together, and the diagonal.
    expect(elements.filter(({ attributes }) => attributes.get("class") === "curve")).toHaveLength(3);
    expect(page).toContain("backdoored from 2.4");
  });

  it.each([
    ["no scores", SCORES.map(() => null)],
    ["equal scores", SCORES.map(() => 2)],
    ["scores that are not positive", SCORES.map((score) => (score ?? 0) - 3)],
    ["scores of many decades", SCORES.map((_, index) => 10 ** (index * 20 - 100))],
    ["no models", []],
    ["benign models only", [1]],
  ])("is well-formed with %s", (_, scores) => {
    const page = renderIdentifyHtml(makeBench(scores));
    requireInert(page);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(renderIdentifyMarkdown(makeBench(scores))).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("takes hostile names for text", () => {
    const bench = makeBench(SCORES, {
      zoo: { name: HOSTILE, models: 12 },
      failures: [{ method: "contrast", model: HOSTILE, code: "ERR_NONFINITE", message: HOSTILE }],
    });
    for (const model of bench.models) model.name = HOSTILE;
    requireInert(renderIdentifyHtml(bench));
    expect(renderIdentifyMarkdown(bench)).not.toMatch(/(?<!\\)<script/);
  });
});

describe("identification table in Markdown", () => {
  it("has a row per condition with as many cells as the head", () => {
    const text = renderIdentifyMarkdown(makeBench(SCORES));
    const table = text.split("\n\n").find((part) => part.startsWith("| method | condition")) ?? "";
    const [head, rule, ...rows] = table.split("\n");
    const cells = (line = "") => line.split(/(?<!\\)\|/).length;
    expect(rows).toHaveLength(3);
    for (const row of [rule, ...rows]) expect(cells(row)).toBe(cells(head));
    expect(rows[0]).toContain("| contrast | badnets | 2 + 2 | 75.0 % (19.4–99.4) | 2 / 1 / 0 / 1 |");
    expect(rows[2]).toContain("all conditions");
    expect(rows[1]).toContain("| 4.0 % | 12.5 s |");
  });
});

describe("page of attacks", () => {
  it("is well-formed and runs nothing; the Markdown tells the same", async () => {
    const manifest = makeManifest({ benign: [0, 1], badnets: [0, 1], wanet: [0] });
    manifest.plan.name = HOSTILE;
    const table = await runRav({ manifest, folder: "zoo", version: "0.1.0", readFacts: readSmallFacts });
    const page = renderRavHtml(table);
    requireInert(page);
    // Variance ratio, RAV and RNV of three backdoored models.
    expect(parseMarkup(page).filter(({ name }) => name === "circle")).toHaveLength(9);
    const text = renderRavMarkdown(table);
    expect(text).toContain("| badnets | 2 |");
    expect(text).toContain("| (0.02, 0.04, 0.06) |");
    // Two checks at the end of either table.
    expect(text.match(/\| badnets \|.*\| 2 of 2 \| 2 of 2 \|$/gm)).toHaveLength(2);
    expect(page).toContain("(0.02, 0.04, 0.06)");
  });

  it("speaks of angles between directions only where labels are directions", async () => {
    const manifest = makeManifest({ benign: [0], badnets: [0] });
    const readFacts = async (path: string) => {
      const facts = await readSmallFacts(path);
      for (const attack of facts.measured.attacks) attack.attackAngularError = 1.25;
      return facts;
    };
    const request = { manifest, folder: "zoo", version: "0.1.0" };
    const poses = renderRavMarkdown(await runRav({ ...request, readFacts: readSmallFacts }));
    expect(poses).not.toContain("angle °");
    expect(renderRavMarkdown(await runRav({ ...request, readFacts }))).toMatch(/AE, angle °.*\n.*\n.*1\.25/);
  });
});
