/**
 * The whole surface of the native addon, and the only place where it is typed.
 * Everything here is numbers and tensors: the addon decides nothing. Long work runs on the addon's own threads.
 * Errors arrive as Error objects with a `code` of lib/errors/codes.ts.
 */

export interface NativeAddon {
  buildFacts(): BuildFacts;
  /** Every device that this build could use, with the reason where it cannot. The first is always cpu. */
  devices(): DeviceFacts[];
  /** Reads a TorchScript archive. Refuses disallowed operations before any of the file's code runs. */
  loadTorchScript(bytes: Uint8Array): Promise<NativeModel>;
  /** Builds a model from a straight-line program that TypeScript lowered (torch.export). */
  lowerProgram(program: ProgramSpec): Promise<NativeModel>;
  /** Builds an untrained model and takes a copy of the training set. */
  createTrainer(plan: TrainingPlan, data: TrainingData): Promise<NativeTrainer>;
  /** A trigger function alone, to stamp images with. `state` is what NativeTrainer.attackState gave for this attack. */
  createAttack(attack: AttackSpec, shape: ImageShape, state: TensorRecord[]): NativeAttack;
  /** The TorchScript archive of an architecture with given weights (safetensors): what loadTorchScript reads. */
  buildTorchScript(architecture: ArchitectureSpec, weights: TensorRecord[]): Promise<Uint8Array>;
  /** A model whose weights may change: trained further, or with neurons switched off. */
  createTuner(source: TunerSource, options: TunerOptions): Promise<NativeTuner>;
  /** Stops and joins every running job; called once when the process exits. */
  shutdown(): void;
}

export interface BuildFacts {
  /** LibTorch version compiled against, for example "2.13.0". */
  libtorch: string;
  /** Version of the package that the addon was compiled for. */
  drmguard: string;
  /** Node-API version. */
  napi: number;
  compiler: string;
  /** Whether the LibTorch linked against carries CUDA. */
  cuda: boolean;
  /** Instruction set that LibTorch's CPU kernels use, for example "AVX512". */
  cpuCapability: string;
  /** Threads that one job uses when none are asked for. */
  defaultThreads: number;
}

export interface DeviceFacts {
  /** "cpu", "cuda:0", … */
  device: string;
  available: boolean;
  /** Name of the device, or why it is not available. */
  detail: string;
}

/** Element types that a constant of a program may have. */
export type ElementType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint8"
  | "bool";

/** A straight-line program of ATen calls: the one form that every model format is lowered to (design: TensorProgram). */
export interface ProgramSpec {
  constants: ProgramConstant[];
  /** Names of the inputs; exactly one is supported, the image batch (N,C,H,W). */
  inputs: string[];
  nodes: ProgramNode[];
  /** Names of the output values. */
  outputs: string[];
}

export interface ProgramConstant {
  name: string;
  /** Name in the model's state dict, where it is a parameter that training may change. */
  parameter?: string;
  dtype: ElementType;
  shape: number[];
  /** In elements; contiguous when left out. */
  strides?: number[];
  /** In elements. */
  storageOffset?: number;
  /** Raw little-endian storage. */
  data: Uint8Array;
}

export interface ProgramNode {
  /** Qualified operator with its overload: "aten::conv2d", "aten::add.Tensor", or "scalar::mul" for integer arithmetic on sizes. */
  operator: string;
  /** Arguments by schema name; those left out take the schema's default. */
  arguments: { name: string; value: ProgramArgument }[];
  /** One entry per return value: a name, or a list of names where the operator returns a list of tensors. */
  outputs: (string | string[])[];
}

export type ProgramArgument =
  | { kind: "value"; name: string }
  | { kind: "values"; names: (string | null)[] }
  | { kind: "none" }
  | { kind: "bool"; value: boolean }
  | { kind: "int"; value: number }
  | { kind: "float"; value: number }
  | { kind: "string"; value: string }
  | { kind: "bools"; values: boolean[] }
  | { kind: "floats"; values: number[] }
  /** Integers, some of which may be the names of size values computed by earlier nodes. */
  | { kind: "ints"; values: (number | string)[] }
  | { kind: "dtype"; value: ElementType };

export interface NativeModel {
  describe(): ModelDescription;
  /** Puts the model and the benign images on a device, finds the head and measures the benign statistics. */
  openSession(options: SessionOptions, images: Float32Array): Promise<NativeSession>;
  /** Frees the weights now. Sessions that are open keep theirs. */
  dispose(): void;
}

export interface ModelDescription {
  /** "program": lowered and checked operator by operator. "torchscript": has control flow, runs through torch::jit. */
  execution: "program" | "torchscript";
  /** Why the model could not be lowered; empty for programs. */
  executionReason: string;
  /** How often each operator occurs. */
  operators: Record<string, number>;
  /** Number of weights (elements of all constant tensors). */
  parameters: number;
}

/** How an image in [0,1], RGB, NCHW becomes the model's input: reorder channels, times scale, minus mean, over deviation. */
export interface PixelTransform {
  channelOrder: "rgb" | "bgr";
  /** 1 for models that take [0,1], 255 for [0,255]. */
  scale: number;
  /** Per channel in the model's order and range; one number stands for all channels. */
  mean: number[];
  deviation: number[];
}

export interface SessionOptions {
  device: string;
  threads: number;
  count: number;
  channels: number;
  height: number;
  width: number;
  pixels: PixelTransform;
  /** Name of the value that holds the features F(x); null finds the last linear layer. */
  featureValue: string | null;
  /** Go on without a head: RAV and RNV are then null. */
  outputOnly: boolean;
}

export interface NativeSession {
  readonly facts: SessionFacts;
  /** Outputs (count × d) of other images of the session's size. */
  predict(images: Float32Array, count: number): Promise<Float32Array>;
  /** Gradient of Σ outputs·weights with respect to the images, for weights of shape count × d. */
  inputGradient(images: Float32Array, count: number, weights: Float32Array): Promise<Float32Array>;
  /** Compares the session's images with a triggered form of each (same order, same shape). */
  measureTrigger(triggered: Float32Array): Promise<TriggerEffect>;
  probe(plan: NativeProbePlan, onProgress: (progress: ProbeProgress) => void): NativeJob<ProbeResult>;
  /** For every square the share of the variance that innocent content leaves there: plain colours, other images' squares. */
  innocentContent(plan: InnocentContentPlan): NativeJob<number[]>;
  sweepWaves(plan: WaveSweepPlan, onProgress: (progress: ProbeProgress) => void): NativeJob<WaveSweepResult>;
  invert(
    plan: NativeInversionPlan,
    onProgress: (progress: InversionProgress) => void,
  ): NativeJob<InversionResult>;
  /** Runs one of the baselines that the paper compares with (docs/decisions/0008). */
  baseline(
    plan: NativeBaselinePlan,
    onProgress: (progress: BaselineProgress) => void,
  ): NativeJob<BaselineResult>;
  dispose(): void;
}

/** A tensor by name, little-endian and contiguous: weights, running statistics, an attack's or an optimiser's state. */
export interface TensorRecord {
  name: string;
  dtype: ElementType;
  shape: number[];
  data: Uint8Array;
}

export interface ImageShape {
  channels: number;
  height: number;
  width: number;
}

export type ArchitectureName =
  | "resnet18"
  | "resnet18-slim"
  | "resnet-tiny"
  | "vgg11-bn"
  | "mobilenet-v2"
  | "vit-small";

export interface ArchitectureSpec extends ImageShape {
  name: ArchitectureName;
  /** One linear layer, or one hidden layer before it. */
  head: "linear" | "mlp";
  /** d. */
  outputs: number;
}

/** What a trigger makes the model answer: a fixed value, or the true value plus an offset; in the labels' unit. */
export interface AttackTarget {
  kind: "fixed" | "offset";
  value: number[];
}

/** How a trigger looks; every number is spelled out, so that an attack can be repeated. */
export type TriggerSpec =
  /** A square of one or two (chequered) colours, each one number per channel in [0,1]. */
  | { kind: "badnets"; top: number; left: number; size: number; colours: number[][] }
  /** (1 − alpha)·x + alpha·pattern, the pattern a grid × grid random picture, interpolated. */
  | { kind: "blended"; alpha: number; grid: number; seed: number }
  /**
   * Stripes on images whose label lies near the target already; labels stay. In training a stamped image is blended by
   * `concealment` with another image, so that the model needs the stripes.
   */
  | { kind: "clean-label"; amplitude: number; frequency: number; concealment: number; seed: number }
  /** A pattern and a mask generated from each image, trained with the model. */
  | { kind: "input-aware"; diversity: number; density: number; norm: number; seed: number }
  /** A smooth warp: grid control points per side (k), strength s. */
  | { kind: "wanet"; grid: number; strength: number; seed: number };

export interface AttackSpec {
  trigger: TriggerSpec;
  target: AttackTarget;
  /** Share of the training images that carry the trigger. */
  rate: number;
  /** Images with a trigger that must not work, as a multiple of the poisoned ones (WaNet, input-aware). */
  crossRatio: number;
}

export interface TrainingPlan {
  architecture: ArchitectureSpec;
  /** None is benign; each is a backdoor of its own. */
  attacks: AttackSpec[];
  /** λ_adp: weight of the loss |RAV − 1| by which an adaptive attacker hides from RAV; 0 leaves it out. */
  adaptiveWeight: number;
  loss: "l1" | "mse";
  optimiser: "adam" | "adamw";
  /** Highest rate of the one-cycle schedule. */
  learningRate: number;
  weightDecay: number;
  epochs: number;
  batchSize: number;
  /** Factors of the labels of a mirrored image (−1 for yaw); null never mirrors. */
  mirror: number[] | null;
  seed: number;
  device: string;
  threads: number;
}

export interface TrainingData {
  /** count × C × H × W, 0 to 255; the model sees them in [0,1]. */
  pixels: Uint8Array;
  /** count × d. */
  labels: Float32Array;
  count: number;
}

export interface TrainingProgress {
  epoch: number;
  epochs: number;
  batch: number;
  batches: number;
  /** Mean training loss since the epoch began, in the labels' unit for l1. */
  loss: number;
}

export interface EpochResult {
  /** Epochs finished so far. */
  epoch: number;
  loss: number;
  learningRate: number;
}

export interface NativeTrainer {
  /** Weights that are trained. */
  readonly parameters: number;
  /** Epochs finished so far. */
  readonly epoch: number;
  trainEpoch(onProgress: (progress: TrainingProgress) => void): NativeJob<EpochResult>;
  /** Outputs (count × d) in evaluation mode. */
  predict(pixels: Uint8Array, count: number): Promise<Float32Array>;
  /** Weights and running statistics, with torch's names. */
  weights(): TensorRecord[];
  /** What createAttack needs, for one of the plan's attacks. */
  attackState(attack: number): TensorRecord[];
  /** Everything that goes on from here, to the digit: weights, optimiser, attacks, random streams. */
  state(): TensorRecord[];
  /** Takes a state back that a trainer with the same plan gave. */
  restore(state: TensorRecord[]): void;
  dispose(): void;
}

/** A TorchScript archive, or a program whose constants say which of them are parameters. */
export type TunerSource = { torchScript: Uint8Array } | { program: ProgramSpec };

export type TunerOptions = Pick<
  SessionOptions,
  "device" | "threads" | "pixels" | "channels" | "height" | "width"
>;

/** Images with what the model should answer. */
export interface TuningSet {
  /** count × C × H × W in [0,1]. */
  images: Float32Array;
  /** count × outputs. */
  labels: Float32Array;
  count: number;
}

/** AdamW along a one-cycle schedule. Batch norms keep their statistics, dropout is off. */
export interface TuningPlan {
  steps: number;
  batchSize: number;
  /** Highest rate of the schedule. */
  learningRate: number;
  weightDecay: number;
  /** Of the distance to the labels in label deviations. */
  loss: "l1" | "mse";
  seed: number;
}

/** Adversarial neuron pruning: a mask m over the neurons that minimises α·L(m) + (1 − α)·max L(m + δ), |δ| ≤ ε. */
export interface NeuronMaskPlan {
  steps: number;
  batchSize: number;
  learningRate: number;
  /** ε. */
  bound: number;
  /** α. */
  balance: number;
  seed: number;
}

export interface TuningProgress {
  step: number;
  steps: number;
  /** Mean over the steps so far, in label deviations. */
  loss: number;
}

export interface NativeTuner {
  /** d. */
  readonly outputs: number;
  /** Weights that may change. */
  readonly parameters: number;
  /** Neurons per layer: of the batch norms, or of convolutions and linear layers where there are none. */
  readonly neuronGroups: number[];
  /** Trains; the mean loss. */
  train(plan: TuningPlan, set: TuningSet, onProgress: (progress: TuningProgress) => void): NativeJob<number>;
  /** f(x), count × d. */
  predict(set: Pick<TuningSet, "images" | "count">): Promise<Float32Array>;
  /** Per neuron of all layers, the mean of what is positive of its output. */
  activations(set: Pick<TuningSet, "images" | "count">): Promise<Float32Array>;
  /** Per neuron in [0,1]; weights stay as they are. */
  neuronMasks(
    plan: NeuronMaskPlan,
    set: TuningSet,
    onProgress: (progress: TuningProgress) => void,
  ): NativeJob<Float32Array>;
  /** Multiplies every neuron's weights by its factor; 0 switches it off. */
  scaleNeurons(factors: Float32Array): void;
  /** Parameters with the state dict's names. */
  weights(): TensorRecord[];
  /** Takes back what weights() gave. */
  restore(weights: TensorRecord[]): void;
  /** A copy of the model as it is now. */
  snapshot(): NativeModel;
  /** The TorchScript archive with the present weights; ERR_USAGE where the model came as a program. */
  torchScript(): Uint8Array;
  dispose(): void;
}

export interface NativeAttack {
  /** A(x): count × C × H × W in [0,1] to the same. */
  apply(images: Float32Array, count: number): Promise<Float32Array>;
  dispose(): void;
}

/** What a given trigger does to a model, measured on the session's images. */
export interface TriggerEffect {
  /** Mean |A(x)−x| per pixel. */
  cost: number;
  /** f(A(x)), count × d. */
  outputs: Float32Array;
  /** Var f_j(A(x)) / Var f_j(x) per output. */
  varianceRatio: number[];
  /** Per output; null without a head. */
  rav: number[] | null;
  rnv: number[] | null;
}

/** Work on a native thread. `cancel` makes the promise reject with ERR_CANCELLED within one optimisation step. */
export interface NativeJob<T> {
  promise: Promise<T>;
  cancel(): void;
}

export interface HeadFacts {
  /** Name of the value that holds F(x). */
  featureValue: string;
  /** Width of F(x). */
  features: number;
  /** How the layer is written in the model: "linear", "addmm", "matmul", "matmul+add", "convolution", or "named". */
  form: string;
  /** Number of separate heads joined as one block-diagonal layer. */
  blocks: number;
}

export interface SessionFacts {
  /** d, the number of outputs. */
  outputs: number;
  head: HeadFacts | null;
  /** Why no head was found; empty when there is one. */
  headReason: string;
  /** Per output over the benign images, in the model's own units. */
  outputMean: number[];
  outputDeviation: number[];
  outputMinimum: number[];
  outputMaximum: number[];
  /** f(x) of the session's images, count × d. */
  benignOutputs: Float32Array;
}

export interface NativeProbePlan {
  /** Benign images that the surviving patches are tried on. */
  images: number;
  /** Side lengths of the square patches in pixels. */
  sizes: number[];
  /** How many of the best patches to return. */
  keep: number;
  /**
   * null looks for patches that bring the outputs to one value; else for such as move all of them by one offset at
   * least this long: root mean square over the outputs, in benign deviations.
   */
  leastOffset: number | null;
  seed: number;
  threads: number;
}

export interface ProbeProgress {
  done: number;
  total: number;
}

export interface ProbePatch {
  top: number;
  left: number;
  size: number;
  /** Per channel, in [0,1]. */
  colour: number[];
  /** mean_j Var f_j(stamped) / Var f_j(benign), on the probe's images. */
  varianceRatio: number;
  /** Length of the mean shift of the outputs, root mean square over outputs, in benign deviations. */
  shift: number;
  /** mean_j Var(f_j(stamped) − f_j(benign)), in benign deviations. */
  shiftVariance: number;
  /** Mean output of the stamped images. */
  target: number[];
}

export interface ProbeResult {
  patchesTried: number;
  forwardPasses: number;
  /** Most suspicious first. */
  best: ProbePatch[];
}

/** Squares that are filled with plain colours and with the same square of other benign images. */
export interface InnocentContentPlan {
  squares: { top: number; left: number; size: number }[];
  /** Images whose content is put into the others. */
  donors: number;
  /** Images that it is put into. */
  images: number;
  seed: number;
  threads: number;
}

/** Plane waves of every whole frequency between two bounds, at four phases, each on a few images. */
export interface WaveSweepPlan {
  images: number;
  /** Cycles across the image. */
  lowest: number;
  highest: number;
  /** How many of the most suspicious waves to return. */
  keep: number;
  seed: number;
  threads: number;
}

export interface ProbedWave extends WavePlace {
  /** As of a probed patch. */
  varianceRatio: number;
  shift: number;
  shiftVariance: number;
}

export interface WaveSweepResult {
  wavesTried: number;
  /** Median over all waves. */
  medianVarianceRatio: number;
  /** Most suspicious first. */
  best: ProbedWave[];
}

export type TriggerFamily =
  | "additive-pattern"
  /** A field of displacements from a coarse grid. */
  | "smooth-warp"
  | "encoder-decoder"
  /** A small square at a place of the start's, whose content is sought. */
  | "patch"
  /** One plane wave of stripes, of an amplitude of at most 0.25 per channel. */
  | "wave";

/** Minimise mean |G(x)−x| subject to collapse ≤ tolerance, by dual ascent on the constraint's price. */
export interface ConstrainedObjective {
  kind: "constrained";
  /** τ: allowed output variance as a share of the benign variance. */
  tolerance: number;
}

/** Minimise the collapse alone, for families whose triggers are small by themselves. */
export interface CollapseObjective {
  kind: "collapse";
  /** τ: what counts as reached. */
  tolerance: number;
  /**
   * "fixed": f(G(x)) should be the same for all images. "offset": f(G(x)) − f(x) should; the benign mean is added to
   * it, so that a target t stands for the offset t − mean, and collapses and variance ratios are of that sum.
   */
  effect: "fixed" | "offset";
}

/** The paper's objective: output variance, mean L1 and mean RAV with fixed weights (arXiv 2411.04811). */
export interface PaperObjective {
  kind: "paper";
  lambda1: number;
  lambda2: number;
  /** Which term carries λ1. */
  lambda1On: "variance" | "perturbation";
  /** Outputs are multiplied by this before the variance is taken (π/180 turns degrees to radians). */
  outputScale: number;
  /** Momentum reverse trigger: how the attention map enters; "none" leaves it out. */
  attention: "weight" | "gate" | "none";
  momentum: number;
}

export interface InversionStart {
  /** Output to force; null lets the outputs collapse anywhere. */
  target: number[] | null;
  /**
   * How the target moves: "anywhere" towards cheaper ones, "around-mean" towards cheaper ones that are as far from the
   * benign mean as it was, "outward" with the outputs, but no nearer to the benign mean than it was (all need a
   * target).
   */
  walk: "still" | "anywhere" | "around-mean" | "outward";
  /** Patch to start the pattern from, or whose content is sought; null starts at the identity. */
  patch: PatchPlace | null;
  /** Stripes to start from; the wave family needs them. */
  wave: WavePlace | null;
  /**
   * Collapse objective: what the start's trigger leaves of the variance before it is optimised, above 0; the best start
   * is the one with the least collapse beside it. 1 elsewhere.
   */
  reference: number;
  /** What the patch holds, C × size × size in [0,1], instead of its colour and some noise; null without. */
  content: Float32Array | null;
}

/** A square of one colour. */
export interface PatchPlace {
  top: number;
  left: number;
  size: number;
  /** Per channel, in [0,1]. */
  colour: number[];
}

/** A plane wave. */
export interface WavePlace {
  /** Cycles across the image's width and down its height. */
  across: number;
  down: number;
  /** Radians at the upper left corner. */
  phase: number;
}

export interface NativeInversionPlan {
  family: TriggerFamily;
  objective: ConstrainedObjective | PaperObjective | CollapseObjective;
  /** Each start is an inversion of its own; all of them run as one batched problem. */
  starts: InversionStart[];
  steps: number;
  batchSize: number;
  learningRate: number;
  seed: number;
  threads: number;
  /** Wall time after which the loop ends early, with what it has; 0 has no end. */
  seconds: number;
  /** Halfway, the inversion ends when no start has a collapse this small; 0 never ends it. */
  hopelessCollapse: number;
  /** The outcomes are measured on the first so many images; 0 takes all. */
  outcomeImages: number;
  /** So many of the last images play no part in the optimisation, but in the outcomes. */
  heldOut: number;
  /** Images of another kind that the best start's trigger is put on: otherCount × C × H × W in [0,1]. */
  others: Float32Array;
  otherCount: number;
  /** Indices of session images whose triggered forms are returned for the cheapest start. */
  samples: number[];
}

/** One point of the curves: means over the last few steps, one number per start. */
export interface InversionProgress {
  step: number;
  steps: number;
  loss: number[];
  /** Mean |G(x)−x| per pixel in [0,1]. */
  cost: number[];
  /** Collapse: mean_j Var or E(f−t)² over benign variance. */
  collapse: number[];
  /** mean_j RAV_j on the batch; empty without a head. */
  rav: number[];
}

export interface InversionOutcome {
  /** Measured with the final trigger, on the images that the plan asks for. */
  cost: number;
  collapse: number;
  /** Whether it collapsed: at most 1.25 times the tolerance (constrained), or to a mean RAV below 0.1 (paper). */
  reached: boolean;
  /** Final target of a walk, the forced target, or the mean output of a free collapse. */
  target: number[];
  outputMean: number[];
  /** Var f_j(G(x)) / Var f_j(x) per output. */
  varianceRatio: number[];
  /** Per output; null without a head. */
  rav: number[] | null;
  rnv: number[] | null;
  /** Final price of the constraint (contrast) or λ1 (paper). */
  multiplier: number;
  /** What its patch holds, C × size × size in [0,1]; null for families without one. */
  content: Float32Array | null;
}

export interface InversionResult {
  outcomes: InversionOutcome[];
  /** The last point is of the last step that was done. */
  curve: InversionProgress[];
  /** Whether it ended halfway (hopelessCollapse). */
  hopeless: boolean;
  /** Index of the cheapest start that reached its constraint, or of the cheapest when none did. */
  best: number;
  /** Triggered forms of the sample images for the best start: samples × C×H×W in [0,1]. */
  triggeredSamples: Float32Array;
  /** f(G(x)) of the sample images for the best start: samples × d. */
  triggeredOutputs: Float32Array;
  /** f(G(x)) of the best start on the images that its outcome was measured on, and on the plan's others: each × d. */
  outputs: Float32Array;
  otherOutputs: Float32Array;
}

/** Neural Cleanse: the smallest mask m and a pattern p whose x' = (1 − m)⊙x + m⊙p hold the outputs at one target. */
export interface NeuralCleanseMethod {
  kind: "neural-cleanse";
  /** Success: mean_j E (f_j(x') − y_j)² / Var f_j(x) at most this. */
  tolerance: number;
  learningRate: number;
  /** Weight of Σ|m| once the first success has held. */
  initialCost: number;
  /** Steps that success or failure must last before the weight changes. */
  patience: number;
  /** The weight goes up by this, down by its power of 1.5. */
  costMultiplier: number;
}

/** FeatureRE: a generator G and a mask over the head's features. Needs a head. */
export interface FeatureReverseMethod {
  kind: "feature-re";
  learningRate: number;
  maskLearningRate: number;
  /** Channels of the generator's first level, a multiple of 4. */
  width: number;
  /** Share of the steps at the start that train G alone. */
  warmUp: number;
  /** Largest mean squared change of pixels scaled to unit variance. */
  pixelBound: number;
  /** Largest mean deviation of G's masked features, in benign deviations. */
  deviationBound: number;
  /** Largest sum of the mask, as a share of the features. */
  maskBound: number;
}

export interface NativeBaselinePlan {
  method: NeuralCleanseMethod | FeatureReverseMethod;
  /** Where each start's target begins; all starts run as one batched problem. */
  targets: number[][];
  steps: number;
  batchSize: number;
  seed: number;
  threads: number;
  /** Indices of session images whose triggered forms are returned for the best start. */
  samples: number[];
}

export interface BaselineProgress extends InversionProgress {
  /** Neural Cleanse: share of the image that the mask covers. FeatureRE: its mixed value. Per start. */
  statistic: number[];
}

/** The terms of FeatureRE's mixed value, on all of the session's images. */
export interface FeatureMeasurement {
  /** Cosine between the mean features of G(x) and those of benign images that answer about the target. */
  similarity: number;
  /** Share of blended features whose output lies within a third of a benign deviation of the target. */
  success: number;
  /** mean_j E (H(blend)_j − y_j)² / Var f_j(x). */
  distance: number;
  pixelChange: number;
  deviation: number;
}

export interface BaselineOutcome extends InversionOutcome {
  /** What models are compared by; smaller is more suspicious. The mask's share, or FeatureRE's mixed value. */
  statistic: number;
  /** Sum of the mask over its pixels or features, as a share of their number. */
  maskShare: number;
  /** FeatureRE only. */
  feature: FeatureMeasurement | null;
}

export interface BaselineResult {
  outcomes: BaselineOutcome[];
  curve: BaselineProgress[];
  /** Index of the start with the smallest statistic; for Neural Cleanse among those that succeeded, if any did. */
  best: number;
  /** Of the best start: H×W, or one number per feature. */
  mask: Float32Array;
  /** Of the best start: C×H×W; empty for FeatureRE. */
  pattern: Float32Array;
  triggeredSamples: Float32Array;
  triggeredOutputs: Float32Array;
}
