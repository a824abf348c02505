import { testSeed } from "./seed.ts";

export default function announce(): void {
  console.log(`seed of the property tests: ${testSeed} (DRMGUARD_TEST_SEED sets another)`);
}
