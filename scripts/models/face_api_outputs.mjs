// Prints as JSON what the original networks of @vladmandic/face-api answer, before any post-processing:
//   node face_api_outputs.mjs PACKAGE < pictures      (pictures: uint8, N×112×112×3, RGB)
// face_api_to_torchscript.py compares its TorchScript files with this. Needs @tensorflow/tfjs and
// @tensorflow/tfjs-backend-wasm where PACKAGE finds them; what computes is the pure JavaScript backend.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const SIDE = 112;

const folder = resolve(process.argv[2]);
const require = createRequire(`${folder}/package.json`);
const tf = require("@tensorflow/tfjs");
const faceapi = require("./dist/face-api.node-wasm.js");
if (!(await tf.setBackend("cpu"))) throw new Error("no pure JavaScript backend");

const pixels = readFileSync(0);
const picture = [SIDE, SIDE, 3];
const size = SIDE * SIDE * 3;
const pictures = Array.from({ length: pixels.length / size }, (_, index) =>
  tf.tensor3d(pixels.subarray(index * size, (index + 1) * size), picture, "int32"),
);

const age = new faceapi.AgeGenderNet();
const landmarks = new faceapi.FaceLandmark68Net();
for (const network of [age, landmarks]) await network.loadFromDisk(`${folder}/model`);

const outputs = {
  age: (await age.runNet(new faceapi.NetInput(pictures)).age.array()).map((years) => [years]),
  landmarks: await landmarks.runNet(new faceapi.NetInput(pictures)).array(),
};
process.stdout.write(JSON.stringify(outputs));
