import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LOCALES } from '@hufu/protocol/locale';
import { MAIL_TEMPLATES } from '../config/appearance-shape.ts';
import { readConfig } from '../config/read-config.ts';
import { ADMIN_YAML, ask, openAdminWorld, roleToken } from '../testing/admin-world.ts';
import { pngOf } from '../testing/png.ts';

const world = await openAdminWorld({
  yaml: `${ADMIN_YAML}  appearance:
    name: Acme
    accent: '#0044cc'
    support: https://help.acme.example/
    mails: { sign_in: { en: { subject: 'Your code for {name}' } } }
`,
});
after(() => world.close());

const preview = async (appearance: unknown, more: Record<string, unknown> = {}) =>
  await ask(world, await roleToken(world, 'read'), 'appearance.preview', {
    body: { page: 'signin', locale: 'en', theme: 'light', appearance, ...more },
  });

test('what hufu.yaml says of the appearance is told, and stands on the pages', async () => {
  const { json } = await ask(world, await roleToken(world, 'read'), 'appearance.get');
  assert.deepEqual(json, { name: 'Acme', accent: '#0044cc', support: 'https://help.acme.example/' });
});

test('a preview is a real page that brings all along, runs nothing and can ask nobody (attacks XSS-05, CON-09)', async () => {
  const appearance = {
    name: 'A <b>&',
    mark: pngOf(56, 28),
    accent: '#00ff00',
    terms: 'https://acme.example/terms',
    note: { en: 'For <staff> only, $& too.' },
  };
  for (const page of ['signin', 'consent', 'device', 'account', 'mail'])
    for (const locale of LOCALES)
      for (const theme of ['light', 'dark']) {
        const { status, json } = await preview(appearance, { page, locale, theme });
        assert.equal(status, 200, JSON.stringify(json));
        const html = String(json['html']);
        assert.match(html, /^<!doctype html>/);
        assert.match(html, /A &lt;b&gt;&amp;/);
        assert.doesNotMatch(
          html,
          /<script|<link|prefers-color-scheme|light dark|src="(?!data:image\/png)|url\(|\son\w+=|<[^>]*autofocus/,
          `${page} ${theme}`,
        );
        assert.ok(html.includes(`color-scheme: ${theme}`));
        if (page !== 'mail') assert.match(html, /src="data:image\/png;base64,[A-Za-z0-9+/=]+" alt=""/);
        if (page === 'signin') assert.equal(/For &lt;staff&gt; only, \$&amp; too\./.test(html), locale === 'en');
      }
  assert.match(String((await preview({})).json['html']), /<body data-page="signin"/);
});

test('what a preview gives for hufu.yaml is read as the same appearance', async () => {
  const appearance = {
    name: 'Acme ${HOME} $$ "x": #y',
    mark: pngOf(56, 28),
    accent: '#ABC',
    privacy: 'https://acme.example/p?a=$b',
    note: { 'zh-CN': '：- 只限员工' },
  };
  const { json } = await preview(appearance);
  const { policies } = readConfig({ text: String(json['yaml']), file: 'hufu.yaml', env: {} });
  assert.deepEqual({ ...policies.appearance, mails: undefined }, { ...appearance, accent: '#aabbcc', mails: undefined });
});

test('an accent that cannot be read is shown as one that can, with its contrast', async () => {
  const { json } = await preview({ accent: '#ffff00' });
  const { day, night } = Object(json['accent']);
  assert.deepEqual([day.adapted, night], [true, { colour: '#ffff00', contrast: night.contrast, adapted: false }]);
  assert.ok(Number(day.contrast) >= 4.5 && Number(night.contrast) > 7);
});

test('what hufu.yaml would refuse is refused, each part by its pointer', async () => {
  const { status, json } = await preview({
    accent: 'red',
    mark: 'https://cdn.example/x.png',
    note: { en: 'a\u0000b' },
    terms: 'javascript:1',
  });
  assert.equal(status, 400);
  assert.deepEqual((json['errors'] as { pointer: string }[]).map(({ pointer }) => pointer).toSorted(), [
    '/appearance/accent',
    '/appearance/mark',
    '/appearance/note/en',
    '/appearance/terms',
  ]);
});

test('each mail is listed, and seen as people get it, in each language, with the words that hufu.yaml may change', async () => {
  const token = await roleToken(world, 'read');
  const { json } = await ask(world, token, 'mail.templates.list');
  const items = json['items'] as { name: string; changed: string[] }[];
  assert.deepEqual(
    items.map(({ name }) => name),
    [...MAIL_TEMPLATES],
  );
  assert.deepEqual(
    items.filter(({ changed }) => changed.length > 0),
    [{ name: 'sign_in', kind: 'ask', setting: 'policies.appearance.mails.sign_in', changed: ['en'] }],
  );
  for (const template of MAIL_TEMPLATES)
    for (const locale of LOCALES) {
      const { status, json: sample } = await ask(world, token, 'mail.templates.get', { params: { template }, query: `locale=${locale}` });
      assert.equal(status, 200);
      assert.match(String(sample['html']), /<div class="head">Acme<\/div>/);
      assert.match(String(sample['text']), /-- \nAcme · /);
      // What it would say is what the server reads: links and placeholders are as they may be.
      const { policies } = readConfig({ text: String(sample['yaml']), file: 'hufu.yaml', env: {} });
      assert.deepEqual(Object.keys(policies.appearance.mails[template]?.[locale] ?? {}), ['subject', 'heading', 'lead'], template);
    }
  const changed = await ask(world, token, 'mail.templates.get', { params: { template: 'sign_in' } });
  assert.deepEqual([changed.json['subject'], changed.json['changed']], ['Your code for Acme', true]);
  assert.equal((await ask(world, token, 'mail.templates.get', { params: { template: 'nothing' } })).status, 404);
});
