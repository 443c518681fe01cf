import type { ModuleRun } from '../suite/module-run.ts';

/** One module of the conformance suite: it throws where the module fails, and notes on the run what the module only warns of. */
export type Module = (run: ModuleRun) => Promise<void>;
