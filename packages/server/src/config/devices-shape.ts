import { object, optional, withDefault } from './collection-shapes.ts';
import type { Policies } from './config.ts';
import { choice, wholeNumber } from './scalar-shapes.ts';
import type { Shape } from './shape.ts';

/** `policies.devices`: where people may be signed in at once, and how a session is held to its browser. */
export const devicesShape: Shape<Policies['devices']> = object({
  keys: {
    max: optional(
      wholeNumber(1, 100),
      'How many devices somebody may be signed in at, all applications together. As many as they like by default; 1 is single sign-in.',
    ),
    per: withDefault(
      choice(['all', 'type']),
      'all',
      'What max counts: all devices together, or those of each type (desktop, mobile with tablets, others).',
    ),
    on_exceed: withDefault(
      choice(['replace', 'refuse']),
      'replace',
      'Over max: replace signs out the device that signed in longest ago, refuse lets the new one in only once the user has signed out another.',
    ),
    binding: withDefault(
      choice(['none', 'fingerprint', 'browser_cookie']),
      'none',
      'What a session is held to beside its own cookie: nothing, what the browser says of itself (tolerant of updates), or the cookie of the browser.',
    ),
    on_mismatch: withDefault(
      choice(['deny', 'step_up', 'log']),
      'step_up',
      'Where a session comes from elsewhere: deny takes it for none, step_up asks its user to sign in anew and goes on with it, log only says so.',
    ),
  },
  build: ({ max, per, on_exceed, binding, on_mismatch }) => ({
    limit: max === undefined ? undefined : { max, per, onExceed: on_exceed },
    binding,
    onMismatch: on_mismatch,
  }),
});
