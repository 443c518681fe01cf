import { test } from 'node:test';
import { checkClockBehind } from './clock-behind.ts';

test('a machine whose clock is behind the store revives nothing (attacks COD-08, I9, RFC 6749 §4.1.2)', () => checkClockBehind());
