import { runPlan } from './suite/run-plan.ts';

runPlan('back-channel-logout');
