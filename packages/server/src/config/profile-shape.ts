import { EDITABLE_CLAIMS } from '../accounts/editable-claims.ts';
import { list, object, withDefault } from './collection-shapes.ts';
import type { Policies } from './config.ts';
import { choice } from './scalar-shapes.ts';
import type { Shape } from './shape.ts';

/** `policies.profile`: what people say of themselves. */
export const profileShape: Shape<Policies['profile']> = object({
  keys: {
    editable: withDefault(
      list(choice(EDITABLE_CLAIMS), { max: EDITABLE_CLAIMS.length, unique: [{ path: [] }] }),
      ['name', 'given_name', 'family_name', 'nickname', 'email', 'birthdate', 'website', 'zoneinfo', 'locale'],
      'Claims that people may set themselves in the account centre; the rest administrators set. Users of this file keep what it says.',
    ),
  },
  build: ({ editable }) => ({ editable }),
});
