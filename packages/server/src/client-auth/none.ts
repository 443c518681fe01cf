import type { AuthMethod } from './auth-method.ts';

/** A public client says its name, and that is all (RFC 6749 §3.2.1). */
export const none: AuthMethod = {
  name: 'none',
  mechanism: 'none',
  prove(_ctx, _client, { trail }) {
    trail.at('client_authentication');
    return undefined;
  },
};
