export { digestOf } from "./digest.ts";
export type { DataSetKind, DataSetOptions, DataSplit, LabelledImages, LabelUnit } from "./labelled-images.ts";
export { LABEL_UNITS } from "./labelled-images.ts";
export { loadDataSet } from "./load-data-set.ts";
export { imagesAsBatch, selectImages } from "./select-images.ts";
export { type SplitOptions, splitByPerson } from "./split.ts";
