import type { FapiRun } from '../fapi-run.ts';

/** One module of the conformance suite: it throws where the module fails, and notes on the run what the module only warns of. */
export type FapiModule = (fapi: FapiRun) => Promise<void>;
