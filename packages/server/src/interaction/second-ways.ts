import { recoveryCodeWay } from './recovery-code-way.ts';
import type { SecondWay } from './second-way.ts';
import { totpWay } from './totp-way.ts';

/** In the order in which they are offered. */
export const SECOND_WAYS: readonly SecondWay[] = [totpWay, recoveryCodeWay];
