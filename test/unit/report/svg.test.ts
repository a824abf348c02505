import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { extent, linearAxis, logAxis } from "../../../lib/report/svg/axis.ts";
import { lineChart } from "../../../lib/report/svg/line-chart.ts";
import { scaleBar } from "../../../lib/report/svg/scale-bar.ts";

describe("axes", () => {
  it("map the domain's ends to the range's ends, linearly or by ratio", () => {
    const linear = linearAxis([0, 10], [100, 0]);
    expect([0, 2.5, 10].map(linear.at)).toEqual([100, 75, 0]);
    const log = logAxis([0.01, 100], [0, 4]);
    expect([0.01, 1, 100].map((value) => log.at(value))).toEqual([0, 2, 4]);
    expect([0, -3, 1e-9, 1e9].map((value) => log.at(value))).toEqual([0, 0, 0, 4]);
  });

  it("have round ticks", () => {
    expect(linearAxis([0, 250], [0, 1]).ticks).toEqual([0, 50, 100, 150, 200, 250]);
    expect(linearAxis([-0.3, 0.3], [0, 1]).ticks).toEqual([-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
    expect(logAxis([0.02, 1], [0, 1]).ticks).toEqual([0.03, 0.1, 0.3, 1]);
    expect(logAxis([0.001, 1000], [0, 1]).ticks).toEqual([0.001, 0.01, 0.1, 1, 10, 100, 1000]);
  });

  it("have between two and twenty ascending ticks inside any domain", () => {
    const bound = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(bound, bound, (a, b) => {
        fc.pre(Math.abs(a - b) > 1e-6);
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const { ticks } = linearAxis([low, high], [0, 1]);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(20);
        const slack = (high - low) * 1e-6;
        for (const [index, tick] of ticks.entries()) {
          expect(tick).toBeGreaterThanOrEqual(low - slack);
          expect(tick).toBeLessThanOrEqual(high + slack);
          if (index > 0) expect(tick).toBeGreaterThan(ticks[index - 1] as number);
        }
      }),
    );
  });

  it("ignore what is not finite", () => {
    expect(extent([Number.NaN, 3, Number.POSITIVE_INFINITY, -1])).toEqual([-1, 3]);
    expect(extent([Number.NaN])).toBeNull();
  });
});

describe("line chart", () => {
  const chart = (points: { x: number; y: number }[], scale: "linear" | "log" = "linear") =>
    String(
      lineChart({
        description: "d",
        xLabel: "step",
        scale,
        references: [],
        lines: [{ name: "n", colour: "red", weight: "normal", points }],
      }),
    );
  const drawn = (svg: string) =>
    (/points="([^"]*)"/.exec(svg)?.[1] ?? "")
      .split(" ")
      .map((pair) => pair.split(",").map(Number) as [number, number]);

  it("draws points in order, higher values higher", () => {
    const [first, second, third] = drawn(
      chart([
        { x: 0, y: 0 },
        { x: 5, y: 2 },
        { x: 10, y: 1 },
      ]),
    ) as [number, number][];
    expect([first?.[0], second?.[0], third?.[0]]).toEqual([50, 249, 448]);
    expect(second?.[1]).toBeLessThan(third?.[1] as number);
    expect(third?.[1]).toBeLessThan(first?.[1] as number);
  });

  it("puts equal ratios at equal distances on a log scale", () => {
    const [a, b, c] = drawn(
      chart(
        [
          { x: 0, y: 1 },
          { x: 1, y: 0.1 },
          { x: 2, y: 0.01 },
        ],
        "log",
      ),
    ).map(([, y]) => y) as [number, number, number];
    expect(b - a).toBeCloseTo(c - b, 0);
    expect(b).toBeGreaterThan(a);
  });

  it("thins long curves but keeps both ends", () => {
    const points = drawn(chart(Array.from({ length: 10_000 }, (_, x) => ({ x, y: x }))));
    expect(points).toHaveLength(400);
    expect([points[0]?.[0], points.at(-1)?.[0]]).toEqual([50, 448]);
  });

  it("draws nothing without a point", () => {
    expect(lineChart({ description: "", xLabel: "", scale: "log", references: [], lines: [] })).toBeNull();
    expect(chart([{ x: 0, y: Number.NaN }])).toBe("null");
  });
});

describe("scale bar", () => {
  const markerPlace = (score: number) =>
    Number(
      /class="marker" x="([\d.]+)%"/.exec(
        String(scaleBar({ description: "", score, clean: 2, backdoored: 2.5 })),
      )?.[1],
    );
  const zone = (name: string, score: number) => {
    const svg = String(scaleBar({ description: "", score, clean: 2, backdoored: 2.5 }));
    const [, x, width] =
      new RegExp(`class="zone-${name}" x="([\\d.]+)%" y="\\d+" width="([\\d.]+)%"`).exec(svg) ?? [];
    return [Number(x), Number(x) + Number(width)] as const;
  };

  it.each([
    ["clean", 0.01],
    ["clean", 1.9],
    ["between", 2.2],
    ["backdoored", 2.6],
    ["backdoored", 900],
  ])("puts the marker into the %s zone for score %d", (name, score) => {
    const [from, to] = zone(name, score);
    expect(markerPlace(score)).toBeGreaterThan(from);
    expect(markerPlace(score)).toBeLessThan(to);
  });

  it("has no marker without a score, and one line where both coincide", () => {
    const svg = String(scaleBar({ description: "", score: null, clean: 1, backdoored: 1 }));
    expect(svg).not.toContain("marker");
    expect(svg.match(/scale-line/g)).toHaveLength(1);
  });
});
