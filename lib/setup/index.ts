export { type DoctorFact, doctorFacts } from "./doctor.ts";
export { runSetup } from "./install-scripts.ts";
export { renderDoctor } from "./render-doctor.ts";
