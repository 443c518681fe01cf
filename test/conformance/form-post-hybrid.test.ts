import { runPlan } from './suite/run-plan.ts';

runPlan('form-post-hybrid');
