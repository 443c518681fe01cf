import { runPlan } from './suite/run-plan.ts';

runPlan('basic');
