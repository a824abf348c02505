import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installScript, TemporaryFolder } from "./temporary-folder.ts";

const { checkTools, checkPip } = await installScript("check-tools");
const { SetupError } = await installScript("setup-error");

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => folder.remove());

const gcc = (version: string) => `echo "c++ (Debian ${version}-14) ${version}"`;

describe("checkTools", () => {
  it("accepts a machine that has everything", () => {
    folder.command("c++", gcc("12.2.0"));
    folder.command("cmake", "echo cmake version 3.25.1");
    folder.command("make", "echo GNU Make 4.3");
    const { compiler, cmake, make } = checkTools(folder.environment());
    expect([compiler, cmake, make].map((tool) => tool.version)).toEqual(["g++ 12.2.0", "3.25.1", "4.3"]);
    expect([compiler, cmake, make].map((tool) => tool.problem)).toEqual([null, null, null]);
  });

  it("reports all three when nothing is there", () => {
    const problems = Object.values(checkTools(folder.environment())).map((tool) => (tool as Tool).problem);
    expect(problems.map((problem) => problem?.subject)).toEqual(["C++ compiler", "cmake", "make or ninja"]);
    expect(problems.map((problem) => problem?.found)).toEqual(["nothing", "nothing", "nothing"]);
  });

  it.each([
    ["3.18.4", "cmake 3.18.4"],
    ["3.9.0", "cmake 3.9.0"],
    ["2.99.1", "cmake 2.99.1"],
  ])("finds cmake %s too old", (version, found) => {
    folder.command("cmake", `echo cmake version ${version}`);
    expect(checkTools(folder.environment()).cmake.problem.found).toBe(found);
  });

  it.each(["3.19.0", "3.31.2", "4.0.0"])("takes cmake %s", (version) => {
    folder.command("cmake", `echo cmake version ${version}`);
    expect(checkTools(folder.environment()).cmake.problem).toBeNull();
  });

  it.each([
    ["g++ 9.4.0", gcc("9.4.0")],
    ["clang 13.0.1", "echo Ubuntu clang version 13.0.1-2ubuntu2"],
    ["Apple clang 14.0.3", "echo 'Apple clang version 14.0.3 (clang-1403.0.22.14.1)'"],
  ])("finds %s too old", (found, script) => {
    folder.command("c++", script);
    expect(checkTools(folder.environment()).compiler.problem.found).toBe(found);
  });

  it("asks the compiler that CXX names, and only that one", () => {
    folder.command("c++", gcc("9.4.0"));
    folder.command("newer", gcc("13.1.0"));
    const environment = folder.environment();
    expect(checkTools({ ...environment, CXX: "newer" }).compiler.problem).toBeNull();
    expect(checkTools({ ...environment, CXX: "absent" }).compiler.problem.found).toContain("CXX=absent");
  });
});

describe("checkPip", () => {
  it("tells a missing Python from a Python without pip", () => {
    expect(checkPip(folder.environment()).problem.found).toBe("no Python");
    folder.command("python3", '[ "$1" = "--version" ] && echo Python 3.11.2');
    expect(checkPip(folder.environment()).problem.found).toBe("python3 without pip");
    folder.command("python3", "echo pip 24.0");
    expect(checkPip(folder.environment()).problem).toBeNull();
  });
});

describe("SetupError", () => {
  it("names what was found and what is needed for every problem, and one command for all packages", () => {
    const tools = Object.values(checkTools(folder.environment())) as Tool[];
    const { message } = new SetupError(
      "cannot be built",
      tools.map((tool) => tool.problem),
    );
    for (const tool of tools) {
      expect(message).toContain(tool.problem?.subject);
      expect(message).toContain(`needed: ${tool.problem?.needed}`);
    }
    const commands = message.split("\n").filter((line: string) => /install .*cmake/.test(line));
    expect(commands).toHaveLength(1);
    expect(commands[0]).toMatch(/make/);
    expect(message).toContain("npx drmguard setup");
  });
});

interface Tool {
  problem: { subject: string; found: string; needed: string } | null;
}
