export { type MadeZoo, type MakeZooOptions, makeZoo, type ZooProgress } from "./make-zoo.ts";
export type { ZooCondition, ZooData, ZooManifest, ZooModel, ZooPlan, ZooTraining } from "./manifest.ts";
export { readManifest } from "./read-manifest.ts";
export { readZooPlan } from "./read-plan.ts";
export { type ZooImages, zooImages } from "./zoo-images.ts";
