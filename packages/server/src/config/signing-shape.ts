import { signingAlgorithms } from '../keys/algorithms.ts';
import { list, object, withDefault } from './collection-shapes.ts';
import type { Signing } from './config.ts';
import { duration } from './duration-shape.ts';
import { choice } from './scalar-shapes.ts';
import type { Shape } from './shape.ts';

/** JOSE `alg` of a key that the server can make. */
export const signingAlgorithm: Shape<string> = choice([...signingAlgorithms.keys()]);

/** ES256 for speed, RS256 because OpenID Connect makes it the default of ID tokens. */
export const DEFAULT_ALGORITHMS: readonly string[] = ['ES256', 'RS256'];

/** `signing`. */
export const signingShape: Shape<Signing> = object({
  keys: {
    algorithms: withDefault(
      list(signingAlgorithm, { min: 1, max: 16, unique: [{ path: [] }] }),
      DEFAULT_ALGORITHMS,
      'Algorithms that the server has keys for (JOSE alg).',
    ),
    rotate_every: withDefault(duration('1m', '3650d'), '90d', 'Age at which a signing key gets a successor.'),
  },
  build: ({ algorithms, rotate_every }) => ({ algorithms, rotateEverySeconds: rotate_every }),
});
