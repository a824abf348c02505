import { fixtureBytes, withJson } from "./model-fixtures.ts";

/** Archives that differ from a good one in one thing. */
export const base = fixtureBytes("no_linear_head.pt2");
// biome-ignore lint/suspicious/noExplicitAny: the JSON is broken on purpose.
export type Edit = (content: any) => void;
export const edited = (edit: Edit) => withJson(base, "models/model.json", edit);
export const graphEdit = (edit: Edit) => edited((program) => edit(program.graph_module.graph));

/** Nodes as torch.export writes them: the batch size n, whether n ≥ 1, and the check that it is. */
export const sizeNode = {
  target: "torch.ops.aten.sym_size.int",
  inputs: [
    { name: "self", arg: { as_tensor: { name: "x" } } },
    { name: "dim", arg: { as_int: 0 } },
  ],
  outputs: [{ as_sym_int: { as_name: "n" } }],
};
export const compare = {
  target: "_operator.ge",
  inputs: [
    { name: "a", arg: { as_sym_int: { as_name: "n" } } },
    { name: "b", arg: { as_int: 1 } },
  ],
  outputs: [{ as_sym_bool: { as_name: "large" } }],
};
export const assertion = {
  target: "torch.ops.aten._assert_scalar.default",
  inputs: [
    { name: "self", arg: { as_sym_bool: { as_name: "large" } } },
    { name: "assert_msg", arg: { as_string: "too small" } },
  ],
  outputs: [{ as_none: true }],
};
