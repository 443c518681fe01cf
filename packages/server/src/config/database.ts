import type { Database } from './config.ts';
import { quote } from './path.ts';
import { secret, textAs } from './scalar-shapes.ts';
import { Secret } from './secret.ts';
import { Refused, type Shape } from './shape.ts';

const ALLOWED = ['sqlite:PATH', 'postgres://user:password@host/database', 'postgresql://…'];

/** `sqlite:PATH` (relative to the working directory) or a PostgreSQL URL. Never shown: it may hold a password. */
export const databaseShape: Shape<Database> = secret(
  textAs({ allowed: ALLOWED, pattern: '^(sqlite:[^/]|sqlite:/[^/]|postgres(ql)?://)', maxLength: 4096, read: readDatabase }),
);

function readDatabase(text: string): Database | Refused {
  if (text.startsWith('sqlite:')) return readSqlite(text.slice('sqlite:'.length));
  if (/^postgres(?:ql)?:\/\//.test(text)) {
    return URL.canParse(text)
      ? { kind: 'postgres', url: new Secret(text) }
      : new Refused('is not a URL; special characters of a password must be percent-encoded');
  }
  const scheme = /^[a-z][a-z0-9+.-]{0,20}(?=:\/\/)/i.exec(text)?.[0];
  return new Refused(scheme === undefined ? 'must name SQLite or PostgreSQL' : `must name SQLite or PostgreSQL, not ${quote(scheme, 20)}`);
}

function readSqlite(path: string): Database | Refused {
  if (path === '') return new Refused('must name a file: sqlite:PATH');
  if (path.startsWith('//'))
    return new Refused('must have its path right after the colon: sqlite:data/hufu.db or sqlite:/var/lib/hufu/hufu.db');
  if (path.includes('\0')) return new Refused('must be a path');
  return { kind: 'sqlite', path };
}
