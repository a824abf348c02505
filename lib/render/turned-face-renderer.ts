import { paintNeckAndClothes } from "./body-painting.ts";
import { develop, paintBackground } from "./camera.ts";
import { Canvas } from "./canvas.ts";
import type { EllipsoidForm } from "./ellipsoid.ts";
import { blend, type FaceIdentity, type FaceView } from "./face-traits.ts";
import { paintFeatures } from "./feature-painting.ts";
import { FrontalHead } from "./frontal-head.ts";
import { HairCut } from "./hair-cut.ts";
import { CROWN, FACE_CENTRE } from "./head-form.ts";
import type { HeadPose } from "./head-pose.ts";
import { Painter } from "./painter.ts";
import { TurnedHead } from "./turned-head.ts";

/**
 * Renders a face whose head is turned. Pure: equal arguments give equal bytes.
 * @param view its gaze is given in the head's own axes, and its head's roll is left to the pose
 * @param size height and width of the picture in pixels
 * @returns size × size × 3 bytes, RGB, row by row
 */
export function renderTurnedFace(
  identity: FaceIdentity,
  view: FaceView,
  pose: HeadPose,
  size: number,
): Uint8Array {
  const bytes = new Uint8Array(size * size * 3);
  renderTurnedFaceOn(new Canvas(size), identity, view, pose, bytes);
  return bytes;
}

/** Renders a turned face of the canvas's size into `bytes`. What the canvas held before does not matter. */
export function renderTurnedFaceOn(
  canvas: Canvas,
  identity: FaceIdentity,
  drawn: FaceView,
  pose: HeadPose,
  bytes: Uint8Array,
): void {
  const view: FaceView = { ...drawn, head: { ...drawn.head, roll: 0 } };
  const { skin, hair, hairStyle } = identity;
  paintBackground(canvas, view);
  if (hairStyle === "long") {
    const hindmost = new TurnedHead(canvas, identity, view, pose);
    const mane = hindmost.solid(MANE);
    hindmost.paintHair(mane, blend(hair, [0, 0, 0], 0.25), null);
  }
  paintNeckAndClothes(new Painter(new FrontalHead(canvas, identity, view)), identity, view);
  const head = new TurnedHead(canvas, identity, view, pose);
  head.paintSkin(skin, blend(skin, [0.6, 0.2, 0.15], 0.18));
  paintFeatures(new Painter(head), identity, view);
  if (hairStyle !== "none") paintHair(head, identity);
  develop(canvas, view, bytes);
}

/** The long hair behind the head and on the shoulders. */
const MANE: EllipsoidForm = { centre: [0, 0.18, -0.36], halfAxes: [0.76, 0.86, 0.44] };

/** A shell around the skull, cut along the hairline. */
function paintHair(head: TurnedHead, identity: FaceIdentity): void {
  const { hair, hairStyle, faceHalfWidth } = identity;
  const grow = hairStyle === "long" ? 0.1 : 0.07;
  const height = 0.64 + grow;
  const form: EllipsoidForm = {
    centre: [0, CROWN - FACE_CENTRE + 0.64, -0.1],
    halfAxes: [faceHalfWidth + grow, height, 0.76 + grow],
  };
  const shell = head.solid(form);
  head.paintHair(shell, hair, new HairCut(identity, head.pixelWidth));
}
