import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { statusOf } from '@hufu/gateway/testing/proxy-world';
import { SMUGGLED, TWOFOLD } from '@hufu/gateway/testing/twofold';
import {
  type Behind,
  type RawBehind,
  rawEcho,
  type Seen,
  startNodeBehind,
  startPythonBehind,
  startRawBehind,
} from '../support/edge/upstreams.ts';
import { type Edge, edges } from './edges.ts';

/** What the service that is a socket answers, by the last segment of the path. */
const ODD_ANSWERS: Readonly<Record<string, string>> = {
  'two-at-once': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON',
  'more-than-said': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more',
  'behind-304': 'HTTP/1.1 304 Not Modified\r\nContent-Length: 40\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON',
  'behind-204': 'HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nPOISON',
  'length-and-coding': 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nPOISON\r\n0\r\n\r\n',
  'two-lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Length: 0\r\n\r\nPOISON',
  'another-coding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nPOISON',
  'bare-lf': 'HTTP/1.1 200 OK\nContent-Length: 6\n\nPOISON',
  folded: 'HTTP/1.1 200 OK\r\nX: a\r\n Content-Length: 0\r\nContent-Length: 6\r\n\r\nPOISON',
  'space-before-colon': 'HTTP/1.1 200 OK\r\nContent-Length : 6\r\n\r\nPOISON',
  'nul-in-value': 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 6\r\n\r\nPOISON',
  'switches-unasked': 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nPOISON',
  'status-of-nothing': 'HTTP/1.1 099 Odd\r\nContent-Length: 6\r\n\r\nPOISON',
  'head-without-end': `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(40_000)}\r\nContent-Length: 6\r\n\r\nPOISON`,
};

describe('GTW: whose request ends where, at real gateways in front of three readers', () => {
  let raw: RawBehind;
  let node: Behind;
  let python: Behind | undefined;
  const here = edges(async () => {
    raw = await startRawBehind((seen) => ODD_ANSWERS[seen.target.split('/').at(-1) ?? ''] ?? rawEcho(seen));
    node = await startNodeBehind();
    python = await startPythonBehind();
    return `  upstreams:
${readers()
  .map(([name, { port }]) => `    ${name}: { targets: [{ url: "http://127.0.0.1:${port}" }] }`)
  .join('\n')}
  routes:
${readers()
  .map(([name]) => `    - { name: ${name}, path: /${name}, upstream: ${name}, token: none, websocket: true }`)
  .join('\n')}
`;
  });
  after(async () => {
    for (const [, reader] of readers()) await reader.close();
  });

  function readers(): readonly (readonly [string, Behind])[] {
    return [['raw', raw], ['node', node], ...(python === undefined ? [] : [['python', python] as const])];
  }

  async function each(act: (edge: Edge, name: string, reader: Behind, what: string) => Promise<void>): Promise<void> {
    for (const edge of here.all)
      for (const [name, reader] of readers()) {
        reader.seen.length = 0;
        await act(edge, name, reader, `hufu ${edge.command}, ${name}`);
      }
    here.assertAlive();
  }

  const told = (seen: readonly Seen[]): readonly string[] => seen.map(({ method, target, body }) => `${method} ${target} ${body}`.trim());

  test('GTW-16 · what can be read in two ways is refused, and nothing that follows it is anybody’s request (RFC 9112 §6.1, §6.3, §11.2)', async () => {
    await each(async (edge, name, reader, where) => {
      const aimed = (text: string): string =>
        text
          .replaceAll(/Host: (?:a|app\.example)(?=[\r\n])/g, `Host: ${edge.host}`)
          .replace(/^([A-Za-z]+) \/(?=\s)/, `$1 /${name}/first`)
          .replace('/smuggled', `/${name}/smuggled`);
      for (const [what, text] of TWOFOLD) {
        const wire = edge.wire().send(aimed(text) + aimed(SMUGGLED));
        const heard = await wire.closed();
        assert.ok(statusOf(heard) >= 400, `${where}, ${what}: ${heard.slice(0, 200)}`);
        assert.equal(heard.split(/HTTP\/1\.1 \d{3}/).length, 2, `${where}, ${what}: one answer, and the end`);
        await reader.settled();
        assert.deepEqual(told(reader.seen), [], `${where}, ${what}`);
      }
    });
  });

  test('GTW-16 · a body that looks like a request stays a body, however it is framed and in whatever pieces it comes (RFC 9112 §6.3, §7.1)', async () => {
    await each(async (edge, name, reader, where) => {
      const inner = `GET /${name}/smuggled HTTP/1.1\r\nHost: ${edge.host}\r\n\r\n`;
      const chunk = `${inner.length.toString(16)};name=value\r\n${inner}\r\n0\r\nX-Late: evil\r\n\r\n`;
      for (const method of ['GET', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'HEAD']) {
        for (const [framing, body] of [
          [`Content-Length: ${inner.length}`, inner],
          ['Transfer-Encoding: chunked', chunk],
        ] as const) {
          // Python's server knows no chunks: what is one ends its connection, and must not begin another request.
          const isReadable = name !== 'python' || body === inner;
          for (const cut of [0, 1, Math.floor(body.length / 2), body.length - 1]) {
            reader.seen.length = 0;
            const wire = edge
              .wire()
              .send(`${method} /${name}/outer HTTP/1.1\r\nHost: ${edge.host}\r\n${framing}\r\n\r\n${body.slice(0, cut)}`);
            await new Promise((resolve) => setImmediate(resolve));
            wire.send(`${body.slice(cut)}GET /${name}/after HTTP/1.1\r\nHost: ${edge.host}\r\nConnection: close\r\n\r\n`);
            await wire.closed();
            await reader.settled();
            const what = `${where}, ${method}, ${framing}, cut at ${cut}`;
            if (isReadable) assert.deepEqual(told(reader.seen), [`${method} /${name}/outer ${inner.trim()}`, `GET /${name}/after`], what);
            else
              assert.ok(
                told(reader.seen).every((one) => !one.includes('/smuggled')),
                what,
              );
          }
        }
      }
    });
  });

  test('GTW-16 · what an upstream says too much or too oddly is nobody’s answer (RFC 9112 §6.3, §11.1, CVE-2024-27982)', async () => {
    for (const edge of here.all) {
      for (const odd of Object.keys(ODD_ANSWERS)) {
        // Several at a time, so that connections inside are used again at once.
        const asked = Array.from({ length: 6 }, (_, i) => ({ path: i % 2 === 0 ? `/raw/${odd}` : `/raw/after-${i}`, i }));
        const heard = await Promise.all(asked.map(async ({ path }) => await edge.ask(`GET ${path}`)));
        for (const { path, i } of asked) {
          const answer = heard[i] ?? '';
          assert.doesNotMatch(answer, /POISON/, `hufu ${edge.command}, ${odd}: ${answer.slice(0, 300)}`);
          if (i % 2 === 1) assert.ok(answer.endsWith(path), `hufu ${edge.command}, behind ${odd}: ${answer.slice(0, 300)}`);
        }
      }
    }
    here.assertAlive();
  });

  test('GTW-16 · many requests at once on few connections get their own answers, and upstreams see each once (RFC 9112 §9.3.2)', async () => {
    await each(async (edge, name, reader, where) => {
      const connections = Array.from({ length: 6 }, (_, c) =>
        Array.from({ length: 40 }, (_unused, i) => `${name}-${c}-${i}-${(c * 7919 + i * 104_729) % 10_007}`),
      );
      await Promise.all(
        connections.map(async (markers) => {
          const wire = edge.wire();
          for (const [i, marker] of markers.entries()) {
            const body = i % 3 === 0 ? marker.repeat(50) : '';
            const head = body === '' ? `GET /${name}/${marker}` : `POST /${name}/${marker}`;
            const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
            wire.send(`${head} HTTP/1.1\r\nHost: ${edge.host}\r\nX-Marker: ${marker}\r\n${length}\r\n${body}`);
          }
          const found = (): readonly string[] => [...wire.heard.matchAll(/\r\nx-marker: ([^\r]*)/gi)].map(([, marker = '']) => marker);
          await wire.until(() => wire.isClosed || found().length === markers.length);
          wire.close();
          assert.deepEqual(found(), markers, where);
        }),
      );
      await reader.settled();
      assert.deepEqual(reader.seen.map(({ target }) => target.split('/').at(-1)).toSorted(), connections.flat().toSorted(), where);
      for (const { target, body, headers } of reader.seen) {
        const marker = target.split('/').at(-1) ?? '';
        assert.ok(body === '' || body === marker.repeat(50), `${where}: ${marker}`);
        assert.deepEqual(headers.get('x-marker'), [marker], where);
      }
    });
  });

  test('GTW-18 · HTTP/2 is not spoken: neither its preface nor an upgrade to it opens anything (RFC 9113 §3.3, §3.4)', async () => {
    await each(async (edge, name, reader, where) => {
      const preface = await edge
        .wire()
        .send(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\0'.repeat(9)}`)
        .closed();
      assert.ok(preface === '' || statusOf(preface) >= 400, `${where}: ${preface}`);
      const h2c = await edge.ask(`GET /${name}/h2c`, [
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
      ]);
      assert.equal(statusOf(h2c), 200, where);
      await reader.settled();
      assert.deepEqual(told(reader.seen), [`GET /${name}/h2c`], where);
      for (const header of ['upgrade', 'http2-settings']) assert.equal(reader.seen[0]?.headers.get(header), undefined, where);
    });
  });
});
