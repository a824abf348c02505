// Data flows one way through lib/: a room imports only from rooms to its left. Type-only imports count as well.
const order = [
  ["errors"],
  ["files"],
  ["native", "render"],
  ["weights"],
  ["models", "images"],
  ["data"],
  ["config"],
  ["evidence"],
  ["scan"],
  ["training"],
  ["zoo"],
  ["verdict"],
  ["mitigation"],
  ["report"],
  ["bench"],
  ["setup"],
  ["cli"],
];
const rooms = order.flat();

function roomRule(room) {
  const level = order.findIndex((names) => names.includes(room));
  const left = order.slice(0, level).flat();
  const forbidden = rooms.filter((name) => name !== room && !left.includes(name));
  return {
    name: `${room}-imports-only-from-its-left`,
    severity: "error",
    from: { path: `^lib/${room}/` },
    to: { path: [`^lib/(${forbidden.join("|")})/`, "^lib/[^/]+[.]ts$"] },
  };
}

module.exports = {
  forbidden: [
    ...rooms.map(roomRule),
    {
      name: "every-room-is-in-the-order",
      comment: "A new folder in lib/ needs a place in the flow (top of this file).",
      severity: "error",
      from: { path: `^lib/(?!(${rooms.join("|")})/)[^/]+/` },
      to: {},
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-development-dependencies",
      comment: "lib/ ships: what it imports has to be in `dependencies`.",
      severity: "error",
      from: { path: "^lib/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "unknown", "undetermined"], dependencyTypesNot: ["type-only"] },
    },
    { name: "no-unresolved-imports", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
