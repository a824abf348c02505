import type { ScanEvidence } from "../../evidence/schema.ts";
import { type Markup, markup } from "../markup.ts";
import { METHOD_TEXTS } from "../method-texts.ts";
import { bytesText, grouped, secondsText, significant, vectorText } from "../number-format.ts";

type Fact = [label: string, value: string];

const OPERATORS_SHOWN = 60;

/** What the numbers rest on, so that a scan can be repeated: model, images, plan, versions, hashes, timings. */
export function facts(evidence: ScanEvidence): Markup {
  return markup`<section class="facts"><h3>What was scanned, and how</h3><div class="fact-groups">
${group("Model", modelFacts(evidence))}${group("Images", imageFacts(evidence))}${group("Input", inputFacts(evidence))}${group(
  "Plan",
  planFacts(evidence),
)}${group("Versions", versionFacts(evidence))}${group("Time", timeFacts(evidence))}</div></section>`;
}

function group(title: string, entries: Fact[]): Markup {
  return markup`<div class="fact-group"><h4>${title}</h4><dl>${entries.map(
    ([label, value]) => markup`<div><dt>${label}</dt><dd>${value}</dd></div>`,
  )}</dl></div>
`;
}

function modelFacts({ model }: ScanEvidence): Fact[] {
  const operators = Object.entries(model.operators).sort(([, a], [, b]) => b - a);
  const listed = operators.slice(0, OPERATORS_SHOWN).map(([name, count]) => `${name} × ${count}`);
  if (operators.length > OPERATORS_SHOWN) listed.push(`${operators.length - OPERATORS_SHOWN} more`);
  const { head } = model;
  return [
    ["name", model.name],
    ["SHA-256", model.sha256],
    ["size", bytesText(model.bytes)],
    ["format", model.format],
    [
      "execution",
      model.executionReason === "" ? model.execution : `${model.execution} (${model.executionReason})`,
    ],
    ["parameters", grouped(model.parameters)],
    ["outputs", grouped(model.outputs)],
    [
      "head",
      head === null
        ? `none (${model.headReason})`
        : `${head.form} behind ${head.featureValue}, ${grouped(head.features)} features, ${head.blocks} ${head.blocks === 1 ? "block" : "blocks"}`,
    ],
    ["operators", listed.join(", ")],
  ];
}

function imageFacts({ images, benign }: ScanEvidence): Fact[] {
  return [
    ["source", images.source],
    ["kind", images.kind],
    ["SHA-256", images.sha256],
    ["used", `${grouped(images.count)} of ${grouped(images.available)}`],
    ["size", `${images.channels} × ${images.height} × ${images.width} (channels, height, width)`],
    ["benign output mean", vectorText(benign.mean, 4)],
    ["benign output deviation", vectorText(benign.deviation, 4)],
  ];
}

function inputFacts({ plan }: ScanEvidence): Fact[] {
  const { size, channels, pixels } = plan.input;
  return [
    ["size", size === null ? "the images’ own" : `${size.height} × ${size.width}`],
    ["channels", `${channels}, ${pixels.channelOrder}`],
    ["scale", significant(pixels.scale, 6)],
    ["mean", vectorText(pixels.mean, 4)],
    ["deviation", vectorText(pixels.deviation, 4)],
    [
      "feature value",
      plan.head.featureValue ?? (plan.head.outputOnly ? "none (output only)" : "found by itself"),
    ],
  ];
}

function planFacts({ plan }: ScanEvidence): Fact[] {
  const { settings, lines } = METHOD_TEXTS[plan.method];
  return [
    ["method", plan.method],
    ["device", `${plan.device}, ${plan.threads} threads`],
    ["seed", String(plan.seed)],
    ["images", `at least ${plan.images.minimum}, at most ${plan.images.limit}`],
    ...Object.entries(settings(plan)).map(
      ([name, value]): Fact => [
        words(name),
        typeof value === "number"
          ? significant(value, 6)
          : typeof value === "boolean"
            ? value
              ? "yes"
              : "no"
            : String(value),
      ],
    ),
    ["thresholds", lines(plan.thresholds)],
  ];
}

function versionFacts({ tool, createdAt }: ScanEvidence): Fact[] {
  return [
    ["DRMGuard", tool.version],
    ["LibTorch", tool.libtorch],
    ["Node", tool.node],
    ["platform", tool.platform],
    ["scanned", createdAt],
  ];
}

function timeFacts({ seconds }: ScanEvidence): Fact[] {
  return [
    ["load", secondsText(seconds.load)],
    ["probe", secondsText(seconds.probe)],
    ["inversion", secondsText(seconds.inversion)],
    ["total", secondsText(seconds.total)],
  ];
}

/** "learningRate" as "learning rate". */
function words(name: string): string {
  return name.replace(
    /([a-z])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
}
