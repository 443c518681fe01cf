import { runPlan } from './suite/run-plan.ts';

runPlan('front-channel-logout');
