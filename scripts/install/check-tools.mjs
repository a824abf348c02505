// Looks for what the compile needs. Every problem is collected, so that a person mends them in one go.
import { pythonCommands } from "./find-libtorch.mjs";
import { pins } from "./pins.mjs";
import { capture } from "./run-command.mjs";
import { atLeast, versionIn } from "./versions.mjs";

/** CMake 3.19 brought string(JSON), which reads the package's version. */
export const floors = { cmake: "3.19", "g++": "11", clang: "14", "Apple clang": "15" };

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string | null} command  null when there is none.
 * @property {string | null} version
 * @property {import("./setup-error.mjs").Problem | null} problem
 */

/** @returns {{ compiler: Tool, cmake: Tool, make: Tool }} */
export function checkTools(environment = process.env) {
  return {
    compiler: checkCompiler(environment),
    cmake: checkCmake(environment),
    make: checkMake(environment),
  };
}

function checkCmake(environment) {
  const result = capture("cmake", ["--version"], { env: environment });
  const version = result.ok ? versionIn(result.stdout) : null;
  const needed = `cmake ${floors.cmake} or newer`;
  if (version === null) {
    return tool("cmake", null, null, { found: "nothing", needed, install: "cmake" });
  }
  if (atLeast(version, floors.cmake)) return tool("cmake", "cmake", version);
  const fixes = [
    `python3 -m pip install --user "cmake>=${floors.cmake}"   (and put ~/.local/bin first in PATH)`,
  ];
  return tool("cmake", "cmake", version, { found: `cmake ${version}`, needed, fixes });
}

function checkCompiler(environment) {
  const needed = `a C++20 compiler: g++ ${floors["g++"]} or clang++ ${floors.clang} or newer`;
  const candidates = environment.CXX ? [environment.CXX] : ["c++", "g++", "clang++"];
  for (const command of candidates) {
    const result = capture(command, ["--version"], { env: environment });
    if (!result.ok) continue;
    const kind = compilerKind(result.stdout);
    // g++'s first line may name its package before the version: "g++ (Debian 12.2.0-14) 12.2.0".
    const version = versionIn(result.stdout.split("\n")[0].replace(/\([^)]*\)/g, ""));
    const name = `${kind} ${version}`;
    if (version !== null && atLeast(version, floors[kind])) return tool("C++ compiler", command, name);
    return tool("C++ compiler", command, name, {
      found: name,
      needed,
      install: "newCompiler",
      fixes: process.platform === "linux" ? ["export CXX=g++-12"] : [],
    });
  }
  const found = environment.CXX ? `CXX=${environment.CXX}, which does not run` : "nothing";
  return tool("C++ compiler", null, null, { found, needed, install: "compiler" });
}

function compilerKind(versionText) {
  if (versionText.startsWith("Apple clang")) return "Apple clang";
  return versionText.includes("clang version") ? "clang" : "g++";
}

function checkMake(environment) {
  for (const command of ["ninja", "make"]) {
    const result = capture(command, ["--version"], { env: environment });
    if (result.ok) return tool("make or ninja", command, versionIn(result.stdout));
  }
  return tool("make or ninja", null, null, { found: "nothing", needed: "make or ninja", install: "make" });
}

/** A Python with pip; only needed when LibTorch has to be fetched. */
export function checkPip(environment = process.env) {
  let found = "no Python";
  for (const command of pythonCommands(environment)) {
    if (capture(command, ["--version"], { env: environment }).ok === false) continue;
    const result = capture(command, ["-m", "pip", "--version"], { env: environment });
    if (result.ok) return tool("pip", command, versionIn(result.stdout));
    found = result.timedOut ? `${command}, whose pip gave no answer` : `${command} without pip`;
  }
  const needed = `pip, to fetch LibTorch ${pins.version}; or LIBTORCH set to a LibTorch of your own`;
  return tool("pip", null, null, { found, needed, install: "pip" });
}

/** Why the pinned wheel does not fit this machine, or null when it does. */
export function checkPlatform() {
  const name = `${process.platform}-${process.arch}`;
  const pinned = pins.platforms[name];
  const needed = "a LibTorch for this machine, found through Python or through LIBTORCH";
  const fixes = [
    `python3 -m pip install torch==${pins.version}   (is then found by itself), or`,
    "export LIBTORCH=/path/to/libtorch",
  ];
  if (!pinned) return { subject: "LibTorch", found: `no pinned LibTorch for ${name}`, needed, fixes };
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  if (glibc !== undefined && atLeast(glibc, pinned.glibc)) return null;
  const found = glibc ? `glibc ${glibc}` : "a C library that is not glibc";
  return {
    subject: "LibTorch",
    found,
    needed: `glibc ${pinned.glibc} for the pinned LibTorch; or ${needed}`,
    fixes,
  };
}

function tool(name, command, version, problem = null) {
  return { name, command, version, problem: problem && { subject: name, ...problem } };
}
