import { capture } from "./run-command.mjs";

const packageNames = {
  "apt-get": { cmake: "cmake", compiler: "g++", newCompiler: "g++-12", make: "make", pip: "python3-pip" },
  dnf: {
    cmake: "cmake",
    compiler: "gcc-c++",
    newCompiler: "gcc-toolset-12",
    make: "make",
    pip: "python3-pip",
  },
  brew: { cmake: "cmake", compiler: "llvm", newCompiler: "llvm", make: "make", pip: "python" },
};

/**
 * The one command that installs all of these with this machine's package manager.
 * @param {("cmake" | "compiler" | "newCompiler" | "make" | "pip")[]} names
 */
export function installCommand(names) {
  const manager = Object.keys(packageNames).find((name) => capture(name, ["--version"]).ok);
  const packages = names.map((name) => packageNames[manager ?? "apt-get"][name]).join(" ");
  if (manager === undefined) return `install with your system's package manager: ${packages}`;
  const asRoot = manager === "brew" || process.getuid?.() === 0 ? "" : "sudo ";
  return `${asRoot}${manager} install ${manager === "brew" ? "" : "-y "}${packages}`;
}
