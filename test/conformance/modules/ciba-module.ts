import type { CibaRun } from '../suite/ciba-request.ts';

/** One module of the plan for FAPI-CIBA: it throws where the module fails, and notes on the run what the module only warns of. */
export type CibaModule = (bench: CibaRun) => Promise<void>;
