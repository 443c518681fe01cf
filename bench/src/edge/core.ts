/** The gateway's proxy alone with its whole strictness, in front of one target: what every route goes through, and nobody is asked who they are. */
import { createServer } from 'node:http';
import { cookieCut } from '@hufu/gateway/proxy/cookies';
import { forward } from '@hufu/gateway/proxy/forward';
import type { ForwardTask } from '@hufu/gateway/proxy/forward-task';
import { forwardedHeaders, readOrigin } from '@hufu/gateway/proxy/forwarded';
import { headerNames } from '@hufu/gateway/proxy/header-names';
import { LISTEN_OPTIONS } from '@hufu/gateway/proxy/listen-options';
import { receive } from '@hufu/gateway/proxy/receive';
import { requestHeaders } from '@hufu/gateway/proxy/request-headers';
import type { Timers } from '@hufu/gateway/proxy/timers';
import { writeRefusal } from '@hufu/gateway/proxy/write-refusal';
import { createUpstream } from '@hufu/gateway/upstreams/create-upstream';
import { after } from '../clock.ts';
import { answerMemory } from './memory-of.ts';
import { PASSPORT } from './work.ts';

const [, , port, upstream, connections = '64'] = process.argv;
const behind = createUpstream({
  name: 'target',
  targets: [{ url: `http://127.0.0.1:${upstream}` }],
  connections: Number(connections),
  keepAliveMs: 30_000,
});
const names = headerNames();
const cookies = cookieCut();
const timers: Timers = { later: after };
const same = {
  upstream: behind,
  bodyLimit: 10_485_760,
  times: { bodyIdleMs: 10_000, answerIdleMs: 60_000, stallMs: 60_000, wholeMs: 0 },
  answer: { cookies, caching: 'identified', varyByCookie: false, answersCors: false, ours: ['x-request-id', '0123456789ABCDEFGH'] },
  timers,
} satisfies Partial<ForwardTask>;
const rules = { names, cookies, credentials: 'drop' } as const;

const listener = receive(names, {
  accept(request, response, target, framing) {
    const origin = readOrigin(request.rawHeaders, { address: request.socket.remoteAddress ?? '', isEncrypted: false }, () => false);
    const ours = [...forwardedHeaders(origin, target.host), 'passport', PASSPORT, 'x-request-id', '0123456789ABCDEFGH'];
    forward(request, response, {
      ...same,
      target: target.path + target.query,
      headers: requestHeaders(request.rawHeaders, framing.named, rules, ours),
      length: framing.length,
      isChunked: framing.isChunked,
      expectsContinue: framing.expectsContinue,
      watcher: { refuse: (refusal) => writeRefusal(request, response, refusal, 'none', timers) },
    });
  },
  refuse: (request, response, refusal) => writeRefusal(request, response, refusal, 'none', timers),
});

const server = createServer(LISTEN_OPTIONS, listener);
answerMemory();
server.listen(Number(port), '127.0.0.1', 2_048, () => process.send?.({ ready: true }));
process.on('disconnect', () => process.exit(0));
