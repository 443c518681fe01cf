import { runPlan } from './suite/run-plan.ts';

runPlan('rp-initiated-logout');
