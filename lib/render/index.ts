export { renderFace } from "./face-renderer.ts";
export {
  drawIdentity,
  drawView,
  type FaceIdentity,
  type FaceView,
  PITCH_LIMIT,
  YAW_LIMIT,
} from "./face-traits.ts";
export { encodeNpy } from "./npy-writer.ts";
export { RandomStream } from "./random-stream.ts";
export { type RenderedFaces, type RenderOptions, renderFaces } from "./render-faces.ts";
