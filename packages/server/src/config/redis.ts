import { secret, textAs } from './scalar-shapes.ts';
import { Secret } from './secret.ts';
import { Refused, type Shape } from './shape.ts';

/** `redis://` or `rediss://` (TLS). Never shown: it may hold a password. */
export const redisShape: Shape<Secret<string>> = secret(
  textAs({
    allowed: ['redis://[user:password@]host[:port][/database]', 'rediss://… for TLS'],
    pattern: '^rediss?://',
    maxLength: 4096,
    read: readRedis,
  }),
);

function readRedis(text: string): Secret<string> | Refused {
  if (!/^rediss?:\/\//.test(text)) return new Refused('must begin with redis:// or rediss://');
  const url = URL.parse(text);
  if (url === null) return new Refused('is not a URL; special characters of a password must be percent-encoded');
  if (url.hostname === '') return new Refused('must name a host');
  return /^\/?\d{0,4}$/.test(url.pathname) ? new Secret(text) : new Refused('must end with the number of a database, if with any');
}
