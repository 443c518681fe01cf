import type { Fapi1Run } from '../suite/fapi1-request.ts';

/** One module of the plan for FAPI 1.0 Advanced: it throws where the module fails, and notes on the run what the module only warns of. */
export type Fapi1Module = (bench: Fapi1Run) => Promise<void>;
