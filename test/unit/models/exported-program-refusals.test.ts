import { describe, expect, it } from "vitest";
import { lowerExportedProgram } from "../../../lib/models/exported-program.ts";
import { base, compare, edited, graphEdit, sizeNode } from "./edited-exports.ts";
import { codeOf, fixtureBytes, HOSTILE, withJson } from "./model-fixtures.ts";

describe("refusals", () => {
  for (const [file, { code, stage }] of Object.entries(HOSTILE)) {
    // The native core sees the weights' values, and which ATen operators may run.
    const isNative = file.startsWith("nan_") || file.startsWith("unknown_") || file.startsWith("calls_");
    if (stage !== "open" || !file.endsWith(".pt2") || isNative) continue;
    it(`${file}: ${code}`, () => {
      expect(codeOf(() => lowerExportedProgram(fixtureBytes(`hostile/${file}`)))).toBe(code);
    });
  }

  it("say what to do about a fixed batch", () => {
    expect(() => lowerExportedProgram(fixtureBytes("hostile/static_batch.pt2"))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("dynamic_shapes") }),
    );
  });

  const last = (graph: { nodes: { inputs: unknown[]; outputs: unknown[] }[] }) => graph.nodes.at(-1);
  for (const [what, code, archive] of [
    ["another schema", "ERR_MODEL_UNSUPPORTED", edited((program) => (program.schema_version.major = 9))],
    ["a value used before it is computed", "ERR_MODEL_FORMAT", graphEdit((graph) => graph.nodes.reverse())],
    ["a value computed twice", "ERR_MODEL_FORMAT", graphEdit((graph) => graph.nodes.push(graph.nodes[0]))],
    [
      "arithmetic on sizes that is not known",
      "ERR_MODEL_UNSUPPORTED",
      graphEdit((graph) => {
        graph.nodes.unshift(sizeNode, compare);
        last(graph)?.inputs.push({ name: "keepdim", arg: { as_sym_bool: { as_name: "large" } } });
        last(graph)?.inputs.push({ name: "sizes", arg: { as_sym_ints: [{ as_name: "large" }] } });
      }),
    ],
    [
      "a complex number",
      "ERR_MODEL_UNSUPPORTED",
      graphEdit((graph) =>
        last(graph)?.inputs.push({ name: "alpha", arg: { as_complex: { real: 1, imag: 1 } } }),
      ),
    ],
    [
      "an integer beyond 53 bits outside a slice",
      "ERR_MODEL_UNSUPPORTED",
      graphEdit((graph) => last(graph)?.inputs.push({ name: "dim", arg: { as_int: 2 ** 60 } })),
    ],
    [
      "an argument with two kinds",
      "ERR_MODEL_FORMAT",
      graphEdit((graph) => last(graph)?.inputs.push({ name: "dim", arg: { as_int: 1, as_float: 1 } })),
    ],
    [
      "no output",
      "ERR_MODEL_FORMAT",
      edited((program) => (program.graph_module.signature.output_specs = [])),
    ],
    [
      "two inputs",
      "ERR_MODEL_UNSUPPORTED",
      edited(({ graph_module: { signature } }) =>
        signature.input_specs.push({ user_input: { arg: { as_tensor: { name: "y" } } } }),
      ),
    ],
    ["an input of whole numbers", "ERR_MODEL_INPUT", graphEdit((graph) => (graph.tensor_values.x.dtype = 5))],
    ["an input that is no image", "ERR_MODEL_INPUT", graphEdit((graph) => graph.tensor_values.x.sizes.pop())],
    [
      "a batch that must be even",
      "ERR_MODEL_INPUT",
      graphEdit(
        (graph) => (graph.tensor_values.x.sizes[0].as_expr.expr_str = "Mul(Integer(2), Symbol('s7'))"),
      ),
    ],
    [
      "a pickled weight",
      "ERR_MODEL_UNSUPPORTED",
      withJson(base, "model_weights_config.json", ({ config }) => (config["conv1.weight"].use_pickle = true)),
    ],
    [
      "a weight in a record that is not there",
      "ERR_MODEL_TRUNCATED",
      withJson(
        base,
        "model_weights_config.json",
        ({ config }) => (config["conv1.weight"].path_name = "../../secret"),
      ),
    ],
    [
      "a weight that is one element too long",
      "ERR_MODEL_TRUNCATED",
      withJson(base, "model_weights_config.json", ({ config }) => {
        config["conv1.bias"].tensor_meta.sizes[0].as_int += 1;
      }),
    ],
    [
      "a negative stride",
      "ERR_MODEL_FORMAT",
      withJson(base, "model_weights_config.json", ({ config }) => {
        config["conv1.bias"].tensor_meta.strides[0].as_int = -1;
      }),
    ],
    [
      "a complex weight",
      "ERR_MODEL_UNSUPPORTED",
      withJson(
        base,
        "model_weights_config.json",
        ({ config }) => (config["conv1.bias"].tensor_meta.dtype = 10),
      ),
    ],
  ] as [string, string, Uint8Array][]) {
    it(`${what}: ${code}`, () => expect(codeOf(() => lowerExportedProgram(archive))).toBe(code));
  }
});
