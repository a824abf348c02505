import { type Markup, markup } from "../../report/markup.ts";
import { significant } from "../../report/number-format.ts";
import { type ScoreStrip, scoreStrips } from "../../report/svg/score-strips.ts";
import { benchPage, cellMarkup } from "../html-page.ts";
import { mean } from "../statistics/quantiles.ts";
import type { AttackTable } from "./attack-table.ts";
import { type AttackGrid, attackGrids, attackNotes } from "./row-cells.ts";

type MeasuredAttack = AttackTable["models"][number]["measured"]["attacks"][number];

const COLOURS = 8;

/** The table of attacks with the distributions of variance ratio, RAV and RNV as one self-contained page. */
export function renderRavHtml(table: AttackTable): string {
  const { zoo, data, tool, createdAt } = table;
  return benchPage({
    title: `Attacks: ${zoo.name}`,
    subtitle: `${createdAt.slice(0, 10)} · DRMGuard ${tool.version} · ${zoo.models} models on ${data.source}`,
    body: markup`${attackGrids(table).map(gridSection)}
${notesSection(table)}
${distribution(table, "Output-variance ratio", ({ varianceRatio }) => varianceRatio)}
${distribution(table, "RAV", ({ rav }) => rav)}
${distribution(table, "RNV", ({ rnv }) => rnv)}`,
  });
}

function gridSection({ title, columns, rows }: AttackGrid): Markup {
  const side = (index: number) => (columns[index]?.align === "right" ? "number" : "text");
  const headings = columns.map(
    ({ heading }, index) => markup`<th scope="col" class="${side(index)}">${heading}</th>`,
  );
  const lines = rows.map((cells) => {
    const columnsOfRow = cells.map(({ text, passed }, index) => {
      const check = passed === undefined ? "" : passed ? " pass" : " fail";
      return markup`<td class="${side(index)}${check}">${cellMarkup(text)}</td>`;
    });
    return markup`<tr>${columnsOfRow}</tr>
`;
  });
  return markup`<section class="card"><h2>${title}</h2>
<div class="scroll"><table class="bench"><thead><tr>${headings}</tr></thead>
<tbody>
${lines}</tbody></table></div></section>
`;
}

function notesSection(table: AttackTable): Markup {
  const notes = attackNotes(table).map((note) => markup`<li>${note}</li>`);
  return markup`<section class="card"><h2>How to read it</h2>
<ul class="muted caption">${notes}</ul></section>`;
}

/** One dot per backdoor, the mean over outputs; null when no model has the quantity. */
function distribution(
  table: AttackTable,
  quantity: string,
  of: (attack: MeasuredAttack) => number[] | null,
): Markup | null {
  const strips = table.conditions.map(({ condition }, index): ScoreStrip => {
    const models = table.models.filter((model) => model.backdoored && model.condition === condition);
    return {
      label: condition,
      colour: `var(--series-${index % COLOURS})`,
      points: models.flatMap(({ name, measured }) =>
        measured.attacks.flatMap((attack) => {
          const values = of(attack);
          if (values === null) return [];
          const value = mean(values);
          return [{ name: `${name}: ${significant(value)}`, score: value, filled: true }];
        }),
      ),
    };
  });
  if (strips.every(({ points }) => points.length === 0)) return null;
  return markup`<section class="card"><h2>${quantity}</h2>
<figure>${scoreStrips({
    description: `${quantity} by condition`,
    xLabel: `${quantity}, mean over outputs`,
    strips,
    references: [
      { value: 0.1, label: "0.1" },
      { value: 1, label: "no effect" },
    ],
  })}</figure></section>`;
}
