import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MailConfig } from './config.ts';
import { ConfigError } from './problem.ts';
import { readConfig } from './read-config.ts';

function read(mail: string, rest = 'mode: production\nissuer: https://id.example\n'): ReturnType<typeof readConfig> {
  return readConfig({
    text: `${rest}mail: ${mail}\n`,
    file: 'mail.yaml',
    env: { PASSWORD: 'canary' },
    checkFile: (path) => (path === 'gone.pem' ? 'is not there' : undefined),
  });
}

function mailOf(mail: string): MailConfig {
  return read(mail).mail ?? assert.fail();
}

function faultsOf(mail: string, rest?: string): readonly string[] {
  try {
    read(mail, rest);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ line, path, message, found }) => `${line} ${path}: ${message}${found === '' ? '' : ` (${found})`}`);
    throw error;
  }
  return [];
}

test('a mail server is named by its parts, with the port of its way of TLS, and whom mails are from as people write it (RFC 5322 §3.4, RFC 6409 §3.1, RFC 8314 §7.3)', () => {
  const { from, replyTo, host, port, tls, login, ca } = mailOf(
    "{ from: 'Hufu Example <no-reply@id.example>', reply_to: help@id.example, host: Mail.Example, user: u, password: '${PASSWORD}', ca: ca.pem }",
  );
  assert.deepEqual(
    [from, replyTo],
    [
      { name: 'Hufu Example', address: 'no-reply@id.example' },
      { name: '', address: 'help@id.example' },
    ],
  );
  assert.deepEqual([host, port, tls, ca], ['mail.example', 587, 'starttls', 'ca.pem']);
  assert.deepEqual([login?.user, login?.password.reveal(), String(login?.password)], ['u', 'canary', '[secret]']);
  assert.equal(mailOf('{ from: a@id.example, host: m.example, tls: implicit }').port, 465);
  assert.equal(mailOf('{ from: a@id.example, host: localhost, tls: off, port: 1025 }').port, 1025);
  assert.equal(mailOf("{ from: a@id.example, host: '[2001:db8::1]' }").host, '2001:db8::1');
});

test('a mail server is named by its address, which may hold a password (RFC 8314 §3)', () => {
  const whole = mailOf('{ from: a@id.example, url: "smtps://us%40er:p%3Ass@mail.example" }');
  assert.deepEqual([whole.host, whole.port, whole.tls], ['mail.example', 465, 'implicit']);
  assert.deepEqual([whole.login?.user, whole.login?.password.reveal()], ['us@er', 'p:ss']);
  const plain = mailOf('{ from: a@id.example, url: "smtp://mail.example:2525" }');
  assert.deepEqual([plain.port, plain.tls, plain.login], [2525, 'starttls', undefined]);
});

test('what is wrong stops the start with its line, and no password is shown', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['{ host: m.example }', ['3 mail.from: is missing']],
    ['{ from: a@id.example }', ['3 mail.host: is missing']],
    ['{ from: nobody, host: m.example }', ['3 mail.from: is not an email address ("nobody")']],
    ['{ from: a@id.example, host: "m example" }', ['3 mail.host: is not a host ("m example")']],
    ['{ from: a@id.example, host: m.example, port: 0 }', ['3 mail.port: must be a whole number (0)']],
    ['{ from: a@id.example, host: m.example, user: u }', ['3 mail.user: goes with password']],
    ['{ from: a@id.example, host: m.example, password: canary }', ['3 mail.password: goes with user']],
    ['{ from: a@id.example, host: m.example, tls: maybe }', ['3 mail.tls: is not one of the allowed values ("maybe")']],
    [
      '{ from: a@id.example, host: m.example, tls: off }',
      ['3 mail.tls: would send codes in the open, which is not for mode production ("off")'],
    ],
    ['{ from: a@id.example, host: m.example, ca: gone.pem }', ['3 mail.ca: is not there ("gone.pem")']],
    ['{ from: a@id.example, url: "smtp://m.example", host: m.example }', ['3 mail.host: cannot stand beside url']],
    ['{ from: a@id.example, url: "smtp://m.example", password: canary }', ['3 mail.password: cannot stand beside url ([secret])']],
    ['{ from: a@id.example, url: "http://u:canary@m.example" }', ['3 mail.url: must begin with smtps:// or smtp:// ([secret])']],
    [
      '{ from: a@id.example, url: "smtp://u:canary@m.example/x" }',
      ['3 mail.url: is not the address of a mail server; special characters of a password must be percent-encoded ([secret])'],
    ],
    [
      '{ from: a@id.example, url: "smtp://u@m.example" }',
      ['3 mail.url: must hold a user and a password, percent-encoded, or neither ([secret])'],
    ],
    ['{ from: a@id.example, host: m.example, cc: x }', ['3 mail.cc: unknown key (cc)']],
  ];
  for (const [mail, faults] of cases) {
    const found = faultsOf(mail);
    assert.deepEqual(found, faults, mail);
    assert.doesNotMatch(found.join(), /canary/);
  }
  assert.deepEqual(faultsOf('{ from: a@id.example, host: m.example, tls: off }', 'mode: development\nissuer: https://id.example\n'), []);
});

test('sign-up asks for a proof of the address where there is mail, unless the policy says otherwise; without mail production has none to ask for', () => {
  const policy = (text: string, rest = 'issuer: https://id.example\n'): string | readonly string[] => {
    try {
      return readConfig({ text: rest + text, file: 'x.yaml', env: {} }).policies.signUpVerification;
    } catch (error) {
      return error instanceof ConfigError ? error.problems.map(({ path, message }) => `${path} ${message}`) : assert.fail();
    }
  };
  const mail = 'mail: { from: a@id.example, host: m.example }\n';
  assert.deepEqual([policy(''), policy(mail), policy(`${mail}policies: { sign_up_verification: off }\n`)], ['off', 'required', 'off']);
  assert.deepEqual(policy('policies: { sign_up_verification: required }\n'), ['policies.sign_up_verification needs mail']);
  assert.equal(policy('policies: { sign_up_verification: required }\n', 'mode: development\n'), 'required');
  assert.deepEqual(policy('policies: { sign_in: { methods: [password, email] } }\n'), ['policies.sign_in.methods needs mail for email']);
});
