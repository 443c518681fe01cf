/** Two requests a minute for each user, with a handler of Fetch requests, as route handlers of Next.js and workers are. */
import { headersOf, withLimit } from '@hufu/flow/adapters/fetch';
import { createLimiter } from '@hufu/flow/create-limiter';

const limiter = createLimiter({
  rules: [{ name: 'calls', key: ['user'], algorithm: { kind: 'gcra', limit: 2, periodMs: 60_000, burst: 2 } }],
});

const GET = withLimit(limiter, { subject: (request) => ({ user: userOf(request), ...headersOf(request) }) }, () => new Response('hello'));

/** In earnest, whose access token it is, once it is verified. */
function userOf(request: Request): string | undefined {
  return request.headers.get('authorization') === 'Bearer key-of-mei' ? 'mei' : undefined;
}

for (let i = 0; i < 3; i++) {
  const request = new Request('http://localhost/', { headers: { authorization: 'Bearer key-of-mei' } });
  console.log('fetch', (await GET(request)).status);
}
