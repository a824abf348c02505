import { freemem, totalmem } from "node:os";
import { asDrmGuardError } from "../errors/index.ts";
import type { NativeAddon } from "../native/addon.ts";
import { type LoadedAddon, loadAddonFrom, SETUP_COMMAND } from "../native/load-addon.ts";
import { packageRoot, packageVersion } from "../native/locate-addon.ts";
import { stampOf } from "../native/prove-addon.ts";
import { libtorchFacts, libtorchVersionAt, toolFacts } from "./install-scripts.ts";

/** One line of `drmguard doctor`. */
export interface DoctorFact {
  name: string;
  value: string;
  /** false when this keeps DRMGuard from working. */
  ok: boolean;
  /** The command or step that mends it; null when nothing has to be done. */
  fix: string | null;
}

/** package.json's `engines` and `binary` say the same. */
const NODE_FLOOR = "20.19";
const NAPI_FLOOR = 9;
/** LibTorch's own library takes 0.43 GB, a scan of a small model about as much again. */
const MEMORY_FLOOR = 1e9;

/**
 * Everything that decides whether DRMGuard works on this machine. Never throws: what is wrong is a fact with ok false.
 * @param root folder of package.json
 */
export async function doctorFacts(root: string = packageRoot()): Promise<DoctorFact[]> {
  const { facts: addonFacts, loaded } = addonState(root);
  return [
    good("drmguard", packageVersion(root)),
    nodeFact(),
    napiFact(),
    ...addonFacts,
    await libtorchFact(root, loaded),
    ...(loaded === null ? [] : capabilityFacts(loaded.addon)),
    ...(await buildToolFacts(loaded !== null)),
    await sharpFact(),
    memoryFact(),
  ];
}

function good(name: string, value: string): DoctorFact {
  return { name, value, ok: true, fix: null };
}

function nodeFact(): DoctorFact {
  const version = process.versions.node;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [floorMajor = 0, floorMinor = 0] = NODE_FLOOR.split(".").map(Number);
  const ok = major > floorMajor || (major === floorMajor && minor >= floorMinor);
  const value = `${version} (${process.platform}-${process.arch}; ${NODE_FLOOR} or newer is needed)`;
  return { name: "Node", value, ok, fix: ok ? null : `Install Node ${NODE_FLOOR} or newer.` };
}

function napiFact(): DoctorFact {
  const version = Number(process.versions.napi ?? 0);
  const ok = version >= NAPI_FLOOR;
  const value = `${version} (module ABI ${process.versions.modules}; ${NAPI_FLOOR} is needed)`;
  return { name: "Node-API", value, ok, fix: ok ? null : `Install Node ${NODE_FLOOR} or newer.` };
}

function addonState(root: string): { facts: DoctorFact[]; loaded: LoadedAddon | null } {
  try {
    const loaded = loadAddonFrom(root);
    return { facts: [good("native addon", `${loaded.path} (loads)`)], loaded };
  } catch (thrown) {
    const error = asDrmGuardError(thrown, "ERR_NATIVE_MISSING");
    const value = `${error.code}: ${error.message}`;
    return { facts: [{ name: "native addon", value, ok: false, fix: error.hint }], loaded: null };
  }
}

async function libtorchFact(root: string, loaded: LoadedAddon | null): Promise<DoctorFact> {
  const name = "LibTorch";
  if (loaded === null) {
    const found = await findOrReason(root);
    return { name, value: found, ok: true, fix: null };
  }
  const compiled = loaded.addon.buildFacts();
  const stamp = stampOf(loaded.path);
  const there = stamp === null ? null : await libtorchVersionAt(stamp.libtorchRoot);
  const value = `${compiled.libtorch} compiled in, ${there ?? "unknown"} found${stamp ? ` in ${stamp.libtorchRoot}` : ""}`;
  const ok = there === null || there === compiled.libtorch;
  return { name, value, ok, fix: ok ? null : `${SETUP_COMMAND} --force` };
}

/** Without an addon a LibTorch is only a matter of set-up, which fetches one where there is none. */
async function findOrReason(root: string): Promise<string> {
  try {
    const libtorch = await libtorchFacts(root);
    return libtorch === null
      ? `none found; ${SETUP_COMMAND} fetches it`
      : `${libtorch.version} in ${libtorch.root} (through ${libtorch.source})`;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message.replace(/\s+/g, " ") : String(thrown);
  }
}

function capabilityFacts(addon: NativeAddon): DoctorFact[] {
  const facts = addon.buildFacts();
  const devices = addon.devices().map(({ device, available, detail }) => {
    const value = available ? detail : `not available: ${detail}`;
    // The processor has to be there; anything else is optional.
    const ok = available || device !== "cpu";
    return { name: `device ${device}`, value, ok, fix: ok ? null : `${SETUP_COMMAND} --force` };
  });
  return [
    good(
      "compiled with",
      `compiler ${facts.compiler}, Node-API ${facts.napi}, ${facts.cuda ? "with" : "without"} CUDA`,
    ),
    good("CPU kernels", facts.cpuCapability),
    good("threads", `${facts.defaultThreads} per job`),
    ...devices,
  ];
}

/** Tools are needed to build the addon; once it loads, a missing one is no fault. */
async function buildToolFacts(addonLoads: boolean): Promise<DoctorFact[]> {
  const tools = await toolFacts();
  return tools.map(({ name, version, problem }) => {
    if (problem === null) return good(name, version ?? "found");
    const value = `${problem.found}; ${problem.needed} is needed to build the addon`;
    return { name, value, ok: addonLoads, fix: addonLoads ? null : `${SETUP_COMMAND} names the command` };
  });
}

async function sharpFact(): Promise<DoctorFact> {
  try {
    const { default: sharp } = await import("sharp");
    return good("sharp", `${sharp.versions.sharp} (libvips ${sharp.versions.vips})`);
  } catch (thrown) {
    const value = thrown instanceof Error ? (thrown.message.split("\n")[0] ?? "") : String(thrown);
    return { name: "sharp", value, ok: false, fix: "npm install --include=optional sharp" };
  }
}

function memoryFact(): DoctorFact {
  const free = freemem();
  const value = `${gigabytes(free)} free of ${gigabytes(totalmem())}`;
  const ok = free >= MEMORY_FLOOR;
  return { name: "memory", value, ok, fix: ok ? null : `Free at least ${gigabytes(MEMORY_FLOOR)}.` };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
