import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MailConfig } from '../config/config.ts';
import { Secret } from '../config/secret.ts';
import { makeCertificate, SERVER_AUTH } from '../testing/certificates.ts';
import { type MailServerOptions, openMailServer } from '../testing/mail-server.ts';
import type { Letter } from './letter.ts';
import { type Sending, transportFor } from './transport.ts';

const LETTER: Letter = {
  to: 'ada@post.example',
  locale: 'zh-CN',
  subject: '登录验证码',
  text: '你好\n\n.一行\n',
  html: '<!doctype html><p>你好 &amp; .',
  messageId: 'one@id.example',
};

function configFor(port: number, part: Partial<MailConfig> = {}): MailConfig {
  const from = { name: 'Zwei "Hälften"', address: 'no-reply@id.example' };
  return { from, replyTo: undefined, host: '127.0.0.1', port, tls: 'off', login: undefined, ca: undefined, ...part };
}

const AUTHORITY = makeCertificate({ subject: [['CN', 'authority']], isAuthority: true });
const GOOD = makeCertificate({
  subject: [['CN', 'mail']],
  issuer: AUTHORITY,
  altNames: [['ip', '127.0.0.1']],
  usages: [SERVER_AUTH],
});
const OTHER_HOST = makeCertificate({
  subject: [['CN', 'mail']],
  issuer: AUTHORITY,
  altNames: [['dns', 'elsewhere.example']],
  usages: [SERVER_AUTH],
});
const SELF_SIGNED = makeCertificate({ subject: [['CN', 'mail']], altNames: [['ip', '127.0.0.1']], usages: [SERVER_AUTH] });

/** One mail, to a server of those ways. */
async function sendTo(
  options: MailServerOptions,
  part: Partial<MailConfig> = {},
): Promise<{ sending: Sending; server: Awaited<ReturnType<typeof openMailServer>> }> {
  const server = await openMailServer(options);
  const sending = await transportFor(configFor(server.port, part)).send(LETTER);
  await server.close();
  return { sending, server };
}

function withAuthority<T>(act: (ca: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'hufu-mail-'));
  const path = join(folder, 'ca.pem');
  writeFileSync(path, AUTHORITY.cert);
  return act(path).finally(() => rmSync(folder, { recursive: true }));
}

test('a mail arrives in both forms, from whom the configuration says, and says that nobody wrote it (RFC 5321 §3.3, RFC 3834 §5)', async () => {
  const replyTo = { name: '', address: 'help@id.example' };
  const { sending, server } = await sendTo({}, { replyTo });
  assert.deepEqual(sending, { kind: 'sent' });
  const [mail] = server.taken;
  assert.deepEqual([mail?.from, mail?.to], ['no-reply@id.example', ['ada@post.example']]);
  assert.deepEqual([mail?.text.replaceAll('\r\n', '\n').trimEnd(), mail?.html.trimEnd()], [LETTER.text.trimEnd(), LETTER.html]);
  const header = (name: string): string | undefined => mail?.headers.get(name);
  assert.deepEqual([header('subject'), header('to'), header('reply-to')], [LETTER.subject, 'ada@post.example', 'help@id.example']);
  assert.match(header('from') ?? '', /Hälften.*<no-reply@id\.example>$/);
  assert.deepEqual(
    [header('message-id'), header('auto-submitted'), header('content-language')],
    ['<one@id.example>', 'auto-generated', 'zh-CN'],
  );
  assert.equal([...(mail?.headers.keys() ?? [])].filter((name) => name === 'x-mailer').length, 0);
});

test('STARTTLS is demanded, and so is a good certificate: else nothing goes out, no address and no password (RFC 8314 §3.1, RFC 9525 §6)', async () => {
  await withAuthority(async (ca) => {
    const login = { user: 'hufu', password: new Secret('canary') };
    const options = { tls: 'starttls', login: 'hufu:canary' } as const;
    for (const certificate of [SELF_SIGNED, OTHER_HOST]) {
      const { sending, server } = await sendTo({ ...options, certificate }, { tls: 'starttls', ca, login });
      assert.equal(sending.kind, 'failed');
      assert.equal(sending.kind === 'failed' && sending.hope, 'some', 'somebody may mend it');
      assert.deepEqual(
        server.commands.filter((line) => /^(?:AUTH|MAIL|RCPT|DATA)/.test(line)),
        [],
      );
    }
    // One that does not offer it, as somebody in between would have it (attacks SSR-07).
    const { sending, server } = await sendTo({ tls: 'off', login: 'hufu:canary' }, { tls: 'starttls', ca, login });
    assert.equal(sending.kind, 'failed');
    assert.deepEqual(
      server.commands.filter((line) => /^(?:AUTH|MAIL|RCPT|DATA)/.test(line)),
      [],
    );
    // Without authorities of our own, those of the Web: they know none of these.
    assert.equal((await sendTo({ ...options, certificate: GOOD }, { tls: 'starttls', login })).sending.kind, 'failed');
    const good = await sendTo({ ...options, certificate: GOOD }, { tls: 'starttls', ca, login });
    assert.deepEqual([good.sending, good.server.taken[0]?.secure, good.server.taken[0]?.user], [{ kind: 'sent' }, true, 'hufu']);
  });
});

test('TLS from the start takes the same care (RFC 8314 §3.3)', async () => {
  await withAuthority(async (ca) => {
    const good = await sendTo({ tls: 'implicit', certificate: GOOD }, { tls: 'implicit', ca });
    assert.deepEqual([good.sending, good.server.taken[0]?.secure], [{ kind: 'sent' }, true]);
    const bad = await sendTo({ tls: 'implicit', certificate: SELF_SIGNED }, { tls: 'implicit', ca });
    assert.deepEqual([bad.sending.kind, bad.server.commands], ['failed', []]);
  });
});

test('only a refusal of this very mail ends it: 4xx, a wrong password and a server that is away may be better later (RFC 5321 §4.2.1)', async () => {
  const hopeOf = async (options: MailServerOptions, part: Partial<MailConfig> = {}): Promise<string> => {
    const { sending } = await sendTo(options, part);
    return sending.kind === 'failed' ? sending.hope : sending.kind;
  };
  const at = (command: string, reply: string): MailServerOptions => ({ answer: (said) => (said === command ? reply : undefined) });
  assert.equal(await hopeOf(at('RCPT', '550 5.1.1 nobody of that name')), 'none');
  assert.equal(await hopeOf(at('.', '554 5.7.1 not wanted')), 'none');
  assert.equal(await hopeOf(at('RCPT', '451 4.3.0 later')), 'some');
  assert.equal(await hopeOf(at('.', '452 4.3.1 full')), 'some');
  assert.equal(await hopeOf(at('greeting', '421 too busy')), 'some');
  const login = { user: 'hufu', password: new Secret('wrong') };
  assert.equal(await hopeOf({ login: 'hufu:right' }, { login }), 'some');
  const closed = await openMailServer();
  await closed.close();
  const away = await transportFor(configFor(closed.port)).send(LETTER);
  assert.equal(away.kind === 'failed' && away.hope, 'some');
});

test('what a server says goes on without addresses and on one line, and no further than a line', async () => {
  const answer = (said: string): string | undefined =>
    said === 'RCPT' ? `550 <ada@post.example> has no mailbox${' very'.repeat(2_000)} here\u001b[31m` : undefined;
  const { sending } = await sendTo({ answer });
  const reason = sending.kind === 'failed' ? sending.reason : '';
  assert.match(reason, /550.*\[address\].*no mailbox/);
  assert.ok(reason.length <= 200 && !reason.includes('ada') && !/[^\x20-\x7e]/.test(reason), reason);
});
