// @ts-check
/** Our own lint rules, for what no built-in rule can say. */
import { noMockTimers } from './no-mock-timers.mjs';
import { timeAndChance } from './time-and-chance.mjs';
import { whoMayImportWhom } from './who-may-import-whom.mjs';

export default {
  meta: { name: 'hufu' },
  rules: { 'no-mock-timers': noMockTimers, 'who-may-import-whom': whoMayImportWhom, 'time-and-chance': timeAndChance },
};
