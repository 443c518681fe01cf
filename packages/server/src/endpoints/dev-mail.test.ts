import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRequest } from '../http.ts';
import { keepLetter } from '../mail/mail-room.ts';
import { pageOf } from '../testing/pages.ts';
import { BASIC_YAML, openWorld, type World, type WorldOptions } from '../testing/world.ts';
import { devMail, devMails } from './dev-mail.ts';

const LETTER = {
  to: 'ada@post.example',
  locale: 'en',
  subject: 'Your <code>',
  text: 'text <b>\n',
  html: '<!doctype html><p>hello<script>alert(1)</script>',
  messageId: 'x@localhost',
} as const;

async function openKept(options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options);
  keepLetter(world.ctx, LETTER);
  return world;
}

const at = (world: World, name: string): HttpRequest => world.http({ path: `/dev/mail/${name}` });

test('mails are listed, shown and previewed, where the document of a mail does nothing', async () => {
  const world = await openKept();
  const list = devMails(world.ctx, world.http({ path: '/dev/mail' }));
  assert.deepEqual([list.status, pageOf(list)], [200, 'dev-mail']);
  assert.match(list.body.toString(), /<a href="\/dev\/mail\/1">Your &lt;code&gt;<\/a>/);
  const one = devMail(world.ctx, at(world, '1'));
  assert.match(one.body.toString(), /<iframe class="preview" src="\/dev\/mail\/1\.html"[\s\S]*text &lt;b&gt;/);
  assert.match(String(one.headers['content-security-policy']), /; frame-src https:\/\/id\.example$/);
  const preview = devMail(world.ctx, at(world, '1.html'));
  assert.equal(preview.body, LETTER.html);
  assert.match(String(preview.headers['content-security-policy']), /^default-src 'none'; style-src 'unsafe-inline'; sandbox /);
  const json: unknown = JSON.parse(devMails(world.ctx, world.http({ headers: { accept: 'application/json' } })).body.toString());
  assert.deepEqual(Object(json)[0].to, 'ada@post.example');
  for (const name of ['2', '1.txt', '../1', '01x', '']) assert.equal(devMail(world.ctx, at(world, name)).status, 404, name);
  await world.close();
});

test('there is nothing of it in production, where mails are sent, and where others could look', async () => {
  for (const options of [
    { mode: 'production' },
    { yaml: `${BASIC_YAML}\nmail: { from: a@id.example, host: localhost }` },
    { yaml: `${BASIC_YAML}\nlisten: ':4400'` },
    { yaml: `${BASIC_YAML}\nlisten: '0.0.0.0:4400'` },
  ] as const) {
    const world = await openKept(options);
    for (const reply of [devMails(world.ctx, world.http()), devMail(world.ctx, at(world, '1')), devMail(world.ctx, at(world, '1.html'))]) {
      assert.equal(reply.status, 404);
      assert.doesNotMatch(reply.body.toString(), /hello|ada@/);
    }
    await world.close();
  }
});
