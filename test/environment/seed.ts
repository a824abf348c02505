/** Property tests draw their cases from this seed; DRMGUARD_TEST_SEED tries another. */
export const testSeed = Number(process.env.DRMGUARD_TEST_SEED ?? 20_241_107);
