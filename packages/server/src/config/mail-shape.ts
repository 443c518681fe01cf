import { isIP } from 'node:net';
import { readEmailAddress } from '../accounts/email-address.ts';
import { object, optional, required } from './collection-shapes.ts';
import type { MailConfig, MailSender } from './config.ts';
import { findText, findValue, type MapNode } from './node.ts';
import { choice, hidden, secret, text, textAs, wholeNumber } from './scalar-shapes.ts';
import { Secret } from './secret.ts';
import { type Failed, Refused, type Shape, type Spot } from './shape.ts';
import { existingFile } from './tls-shape.ts';

type Server = Pick<MailConfig, 'host' | 'port' | 'tls' | 'login'>;

/** Submission (RFC 6409 §3.1), submission with TLS from the start (RFC 8314 §7.3), and plain SMTP. */
const PORTS: Readonly<Record<MailConfig['tls'], number>> = { starttls: 587, implicit: 465, off: 25 };
const URL_FORMS = ['smtps://user:password@host (TLS from the start)', 'smtp://user:password@host:587 (STARTTLS)'];

const sender: Shape<MailSender> = textAs({ allowed: ['name@example.com', 'Name <name@example.com>'], maxLength: 320, read: readSender });
const host: Shape<string> = textAs({ allowed: ['a host name', 'an address'], maxLength: 253, read: readHost });
/** Never shown: it may hold a password. */
const url: Shape<Server> = secret(textAs({ allowed: URL_FORMS, pattern: '^smtps?://', maxLength: 2048, read: readUrl }));

/** `mail`. */
export const mailShape: Shape<MailConfig> = object({
  keys: {
    from: required(sender, 'Whom mails are from: an address, or a name with the address in angle brackets.'),
    reply_to: optional(sender, 'Where answers go, if not to from.'),
    url: optional(
      url,
      'smtps://user:password@host[:465] (TLS from the start) or smtp://user:password@host[:587] (STARTTLS, without which nothing is sent). Special characters are percent-encoded. Instead of host, port, user, password and tls.',
    ),
    host: optional(host, 'The server that takes our mails. Instead of url.'),
    port: optional(wholeNumber(1, 65_535), 'By default 587, with tls implicit 465, with tls off 25.'),
    user: optional(text(320), 'Name to sign in to the mail server with; goes with password.'),
    password: optional(hidden(text(1024)), 'Password of user. Best as ${VARIABLE}.'),
    tls: optional(
      choice(['starttls', 'implicit', 'off']),
      'starttls (by default) demands STARTTLS, implicit is TLS from the start; either way the certificate has to be good for the host. off in mode development and test, or to a server on this machine.',
    ),
    ca: optional(
      existingFile,
      'PEM file: the authorities that may issue the certificate of the mail server, instead of those that the Web trusts.',
    ),
  },
  check: requireOneServer,
  build({ from, reply_to, ca, ...server }) {
    return { ...(server.url ?? serverOf(server)), from, replyTo: reply_to, ca };
  },
});

/** The server is named in one of two ways, and in the open only where nobody listens. */
function requireOneServer(node: MapNode, spot: Spot): Failed | undefined {
  const whole = findValue(node, 'url');
  const named = findValue(node, 'host');
  if (whole === undefined && named === undefined) return spot.at('host').report(node.place, 'is missing', '', ['host', 'url']);
  for (const name of ['host', 'port', 'user', 'password', 'tls'] as const) {
    const part = findValue(node, name);
    if (whole !== undefined && part !== undefined)
      return spot.at(name).report(part.place, 'cannot stand beside url', name === 'password' ? '[secret]' : '', ['one of the two']);
  }
  for (const [name, other] of [
    ['user', 'password'],
    ['password', 'user'],
  ] as const) {
    const value = findValue(node, name);
    if (value !== undefined && findValue(node, other) === undefined) return spot.at(name).report(value.place, `goes with ${other}`, '');
  }
  const tls = findValue(node, 'tls');
  if (tls !== undefined && findText(tls) === 'off' && spot.reading.mode === 'production' && !isHere(findText(named) ?? ''))
    return spot.at('tls').refuse(tls, 'would send codes in the open, which is not for mode production', ['starttls', 'implicit']);
  return undefined;
}

function isHere(name: string): boolean {
  return name === 'localhost' || name === '::1' || name === '127.0.0.1';
}

function serverOf(parts: {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: Secret<string> | undefined;
  readonly tls: MailConfig['tls'] | undefined;
}): Server {
  const { tls = 'starttls', user, password } = parts;
  if (parts.host === undefined) throw new TypeError('mail without a server passed requireOneServer');
  const login = user === undefined || password === undefined ? undefined : { user, password };
  return { host: parts.host, port: parts.port ?? PORTS[tls], tls, login };
}

function readHost(value: string): string | Refused {
  const plain = value.replace(/^\[(.*)\]$/, '$1');
  if (isIP(plain) !== 0) return plain;
  return /^(?!-)[A-Za-z0-9-]{1,63}(?:\.(?!-)[A-Za-z0-9-]{1,63})*$/.test(value) ? value.toLowerCase() : new Refused('is not a host');
}

function readUrl(value: string): Server | Refused {
  const scheme = /^(smtps?):\/\//.exec(value)?.[1];
  if (scheme === undefined) return new Refused('must begin with smtps:// or smtp://');
  const read = URL.parse(value);
  if (read === null || read.hostname === '' || /[?#]/.test(value) || !/^\/?$/.test(read.pathname))
    return new Refused('is not the address of a mail server; special characters of a password must be percent-encoded');
  const name = readHost(read.hostname);
  if (name instanceof Refused) return name;
  const tls = scheme === 'smtps' ? 'implicit' : 'starttls';
  const [user, password] = [decode(read.username), decode(read.password)];
  if (user === undefined || password === undefined || (user === '') !== (password === ''))
    return new Refused('must hold a user and a password, percent-encoded, or neither');
  const login = user === '' ? undefined : { user, password: new Secret(password) };
  return { host: name, port: read.port === '' ? PORTS[tls] : Number(read.port), tls, login };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** An address, or a display name and the address (RFC 5322 §3.4), which the mail library writes as it has to be. */
function readSender(value: string): MailSender | Refused {
  const [, name = '', bracketed] = /^([^<>]*)<([^<>]*)>$/.exec(value.trim()) ?? [];
  const address = readEmailAddress(bracketed ?? value);
  if (address === undefined) return new Refused('is not an email address');
  const plain = name.trim().replace(/^"(.*)"$/, '$1');
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(plain) ? new Refused('has an invisible character in its name') : { name: plain, address };
}
