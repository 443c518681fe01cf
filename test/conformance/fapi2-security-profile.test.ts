import { runFapiPlan } from './fapi/run-fapi-plan.ts';

runFapiPlan('fapi2-security-profile');
