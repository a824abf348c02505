import { describe, expect, it } from "vitest";
import { lowerExportedProgram } from "../../../lib/models/exported-program.ts";
import { graphEdit } from "./edited-exports.ts";
import { argumentOf, codeOf } from "./model-fixtures.ts";

/** A call of one tensor, as torch.export writes it. */
const call = (name: string, self: string, result: string) => ({
  target: `torch.ops.aten.${name}`,
  inputs: [{ name: "self", arg: { as_tensor: { name: self } } }],
  outputs: [{ as_tensor: { name: result } }],
});

/** The program x → conv1 → relu → conv2 → mean → tanh with calls put behind the first convolution. */
const afterFirst = (...calls: unknown[]) => graphEdit((graph) => graph.nodes.splice(1, 0, ...calls));

describe("operators that change a value in place", () => {
  it("are followed by every later use of the value", () => {
    const { nodes } = lowerExportedProgram(
      afterFirst(call("relu_.default", "conv2d", "r"), call("tanh_.default", "r", "t")),
    );
    expect(argumentOf(nodes[3], "self")).toEqual({ kind: "value", name: "t" });
    expect(nodes[3]?.operator).toBe("aten::relu");
  });

  it("may change a view that nobody else shares", () => {
    const program = graphEdit((graph) => {
      graph.nodes.splice(1, 0, call("contiguous.default", "conv2d", "c"), call("relu_.default", "c", "r"));
      graph.nodes[3].inputs[0].arg.as_tensor.name = "r";
    });
    expect(lowerExportedProgram(program).nodes).toHaveLength(7);
  });

  it.each([
    [
      "a view of a value that is used later",
      afterFirst(call("detach.default", "conv2d", "v"), call("relu_.default", "v", "r")),
    ],
    ["the input", graphEdit((graph) => graph.nodes.unshift(call("relu_.default", "x", "r")))],
    ["a weight", graphEdit((graph) => graph.nodes.unshift(call("relu_.default", "p_conv1_weight", "r")))],
  ])("are refused on %s", (_, program) => {
    expect(codeOf(() => lowerExportedProgram(program))).toBe("ERR_MODEL_UNSUPPORTED");
  });
});
