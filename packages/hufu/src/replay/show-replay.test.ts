import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Replay } from '@hufu/server/replay/replay';
import { showReplay } from './show-replay.ts';

const TOLD: Replay = {
  from: 1_767_225_600,
  until: 1_767_229_200,
  first: 1_767_225_600,
  requests: { known: 50, judged: 50, partly: 0, left: 0, lost: 0 },
  differences: [
    {
      change: 'refused',
      endpoint: 'token',
      grantType: 'refresh_token',
      clientId: 'spa',
      check: 'scope',
      setting: undefined,
      error: 'invalid_scope',
      detail: '',
      requests: 4,
      users: 3,
      moreUsers: false,
      usernames: ['mei'],
      examples: [],
    },
  ],
  limits: [
    {
      kind: 'judged',
      rule: 'per-client',
      shadow: false,
      requests: 9,
      refusedThen: 0,
      refusedAtLeast: 0,
      refusedAtMost: 0,
      clients: [],
      uncounted: 0,
    },
  ],
  secretsChange: [],
  usersLeftOut: [],
  untold: { requests: 0, usersLeftOut: false },
};

function shown(told: Replay): readonly string[] {
  return showReplay(told, 'changed.yaml', (_, text) => text).split('\n');
}

test('what is beyond the bounds of a replay is said, and counted with what would be decided otherwise', () => {
  const whole = shown(TOLD);
  assert.ok(whole.includes('    users: mei and 2 others'));
  assert.ok(whole.includes('4 of 50 requests would be decided otherwise; 1 client.'));
  assert.doesNotMatch(whole.join(' '), /told apart|may be more|not judged/);
  const [one] = TOLD.differences;
  const [limit] = TOLD.limits;
  assert.ok(one !== undefined && limit?.kind === 'judged');
  const beyond = shown({
    ...TOLD,
    differences: [{ ...one, moreUsers: true }],
    limits: [{ ...limit, uncounted: 7 }],
    untold: { requests: 6, usersLeftOut: true },
  });
  for (const line of [
    '    users: mei and at least 2 others',
    '? limit per-client: 7 more requests were not judged, as there was no room',
    '! There may be more users who are not in the file.',
    '10 of 50 requests would be decided otherwise; at least 1 client.',
    '6 of those that would be decided otherwise have more reasons than are told apart: nothing above is about them.',
  ])
    assert.ok(beyond.includes(line), `${line}\n${beyond.join('\n')}`);
});
