import { list, object, optional } from './collection-shapes.ts';
import { duration } from './duration-shape.ts';
import type { GatewayRetries, GatewayTimeouts } from './gateway-config.ts';
import { wholeNumber } from './scalar-shapes.ts';
import type { Shape } from './shape.ts';

/** `timeouts` of a route. */
export const gatewayTimeouts: Shape<GatewayTimeouts> = object({
  keys: {
    body_idle: optional(
      duration('0s', '1d'),
      'A client sends nothing of a body that it has announced; 10s by default. 0: without end, as below.',
    ),
    answer_idle: optional(
      duration('0s', '1d'),
      'An upstream sends nothing of an answer that it has begun; 0s by default: streams may be silent.',
    ),
    stall: optional(duration('0s', '1d'), 'A client takes nothing of what is there for it; 1m by default.'),
    whole: optional(duration('0s', '1d'), 'The whole exchange; 0s by default.'),
  },
  build: ({ body_idle, answer_idle, stall, whole }) => ({
    bodyIdleSeconds: body_idle,
    answerIdleSeconds: answer_idle,
    stallSeconds: stall,
    wholeSeconds: whole,
  }),
});

/** `retries` of an upstream. */
export const gatewayRetries: Shape<GatewayRetries> = object({
  keys: {
    attempts: optional(wholeNumber(0, 5), 'Tries after the first, at most; 2 by default. 0: none.'),
    statuses: optional(
      list(wholeNumber(500, 599), { max: 20, unique: [{ path: [] }] }),
      'Answers after which another target is asked, where nothing is done twice by it (RFC 9110 §9.2.2); 502, 503 and 504 by default.',
    ),
    percent: optional(wholeNumber(0, 100), 'Of the requests of the last ten seconds, how many in a hundred may be retries; 20 by default.'),
    spare: optional(wholeNumber(0, 1_000), 'So many more, so that there are any where little is going on; 3 by default.'),
  },
  build: (values) => values,
});
