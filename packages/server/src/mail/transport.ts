import { readFileSync } from 'node:fs';
import type { MailConfig, MailSender } from '../config/config.ts';
import type { Letter } from './letter.ts';

/** What became of one attempt. */
export type Sending =
  | { readonly kind: 'sent' | 'dropped' }
  /** `none`: the server said that this mail will never be taken. */
  | { readonly kind: 'failed'; readonly reason: string; readonly hope: 'some' | 'none' };

export interface Transport {
  /** Throws for what is wrong on our side, and never for what a mail server does. */
  send(letter: Letter): Promise<Sending>;
}

/** An attempt ends before its lease does, whatever the server does; what it answers beyond a line is not kept. */
const LIMITS = {
  dnsTimeout: 5_000,
  connectionTimeout: 8_000,
  greetingTimeout: 8_000,
  socketTimeout: 10_000,
  socketCloseTimeout: 0,
  maxResponseSize: 16_384,
} as const;
const TOTAL_MS = 20_000;
const MAX_REASON = 200;

/** Sends by SMTP (RFC 5321), each mail on a connection of its own, under TLS that is verified unless the configuration says `off`. */
export function transportFor(config: MailConfig): Transport {
  // At the first mail: a server without mail never holds the library.
  let mailer: Promise<Pick<Mailer, 'sendMail'>> | undefined;
  return {
    async send(letter) {
      mailer ??= openMailer(config);
      const opened = await mailer.catch((error: unknown) => {
        mailer = undefined;
        throw error;
      });
      try {
        await opened.sendMail({ ...messageOf(config, letter), signal: AbortSignal.timeout(TOTAL_MS) });
        return { kind: 'sent' };
      } catch (error) {
        return readFailure(error);
      }
    },
  };
}

type Mailer = ReturnType<typeof import('nodemailer')['createTransport']>;

async function openMailer({ host, port, tls, login, ca }: MailConfig): Promise<Mailer> {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'off',
    ...(login === undefined ? {} : { auth: { user: login.user, pass: login.password.reveal() } }),
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca === undefined ? {} : { ca: readFileSync(ca) }) },
    disableFileAccess: true,
    disableUrlAccess: true,
    ...LIMITS,
  });
}

/** One recipient, and nothing in any header that somebody else wrote. Programs that answer mails leave it alone (RFC 3834 §5). */
function messageOf({ from, replyTo }: MailConfig, letter: Letter): Parameters<Mailer['sendMail']>[0] {
  return {
    from: senderOf(from),
    ...(replyTo === undefined ? {} : { replyTo: senderOf(replyTo) }),
    to: { name: '', address: letter.to },
    subject: letter.subject,
    text: letter.text,
    html: letter.html,
    messageId: `<${letter.messageId}>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All', 'Content-Language': letter.locale },
  };
}

function senderOf({ name, address }: MailSender): { readonly name: string; readonly address: string } {
  return { name, address };
}

/**
 * Only a refusal of this very mail ends it (RFC 5321 §4.2.1): a password that is wrong, or a certificate that is not good, is for somebody to mend. No address
 * goes on to the log or the store.
 */
function readFailure(error: unknown): Sending {
  const { code = '', responseCode, permanent, command = '', response, message = 'not an Error' } = Object(error);
  const isRefused = permanent === true && (code === 'EENVELOPE' || code === 'EMESSAGE');
  const said = `${code} ${command} ${String(responseCode ?? '')} ${String(response ?? message)}`;
  const reason = said
    .slice(0, 4 * MAX_REASON)
    .split(/\s/)
    .map((word) => (word.includes('@') ? '[address]' : word))
    .join(' ')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .replace(/ +/g, ' ')
    .trim();
  return { kind: 'failed', reason: reason.slice(0, MAX_REASON), hope: isRefused ? 'none' : 'some' };
}
