import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { HttpReply } from '../http.ts';
import { signUpGet, signUpPost } from '../interaction/sign-up.ts';
import { getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { type Heard, openReceiver, type Receiver } from '../testing/receiver.ts';
import { openWorld, type World } from '../testing/world.ts';

const WIDGETS = {
  turnstile: { field: 'cf-turnstile-response', script: 'https://challenges.cloudflare.com', className: 'cf-turnstile' },
  recaptcha: { field: 'g-recaptcha-response', script: 'https://www.recaptcha.net', className: 'g-recaptcha' },
} as const;

const opened: Receiver[] = [];
after(async () => {
  for (const service of opened) await service.close();
});

let answer: object | string = {};
async function open(kind: keyof typeof WIDGETS): Promise<{ readonly world: World; readonly service: Receiver }> {
  const service = await openReceiver((_: Heard, reply) => {
    reply.writeHead(200, { 'content-type': 'application/json' });
    reply.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  const check = `{ kind: ${kind}, site_key: 0x4AAA_key, secret: a-secret-of-the-service, verify_url: '${service.origin}/siteverify' }`;
  opened.push(service);
  const world = await openWorld({ yaml: `policies: { sign_up: open, outbound: { allow_hosts: [127.0.0.1] }, bot_check: ${check} }\n` });
  return { world, service };
}

let count = 0;
async function send(world: World, fields: Record<string, string>): Promise<HttpReply> {
  count += 1;
  const page = await signUpGet(world.ctx, getOf(world, '/signup'));
  const typed = { username: `mei${count}`, email: '', name: '', password: 'two halves make a tally' };
  return await signUpPost(world.ctx, postOf(world, '/signup', { ...hiddenOf(page), ...typed, ...fields }));
}

for (const [kind, { field, script, className }] of Object.entries(WIDGETS) as [
  keyof typeof WIDGETS,
  (typeof WIDGETS)[keyof typeof WIDGETS],
][]) {
  test(`${kind}: its box stands in the form, and nobody else's scripts run beside ours`, async () => {
    const { world, service } = await open(kind);
    const page = await signUpGet(world.ctx, getOf(world, '/signup'));
    assert.match(page.body.toString(), new RegExp(`class="bot-check ${className}" data-sitekey="0x4AAA_key" data-action="sign_up"`));
    assert.match(page.body.toString(), /<noscript><p class="problem" id="bot-needs-script">/);
    const policy = String(page.headers['content-security-policy']);
    assert.match(policy, new RegExp(`script-src ${script}(?: |;|$)`));
    assert.match(policy, new RegExp(`frame-src ${script}(?: |;|$)`));
    assert.ok(!page.body.toString().includes('a-secret-of-the-service'));
    await world.close();
    await service.close();
  });

  test(`${kind}: what the service let through for this host gets through, and its secret goes to nobody else`, async () => {
    const { world, service } = await open(kind);
    answer = { success: true, hostname: 'id.example' };
    assert.equal((await send(world, { [field]: 'an-answer' })).status, 303);
    const [heard] = service.heard;
    assert.deepEqual(
      [heard?.method, heard?.path, heard?.fields.get('secret'), heard?.fields.get('response'), heard?.fields.get('remoteip')],
      ['POST', '/siteverify', 'a-secret-of-the-service', 'an-answer', '192.0.2.1'],
    );
    for (const refused of [
      { success: false, hostname: 'id.example' },
      { success: true, hostname: 'evil.example' },
      { success: true },
      { success: 'true', hostname: 'id.example' },
    ]) {
      answer = refused;
      const reply = await send(world, { [field]: 'an-answer' });
      assert.deepEqual(
        [reply.status, pageOf(reply), (await world.why(reply)).failed],
        [403, 'sign-up', 'bot_check'],
        JSON.stringify(refused),
      );
    }
    const before = service.heard.length;
    for (const none of [{}, { [field]: '' }, { [field]: 'x'.repeat(4_097) }]) assert.equal((await send(world, none)).status, 403);
    assert.equal(service.heard.length, before, 'nobody is asked about what is no answer');
    await world.close();
    await service.close();
  });

  test(`${kind}: a service that cannot be asked lets nobody through, and that is told`, async () => {
    const { world, service } = await open(kind);
    for (const broken of ['<html>', '[]', '"x"', `{"success":true,"hostname":"id.example","more":"${'x'.repeat(20_000)}"}`]) {
      answer = broken;
      const reply = await send(world, { [field]: 'an-answer' });
      assert.equal(reply.status, 403);
    }
    await service.close();
    const reply = await send(world, { [field]: 'an-answer' });
    assert.deepEqual([reply.status, /cannot be reached/.test(reply.body.toString())], [403, true]);
    assert.ok(world.events('bot_check.unreachable').length >= 4);
    assert.ok(!world.lines.join('\n').includes('a-secret-of-the-service'));
    await world.close();
  });
}

test('a widget without its keys, or with one that is none, stops the start', async () => {
  for (const check of [
    '{ kind: turnstile }',
    '{ kind: recaptcha, site_key: x }',
    '{ kind: turnstile, site_key: "x y", secret: z }',
    // Settings are shown to whoever may read: a password in an address would be among them.
    '{ kind: turnstile, site_key: x, secret: z, verify_url: "https://user:pass@proxy.example/" }',
    '{ kind: hashcash }',
    '{ kind: proof_of_work, bits: 40 }',
  ])
    await assert.rejects(openWorld({ yaml: `policies: { bot_check: ${check} }\n` }), check);
});
