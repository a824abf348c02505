export { renderFace } from "./face-renderer.ts";
export {
  drawIdentity,
  drawView,
  type FaceIdentity,
  type FaceView,
  PITCH_LIMIT,
  YAW_LIMIT,
} from "./face-traits.ts";
export {
  drawHeadPose,
  HEAD_PITCH_LIMIT,
  HEAD_ROLL_LIMIT,
  HEAD_YAW_LIMIT,
  type HeadPose,
} from "./head-pose.ts";
export { encodeNpy } from "./npy-writer.ts";
export { RandomStream } from "./random-stream.ts";
export {
  type FaceLabels,
  FaceSeries,
  LABEL_NAMES,
  type RenderedFaces,
  type RenderOptions,
  renderFaces,
} from "./render-faces.ts";
export { renderTurnedFace } from "./turned-face-renderer.ts";
export { type WriteFacesOptions, writeFaces } from "./write-faces.ts";
