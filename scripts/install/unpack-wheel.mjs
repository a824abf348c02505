// Unpacks the C++ part of a wheel in one streaming pass, and checks the wheel's SHA-256 on the way.
import { createHash } from "node:crypto";
import { closeSync, createReadStream, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { Unzip, UnzipInflate } from "fflate";

const unusedHeaders =
  /^torch\/include\/(google|tensorpipe|pybind11|fbgemm|kineto|oneapi|sleef|dnnl[^/]*|sleef\.h)(\/|$)/;
const neededFiles = [
  /^torch\/include\//,
  /^torch\/lib\/lib(torch_cpu|c10|gomp|omp)\.(so|dylib)(\.\d+)*$/,
  /^nvidia\/.*\/lib(cupti|cudart)\.so\.\d+$/,
  /^[^/]+\.dist-info\/licenses\//,
  /^[^/]+\.dist-info\/(METADATA|RECORD)$/,
];

/** Whether a file of a wheel is needed to compile and run the addon, or is a licence that has to travel with it. */
export function isNeeded(name) {
  const isFolder = name.endsWith("/");
  return !isFolder && neededFiles.some((pattern) => pattern.test(name)) && !unusedHeaders.test(name);
}

/**
 * @param {string} wheel        Path of the wheel.
 * @param {string} sha256       What the wheel must hash to; checked after the last byte, so unpack to a folder that
 *                              is thrown away on an error.
 * @param {string} destination  Existing folder.
 * @returns {Promise<number>} how many files were written
 */
export async function unpackWheel(wheel, sha256, destination) {
  const hash = createHash("sha256");
  const folders = new Set();
  let files = 0;
  const unzip = new Unzip((file) => {
    if (!isNeeded(file.name)) return;
    const path = safePath(destination, file.name);
    const folder = dirname(path);
    if (!folders.has(folder)) mkdirSync(folder, { recursive: true });
    folders.add(folder);
    const descriptor = openSync(path, "wx");
    file.ondata = (error, data, final) => {
      if (error) throw error;
      writeAll(descriptor, data);
      if (!final) return;
      closeSync(descriptor);
      files++;
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  try {
    for await (const chunk of createReadStream(wheel, { highWaterMark: 1 << 20 })) {
      hash.update(chunk);
      unzip.push(chunk, false);
    }
    unzip.push(new Uint8Array(0), true);
  } catch (failure) {
    throw new Error(`${wheel} cannot be unpacked: ${failure.message}`, { cause: failure });
  }
  const digest = hash.digest("hex");
  if (digest !== sha256) throw new Error(`${wheel} has the SHA-256 ${digest}, expected ${sha256}`);
  return files;
}

function writeAll(descriptor, data) {
  for (let written = 0; written < data.length; ) written += writeSync(descriptor, data, written);
}

function safePath(destination, name) {
  if (name.split("/").includes("..")) throw new Error(`the wheel names a file outside its folder: ${name}`);
  return join(destination, name);
}
