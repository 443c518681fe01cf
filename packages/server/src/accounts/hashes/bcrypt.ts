import type { HashFormat } from './hash.ts';

/** A second of work, and already more than most ask for. */
const MAX_COST = 14;
const LEAST_COST = 4;

/** bcrypt as `$2a$`, `$2b$` and `$2y$` write it. `$2x$`, and `$2$`, name hashes that were made wrong. */
export const bcrypt: HashFormat = {
  name: 'bcrypt',
  begins: /^\$2[a-z]?\$/,
  read(text) {
    const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text);
    if (match === null) return 'is not a bcrypt hash of $2a$, $2b$ or $2y$ (60 characters)';
    const cost = Number(match[1]);
    if (cost < LEAST_COST || cost > MAX_COST) return `must have a cost of ${LEAST_COST} to ${MAX_COST}`;
    return { kind: 'bcrypt', text };
  },
};
