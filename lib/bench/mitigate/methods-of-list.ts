import { MITIGATION_METHODS, type MitigationMethod } from "../../mitigation/index.ts";
import { namesOfList } from "../identify/bench-plans.ts";

/**
 * Reads a list such as "drmguard,anp".
 * @throws ERR_USAGE for an unknown, repeated or missing method.
 */
export function mitigationMethodsOfList(list: string): MitigationMethod[] {
  return namesOfList("methods", list, MITIGATION_METHODS);
}
