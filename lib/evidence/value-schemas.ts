import { z } from "zod";
import { FAMILIES } from "../config/settings-schema.ts";

// Of an untrusted file: bounds keep a hostile one from filling the memory.

/** A number that is neither infinite nor NaN. */
export const finite = z.number();

/** One number per output or channel. */
export const vector = z.array(finite).min(1).max(100_000);

/** A name, a version or a reason. */
export const text = z.string().max(10_000);

/** The families of triggers that can be asked for. */
export const triggerFamily = z.enum(FAMILIES);
