/**
 * Runs in the provider's process before it does: the relying party's name is of this machine. A line in /etc/hosts would do the same, where one may
 * write it.
 */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { SITE_HOST } from './site.ts';

dns.lookup = new Proxy(dns.lookup, {
  apply: (lookup, self, [host, ...rest]: unknown[]) => Reflect.apply(lookup, self, [host === SITE_HOST ? '127.0.0.1' : host, ...rest]),
});
syncBuiltinESMExports();
