import { describe, expect, it } from "vitest";
import { lowerExportedProgram } from "../../../lib/models/exported-program.ts";
import type { ProgramConstant, ProgramNode } from "../../../lib/native/addon.ts";
import { assertion, base, compare, graphEdit, sizeNode } from "./edited-exports.ts";
import { argumentOf, FIXTURES, fixtureBytes } from "./model-fixtures.ts";

const exports = FIXTURES.models.flatMap(({ files }) => files.filter(({ form }) => form === "export"));

function sumOf({ dtype, data }: ProgramConstant): number {
  const bytes = data.slice().buffer;
  if (dtype === "float32") return new Float32Array(bytes).reduce((sum, value) => sum + value, 0);
  if (dtype === "int64") return Number(new BigInt64Array(bytes).reduce((sum, value) => sum + value, 0n));
  if (dtype === "bool") return new Uint8Array(bytes).reduce((sum, value) => sum + value, 0);
  throw new Error(`no fixture holds ${dtype}`);
}

function countOperators(nodes: ProgramNode[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { operator } of nodes) counts[operator] = (counts[operator] ?? 0) + 1;
  return counts;
}

const nodesOf = (file: string) => lowerExportedProgram(fixtureBytes(file)).nodes;

describe("lowering a torch.export archive", () => {
  it.each(exports)("$file has the operators that torch counts", ({ file, operators = {} }) => {
    const expected = Object.entries(operators).map(([name, count]) => [
      name.includes("::") ? name : `scalar::${name}`,
      count,
    ]);
    expect(countOperators(nodesOf(file))).toEqual(Object.fromEntries(expected));
  });

  it.each(exports)("$file has the weights that torch holds", ({ file, weights = {} }) => {
    const { constants } = lowerExportedProgram(fixtureBytes(file));
    expect(constants.map(({ name }) => name).sort()).toEqual(Object.keys(weights).sort());
    for (const constant of constants) {
      const expected = weights[constant.name];
      expect({ shape: constant.shape, dtype: constant.dtype }).toEqual({
        shape: expected?.shape,
        dtype: expected?.dtype,
      });
      expect(sumOf(constant)).toBeCloseTo(expected?.sum ?? Number.NaN, 4);
    }
  });

  it("keeps every output", () => {
    expect(lowerExportedProgram(fixtureBytes("two_outputs.pt2")).outputs).toHaveLength(2);
  });

  it("reads sizes, lists, infinities and what it may leave out", () => {
    const nodes = nodesOf("size_arithmetic.pt2");
    const one = (operator: string) => nodes.find((node) => node.operator === operator);
    const size = one("aten::sym_size.int")?.outputs[0];
    const product = one("scalar::mul");
    expect(product?.arguments).toEqual([
      { name: "a", value: { kind: "value", name: size } },
      { name: "b", value: { kind: "int", value: expect.any(Number) } },
    ]);
    expect(argumentOf(one("aten::masked_fill.Scalar"), "value")).toEqual({ kind: "float", value: -Infinity });
    expect(argumentOf(one("aten::slice.Tensor"), "end")).toEqual({
      kind: "int",
      value: Number.MAX_SAFE_INTEGER,
    });
    expect(argumentOf(one("aten::index.Tensor"), "indices")).toMatchObject({
      names: [null, expect.any(String)],
    });
    expect(one("aten::chunk")?.outputs).toEqual([[expect.any(String), expect.any(String)]]);
    expect(one("aten::max.dim")?.outputs).toEqual([expect.any(String), expect.any(String)]);
    const zeros = one("aten::zeros");
    expect(zeros?.arguments.map(({ name }) => name)).toEqual(["size", "dtype"]);
    expect(argumentOf(zeros, "dtype")).toEqual({ kind: "dtype", value: "float32" });
    expect(argumentOf(zeros, "size")).toEqual({ kind: "ints", values: [expect.any(String), 16] });
  });
});

describe("checks in the graph", () => {
  it("go, with the arithmetic that only they need", () => {
    const checked = graphEdit((graph) => graph.nodes.unshift(sizeNode, compare, assertion));
    expect(lowerExportedProgram(checked).nodes).toEqual(lowerExportedProgram(base).nodes);
  });

  it("do not take arithmetic along that others need", () => {
    const negation = {
      target: "_operator.neg",
      inputs: [{ name: "a", arg: { as_sym_int: { as_name: "n" } } }],
      outputs: [{ as_sym_int: { as_name: "minus" } }],
    };
    const program = graphEdit((graph) => {
      graph.nodes.unshift(sizeNode, negation);
      graph.nodes
        .at(-1)
        .inputs.push({ name: "extra", arg: { as_sym_ints: [{ as_name: "minus" }, { as_int: 3 }] } });
    });
    const [first, second] = lowerExportedProgram(program).nodes;
    expect(first?.operator).toBe("aten::sym_size.int");
    expect(second).toMatchObject({ operator: "scalar::mul", outputs: ["minus"] });
    expect(argumentOf(second, "b")).toEqual({ kind: "int", value: -1 });
  });
});
