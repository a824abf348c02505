// Answers binding.gyp's questions, one word a line. build-gyp.mjs sets LIBTORCH.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { packageRoot, packageVersion } from "./package-facts.mjs";

const libtorch = process.env.LIBTORCH;
if (!libtorch) throw new Error("LIBTORCH is not set: use npm run build:gyp");
const libraries = join(libtorch, "lib");
const hasCuda = readdirSync(libraries).some((name) => /^libtorch_cuda\.(so|dylib)$/.test(name));

const answers = {
  sources: () => ["native/core", "native/binding"].flatMap(cppFiles),
  include: () => [join(packageRoot, "native", "core")],
  "system-include": () =>
    ["include", "include/torch/csrc/api/include"].flatMap((folder) => ["-isystem", join(libtorch, folder)]),
  version: () => [packageVersion],
  defines: () => (hasCuda ? ["DRMGUARD_CUDA=1"] : []),
  // Nothing of ours names a symbol of libtorch_cuda; its kernels register themselves when it is loaded.
  libraries: () => [
    ...[`-L${libraries}`, "-ltorch_cpu", "-lc10"],
    ...(hasCuda ? ["-Wl,--no-as-needed", "-ltorch_cuda", "-Wl,--as-needed"] : []),
  ],
  ldflags: () => [`-Wl,-rpath,${libraries}`, ...(hasCuda ? ["-Wl,--allow-shlib-undefined"] : [])],
};

/** Relative to binding.gyp: node-gyp's makefiles find no others. */
function cppFiles(folder) {
  return readdirSync(join(packageRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ["tests", "bench"].includes(entry.name) ? [] : cppFiles(path);
    return entry.name.endsWith(".cpp") ? [path] : [];
  });
}

const answer = answers[process.argv[2]];
if (answer === undefined) throw new Error(`no fact is called ${process.argv[2]}`);
console.log(answer().join("\n"));
