import { runPlan } from './suite/run-plan.ts';

runPlan('third-party-initiated-login');
