import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from '../support/agent.ts';
import { hufuCommand, type RunningHufu, startExample, startHufu } from './running.ts';

const MEI = { username: 'mei', password: 'a tally in two halves' };
const CONFIG = 'examples/refresh-tokens/hufu.yaml';

let hufu: RunningHufu;
before(async () => {
  hufu = await startHufu(CONFIG);
});
after(() => hufu?.stop());

test('the example refresh-tokens shows the same successor three times, and then the theft (RFC 9700 §4.14.2)', async () => {
  const lantern = startExample('refresh-tokens', { ISSUER: hufu.issuer });
  const url = await lantern.line(/^http/);
  const agent = new Agent(hufu.issuer);
  let page = await agent.get(url);
  for (let step = 0; step < 6 && !page.location.startsWith('http:'); step += 1) {
    if (page.location !== '') page = await agent.get(page.location);
    else if (page.name === 'signin') page = await agent.submit(page, MEI);
    else if (page.name === 'consent') page = await agent.submit(page, { decision: 'allow' });
  }
  await (await fetch(page.location)).body?.cancel();
  assert.equal(await lantern.ended(), 0, lantern.lines.join('\n'));

  const [first, tabs, access, again, next, thief, after] = lantern.lines.slice(
    lantern.lines.findIndex((line) => line.startsWith('Signed in')),
  );
  const names = (line = ''): readonly (string | undefined)[] => /: +([\w-]{6})(?: and ([\w-]{6}))?$/.exec(line)?.slice(1) ?? [];
  const [a, b] = names(tabs);
  assert.ok(a !== undefined && a === b, tabs ?? '');
  assert.notEqual(names(first)[0], a);
  assert.match(access ?? '', /true$/);
  assert.equal(names(again)[0], a);
  assert.notEqual(names(next)[0], a);
  assert.match(thief ?? '', /invalid_grant; npx hufu why \w{18}$/);
  assert.match(after ?? '', /invalid_grant/);

  const why = hufuCommand(['why', /\w{18}$/.exec(thief ?? '')?.[0] ?? '', '--config', CONFIG], hufu.env);
  assert.equal(await why.ended(), 0);
  assert.match(why.lines.join('\n'), /used before and its successor is in use; the grant is revoked/);
});
