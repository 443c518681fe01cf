import { list, object, withDefault } from './collection-shapes.ts';
import type { Policies } from './config.ts';
import { duration } from './duration-shape.ts';
import { choice } from './scalar-shapes.ts';
import type { Shape } from './shape.ts';

/** `policies.sign_in`: what people prove themselves with. */
export const signInShape: Shape<Policies['signIn']> = object({
  keys: {
    methods: withDefault(
      list(choice(['password', 'passkey', 'email']), { min: 1, max: 3 }),
      ['password', 'passkey'],
      'What a sign-in may begin with; upstreams beside it. email is a code or a link that is mailed, and needs mail.',
    ),
    second_factor: withDefault(
      choice(['off', 'optional', 'new_device', 'required']),
      'optional',
      'Second factors. off: nobody adds one, who has one is asked. optional: who has one is asked. new_device: not where they trust the device. required: who has none makes one at the next sign-in.',
    ),
    trusted_device: withDefault(
      duration('1h', '365d'),
      '30d',
      'With second_factor new_device: how long a device that somebody trusts is not asked again.',
    ),
  },
  build: ({ methods, second_factor, trusted_device }) => ({
    methods,
    secondFactor: second_factor,
    trustedDeviceSeconds: trusted_device,
  }),
});
