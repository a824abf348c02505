import { describe, expect, it } from "vitest";
import type { ScanEvidence } from "../../../lib/evidence/schema.ts";
import { statisticsOf } from "../../../lib/evidence/statistics.ts";
import { renderHtml } from "../../../lib/report/html/render-html.ts";
import {
  makeBaselineEvidence,
  makeEvidence,
  makeInversion,
  makeModel,
  makePaperEvidence,
} from "../../fixtures/evidence/make-evidence.ts";
import {
  BACKDOORED,
  CLEAN,
  FAILED,
  INCONCLUSIVE,
  reportOf,
  SKIPPED,
  STOPPED,
  scanned,
} from "../../fixtures/evidence/make-report.ts";
import { parseMarkup } from "./parse-markup.ts";

const HOSTILE = `"><script>alert(1)</script><img src="http://evil.example/x" onerror='alert(2)'>&\u202e\u0000'`;

/** Evidence with hostile text wherever the schema takes free text. */
function hostileEvidence(): ScanEvidence {
  const evidence = makeEvidence({
    model: makeModel({
      name: HOSTILE,
      headReason: HOSTILE,
      executionReason: HOSTILE,
      operators: { [HOSTILE]: 3 },
      head: { featureValue: HOSTILE, features: 3, form: HOSTILE, blocks: 1 },
    }),
    complete: false,
    incompleteReason: HOSTILE,
  });
  evidence.tool = { name: "drmguard", version: HOSTILE, libtorch: HOSTILE, node: HOSTILE, platform: HOSTILE };
  evidence.images.source = HOSTILE;
  evidence.plan.device = HOSTILE;
  evidence.plan.head.featureValue = HOSTILE;
  return evidence;
}

/** Evidence with d outputs instead of three. */
function evidenceOfOutputs(outputs: number): ScanEvidence {
  const vector = Array.from({ length: outputs }, (_, index) => index + 0.5);
  const inversions = [
    makeInversion({
      target: vector,
      startTarget: vector,
      outputMean: vector,
      varianceRatio: vector,
      rav: vector,
      rnv: vector,
    }),
    makeInversion({
      role: "forced",
      cost: 0.01,
      target: vector,
      outputMean: vector,
      varianceRatio: vector,
      rav: null,
      rnv: null,
    }),
  ];
  const evidence = makeEvidence({
    model: makeModel({ outputs }),
    inversions,
    statistics: statisticsOf(inversions),
    probe: null,
  });
  evidence.benign = {
    mean: vector,
    deviation: vector,
    minimum: vector.map((v) => v - 9),
    maximum: vector.map((v) => v + 9),
  };
  evidence.reversedTrigger = {
    inversion: 0,
    target: vector,
    transfer: null,
    samples: (evidence.reversedTrigger?.samples ?? []).map((sample) => ({
      ...sample,
      outputBefore: vector,
      outputAfter: vector,
    })),
  };
  return evidence;
}

const FULL = renderHtml(reportOf(BACKDOORED, CLEAN, INCONCLUSIVE, STOPPED, FAILED, SKIPPED));

/** Neural Cleanse with the samples of another scan; the best start is shown. */
function cleanseWithPictures() {
  const { reversedTrigger } = makeEvidence();
  if (reversedTrigger === null) throw new Error("no samples");
  return makeBaselineEvidence("neural-cleanse", 0.003, {
    reversedTrigger: { ...reversedTrigger, inversion: 1 },
  });
}

describe("an offset in the HTML report", () => {
  it("is told as a change of the outputs, without a target of its own and without curves of one step", () => {
    const curve = [{ step: 1, loss: 0.01, cost: 0.01, collapse: 0.01, rav: 0.5 }];
    const offset = { family: "offset-patch", reference: 0.25, collapse: 0.004, curve } as const;
    const inversions = [makeInversion({ ...offset, curve: [...curve], target: [17.9, 0.8, 0.3] })];
    const evidence = makeEvidence({ inversions, statistics: statisticsOf(inversions) });
    if (evidence.reversedTrigger !== null) evidence.reversedTrigger.inversion = 0;
    const page = renderHtml(reportOf(scanned("a.pt", evidence)));
    // The benign mean is (−2.1, .8, .3).
    expect(page).toContain("It moves all outputs by (20, 0, 0)");
    expect(page).toContain("Offset found");
    expect(page).not.toContain("Outputs before and after");
    expect(page).not.toContain("Inversions over their steps");
    expect(FULL).toContain("Outputs before and after");
    expect(FULL).toContain("Inversions over their steps");
  });

  it("stands beside other backdoors in a list", () => {
    const small = (target: number[], collapse: number) =>
      makeInversion({ family: "patch", reference: 0.9, collapse, target });
    const inversions = [small([4, 24, 4], 0.004), small([-4, -24, -4], 0.005)];
    const page = renderHtml(
      reportOf(scanned("a.pt", makeEvidence({ inversions, statistics: statisticsOf(inversions) }))),
    );
    expect(page).toContain("2 backdoors");
    expect(page).toContain("#2, patch: target (-4, -24, -4)");
    expect(FULL).not.toContain("backdoors</strong>");
  });
});

describe("the HTML report's safety", () => {
  const hostile: ReturnType<typeof reportOf> = reportOf(
    scanned(HOSTILE, hostileEvidence()),
    { outcome: "error", path: HOSTILE, error: { code: "ERR_INTERNAL", message: HOSTILE, hint: HOSTILE } },
    { outcome: "skipped", path: HOSTILE, reason: HOSTILE },
  );
  hostile.tool.version = HOSTILE;
  hostile.createdAt = HOSTILE;

  it.each([
    ["of a plain report", FULL],
    ["of hostile text in every field", renderHtml(hostile)],
    [
      "of Neural Cleanse",
      renderHtml(reportOf(scanned("a.pt", makeBaselineEvidence("neural-cleanse", 0.003)))),
    ],
    ["of FeatureRE", renderHtml(reportOf(scanned("a.pt", makeBaselineEvidence("feature-re", -0.9))))],
    ["of the paper's method", renderHtml(reportOf(scanned("a.pt", makePaperEvidence(0.01))))],
    ["of no model", renderHtml(reportOf())],
  ])("%s: well-formed, no script, no handler, nothing fetched", (_, page) => {
    const elements = parseMarkup(page);
    const names = new Set(elements.map(({ name }) => name));
    for (const banned of [
      "script",
      "iframe",
      "object",
      "embed",
      "link",
      "base",
      "form",
      "use",
      "image",
      "foreignObject",
    ]) {
      expect(names).not.toContain(banned);
    }
    for (const { attributes } of elements) {
      for (const [name, value] of attributes) {
        expect(name).not.toMatch(/^on|^srcset$|^xlink/i);
        if (name === "src") expect(value).toMatch(/^data:image\/png;base64,[A-Za-z0-9+/=]*$/);
        if (name === "href") expect(value).toMatch(/^#model-\d+$/);
        if (name === "style") expect(value).not.toMatch(/url|import|expression/i);
      }
    }
    expect(page.match(/<style>.*?<\/style>/s)?.[0]).not.toMatch(/url\(|@import/);
  });

  it("holds no http(s) address unless the user's own text does, and then as text", () => {
    expect(FULL).not.toMatch(/https?:/i);
    expect(renderHtml(hostile)).toContain(
      "&lt;img src=&quot;http://evil.example/x&quot; onerror=&#39;alert(2)&#39;&gt;&amp;\\u{202e}\\u{0}",
    );
  });

  it("forbids everything but inline styles and inlined pictures, before anything else is read", () => {
    const policy = parseMarkup(FULL).filter(
      ({ attributes }) => attributes.get("http-equiv") === "Content-Security-Policy",
    );
    expect(policy[0]?.attributes.get("content")).toContain(
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    );
    expect(FULL.indexOf("Content-Security-Policy")).toBeLessThan(FULL.indexOf("<style>"));
  });

  it("stays valid with numbers at the edge of what evidence may hold", () => {
    const evidence = makeEvidence();
    evidence.benign = {
      mean: [1e308, -1e308, 0],
      deviation: [-1e308, 0, 1e308],
      minimum: [1e308, 0, 5],
      maximum: [-1e308, 0, -5],
    };
    for (const inversion of evidence.inversions) {
      inversion.target = [1e308, -1e308, 5e-324];
      inversion.curve = [
        { step: 0, loss: -1e308, cost: 0, collapse: -1, rav: 0 },
        { step: 9e15, loss: 1e308, cost: 1e308, collapse: 0, rav: 5e-324 },
      ];
    }
    const page = renderHtml(reportOf(scanned("edge.pt", evidence)));
    for (const { name, attributes } of parseMarkup(page)) {
      for (const [key, value] of attributes) {
        if (["x", "y", "cx", "cy", "x1", "points", "width", "height", "r", "rx", "d"].includes(key)) {
          expect(`${name} ${key} ${value}`).not.toMatch(/NaN|Infinity|undefined/);
        }
        if (["width", "height", "r", "rx", "ry"].includes(key)) expect(value).not.toMatch(/^-/);
      }
    }
  });
});

describe("the HTML report's content", () => {
  it("links a summary table to every model, and leaves it out for one", () => {
    const elements = parseMarkup(FULL);
    const links = elements.filter(({ name }) => name === "a").map(({ attributes }) => attributes.get("href"));
    const anchors = elements
      .filter(({ name }) => name === "article")
      .map(({ attributes }) => `#${attributes.get("id")}`);
    expect(links).toEqual(["#model-1", "#model-2", "#model-3", "#model-4", "#model-5", "#model-6"]);
    expect(anchors).toEqual(links);
    expect(renderHtml(reportOf(CLEAN))).not.toContain('href="#model');
  });

  it("says when it is not complete, and only then", () => {
    expect(FULL).toContain("This report is not complete.");
    expect(renderHtml(reportOf(BACKDOORED))).not.toContain("not complete.");
    expect(renderHtml(reportOf())).toContain("Nothing was scanned.");
  });

  it("shows verdict, score, margin, target, hashes, plan and what was not checked", () => {
    const page = renderHtml(reportOf(BACKDOORED));
    for (const text of [
      "score 3.81",
      "clean ≤ 2",
      "2.5 ≤ backdoored",
      "+0.608",
      "(4.02, 24.6, 4.27)",
      "a".repeat(64),
      "b".repeat(64),
      "<dt>seed</dt><dd>1</dd>",
      "<dt>LibTorch</dt><dd>2.13.0</dd>",
      "<dt>learning rate</dt><dd>0.02</dd>",
      "triggers that differ from image to image",
      "change × 4.55",
      "6,400 plain patches",
    ]) {
      expect(page).toContain(text);
    }
    const pictures = parseMarkup(page).filter(({ name }) => name === "img");
    expect(pictures).toHaveLength(6 * 3);
  });

  it("draws every inversion in each of the four charts, free ones coloured and forced ones grey", () => {
    const curves = parseMarkup(renderHtml(reportOf(BACKDOORED))).filter(({ name }) => name === "polyline");
    expect(curves).toHaveLength(4 * 7);
    const styles = curves.map(({ attributes }) => attributes.get("style") ?? "");
    expect(styles.filter((style) => style.startsWith("stroke:var(--forced)"))).toHaveLength(4 * 3);
    expect(
      new Set(
        styles.filter((style) => style.startsWith("stroke:var(--series-")).map((style) => style.slice(0, 21)),
      ).size,
    ).toBe(4);
  });

  it("shows the mask of Neural Cleanse and the terms of FeatureRE, with lines that are not calibrated", () => {
    const cleanse = renderHtml(reportOf(scanned("a.pt", cleanseWithPictures())));
    expect(cleanse).toContain('alt="Reversed mask"');
    expect(cleanse).toContain("mask and pattern");
    const reverse = renderHtml(reportOf(scanned("a.pt", makeBaselineEvidence("feature-re", -0.9))));
    expect(reverse).toContain("<dt>Similarity</dt><dd>0.31");
    expect(reverse).not.toContain("Reversed mask");
    for (const page of [cleanse, reverse]) expect(page).toContain("The line is not calibrated.");
  });

  it("draws the lines it was judged by, not those of the scan's plan", () => {
    const evidence = makeEvidence();
    const entry = scanned("a.pt", evidence);
    if (entry.outcome !== "scanned") throw new Error("not scanned");
    entry.verdict.thresholds = {
      backdoored: 4,
      clean: 3,
      epsilon: 0.03,
      maskShare: 0.006,
      featureScore: -0.75,
    };
    expect(renderHtml(reportOf(entry))).toContain("4 ≤ backdoored");
  });

  it.each([1, 2, 136])("takes models with %i outputs", (outputs) => {
    const page = renderHtml(reportOf(scanned("a.pt", evidenceOfOutputs(outputs))));
    parseMarkup(page);
    expect(page).toContain(outputs === 1 ? "Cost of the targets" : "Targets in output space");
    expect(page.includes("… 132 more outputs")).toBe(outputs === 136);
  });

  it("takes evidence with nothing in it but the verdict's reason", () => {
    const evidence = makeEvidence({
      inversions: [],
      statistics: statisticsOf([]),
      probe: null,
      reversedTrigger: null,
    });
    const page = renderHtml(reportOf(scanned("a.pt", evidence)));
    parseMarkup(page);
    expect(page).toContain("There is no score");
    expect(page).not.toContain("<polyline");
  });
});
