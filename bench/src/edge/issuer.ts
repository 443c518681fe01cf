/** An authorization server as a gateway sees it: keys, a feed of revocations with heartbeats, and tokens as Hufu's are. */

import { startFeed } from '@hufu/resource/testing/feed';
import { signToken } from '@hufu/resource/testing/issuer';
import { epochSeconds } from '../clock.ts';
import { AUDIENCE, type BenchIssuer, SCOPE, TOKENS } from './work.ts';

const DAY = 86_400;

const as = await startFeed();
as.feed.heartbeatMs = 1_000;
const { issuer } = as;
const now = epochSeconds();
const tokens = Array.from({ length: TOKENS }, (_, at) =>
  signToken(as.key, {
    iss: issuer,
    aud: AUDIENCE,
    sub: `user-${at}`,
    client_id: 'bench-app',
    scope: SCOPE,
    jti: `token-${at}`,
    iat: now,
    exp: now + DAY,
    auth_time: now,
    sid: `session-${at}`,
    status: { status_list: { uri: `${issuer}/oauth/status/1`, idx: at } },
  }),
);
const told: BenchIssuer = { issuer, tokens };
process.on('disconnect', () => process.exit(0));
process.send?.({ answer: told });
