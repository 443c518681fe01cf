import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { MadeCertificate } from './certificates.ts';

/** A mail server at the edge of a test: it speaks as much SMTP (RFC 5321) as a submission needs, over real sockets. */
export interface MailServer {
  readonly port: number;
  /** What it took, in order. */
  readonly taken: readonly TakenMail[];
  /** Commands of all connections so far, without the texts of mails. */
  readonly commands: readonly string[];
  /** Resolves once so many mails have come. */
  count(number: number): Promise<readonly TakenMail[]>;
  close(): Promise<void>;
}

export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, dots unstuffed. */
  readonly raw: string;
  /** Lower-case names; encoded words decoded. */
  readonly headers: ReadonlyMap<string, string>;
  /** Decoded. */
  readonly text: string;
  readonly html: string;
  /** Came over TLS, and signed in as. */
  readonly secure: boolean;
  readonly user: string | undefined;
}

export interface MailServerOptions {
  readonly tls?: 'starttls' | 'implicit' | 'off';
  readonly certificate?: MadeCertificate;
  /** `user:password`. */
  readonly login?: string;
  /** What it answers to a command (`MAIL`, `RCPT`, `DATA`, `.`, …) in place of what it would; undefined: as ever. `hang` answers nothing. */
  readonly answer?: (command: string, count: number) => string | 'hang' | undefined;
}

export async function openMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { tls = 'off', certificate } = options;
  const taken: TakenMail[] = [];
  const commands: string[] = [];
  const waiting: (() => void)[] = [];
  const sockets = new Set<Socket>();
  const secret = certificate === undefined ? undefined : { key: certificate.key, cert: certificate.cert };
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    talk(socket, tls === 'implicit', { ...options, secret, commands }, (mail) => {
      taken.push(mail);
      for (const wake of waiting.splice(0)) wake();
    });
  };
  const server: Server = tls === 'implicit' ? createTlsServer(secret ?? {}, accept) : createServer(accept);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    taken,
    commands,
    async count(number) {
      while (taken.length < number) await new Promise<void>((resolve) => waiting.push(resolve));
      return taken;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

interface Talk extends MailServerOptions {
  readonly secret: { readonly key: string; readonly cert: string } | undefined;
  readonly commands: string[];
}

function talk(first: Socket, isSecure: boolean, options: Talk, take: (mail: TakenMail) => void): void {
  let socket = first;
  let secure = isSecure;
  let user: string | undefined;
  let from = '';
  let to: string[] = [];
  let body: string[] | undefined;
  let rest = '';
  const counts = new Map<string, number>();

  const say = (line: string): void => void socket.write(`${line}\r\n`);
  const answer = (command: string, usual: string, act: () => void = () => undefined): void => {
    const count = (counts.get(command) ?? 0) + 1;
    counts.set(command, count);
    const other = options.answer?.(command, count);
    if (other === 'hang') return;
    if (other === undefined || /^[23]/.test(other)) act();
    say(other ?? usual);
  };
  const greet = (): string => {
    const lines = [
      'loopback',
      ...(options.tls === 'starttls' && !secure ? ['STARTTLS'] : []),
      ...(options.login === undefined ? [] : ['AUTH PLAIN']),
      '8BITMIME',
    ];
    return lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}`).join('\r\n');
  };
  const secureNow = (): void => {
    socket.removeAllListeners('data');
    const inner = new TLSSocket(socket, { isServer: true, ...options.secret });
    inner.on('error', () => socket.destroy());
    socket = inner;
    secure = true;
    listen();
  };

  function onLine(line: string): void {
    if (body !== undefined) {
      if (line !== '.') return void body.push(line.startsWith('.') ? line.slice(1) : line);
      const raw = body.join('\r\n');
      body = undefined;
      answer('.', '250 taken', () => take(readMail(raw, { from, to, secure, user })));
      return;
    }
    options.commands.push(line.startsWith('AUTH') ? 'AUTH' : line);
    const [verb = ''] = line.split(/[ :]/, 1);
    switch (verb.toUpperCase()) {
      case 'EHLO':
        return answer('EHLO', greet());
      case 'STARTTLS':
        return void socket.write('220 go on\r\n', secureNow);
      case 'AUTH': {
        const [, name = '', password = ''] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
          .toString()
          .split('\0');
        const isRight = `${name}:${password}` === options.login;
        return answer('AUTH', isRight ? '235 welcome' : '535 no', () => (user = isRight ? name : undefined));
      }
      case 'MAIL':
        return answer('MAIL', '250 ok', () => {
          from = addressOf(line);
          to = [];
        });
      case 'RCPT':
        return answer('RCPT', '250 ok', () => to.push(addressOf(line)));
      case 'DATA':
        return answer('DATA', '354 go on', () => (body = []));
      case 'QUIT':
        say('221 bye');
        return void socket.end();
      default:
        return answer(verb, '250 ok');
    }
  }

  function listen(): void {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      rest += chunk.toString();
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        onLine(line);
      }
    });
  }

  listen();
  answer('greeting', '220 loopback ready');
}

function addressOf(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}

type Envelope = Pick<TakenMail, 'from' | 'to' | 'secure' | 'user'>;

function readMail(raw: string, envelope: Envelope): TakenMail {
  const { headers, body } = readPart(raw);
  const boundary = /boundary="([^"]+)"/.exec(headers.get('content-type') ?? '')?.[1] ?? '';
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => readPart(part.replace(/^\r\n/, '')));
  const find = (type: string): string => {
    const part = parts.find((one) => one.headers.get('content-type')?.startsWith(type) === true);
    return part === undefined ? '' : decodeBody(part.body, part.headers.get('content-transfer-encoding') ?? '');
  };
  return { ...envelope, raw, headers, text: find('text/plain'), html: find('text/html') };
}

function readPart(raw: string): { readonly headers: ReadonlyMap<string, string>; readonly body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = lines.map(
    (line) => [line.slice(0, line.indexOf(':')).toLowerCase(), decodeWords(line.slice(line.indexOf(':') + 1).trim())] as const,
  );
  return { headers: new Map(headers), body: raw.slice(end + 4) };
}

/** Encoded words. */
function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?UTF-8\?([BQ])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toUpperCase() === 'B' ? Buffer.from(word, 'base64').toString() : decodeQuoted(word.replaceAll('_', ' ')),
    );
}

function decodeBody(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  return encoding === 'quoted-printable' ? decodeQuoted(body) : body;
}

/** Quoted-printable. */
function decodeQuoted(text: string): string {
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/((?:=[0-9A-F]{2})+)/gi, (run) => Buffer.from(run.replaceAll('=', ''), 'hex').toString());
  return bytes;
}
