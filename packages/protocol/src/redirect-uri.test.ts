import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OAuthError } from './errors.ts';
import { type ApplicationType, appendToRedirect, checkRedirectUri, findRedirectUriFault, readRedirectUri } from './redirect-uri.ts';

/** Any code points, half of them ASCII; also lone surrogates. */
const anyText = fc.array(fc.oneof(fc.nat(0x7f), fc.nat(0x10ffff)), { maxLength: 60 }).map((codes) => String.fromCodePoint(...codes));
const R0 = 'https://app.example/cb';
const TYPES: readonly ApplicationType[] = ['web', 'native'];
const isRefusal = (error: unknown) => error instanceof OAuthError && error.code === 'invalid_redirect_uri' && error.status === 400;
const refuse = (uris: readonly string[], types: readonly ApplicationType[] = TYPES) => {
  for (const uri of uris)
    for (const type of types) assert.throws(() => readRedirectUri(uri, type), isRefusal, `${type} ${JSON.stringify(uri)}`);
};
const accept = (uris: readonly string[], types: readonly ApplicationType[] = TYPES) => {
  for (const uri of uris) for (const type of types) assert.equal(readRedirectUri(uri, type), uri);
};

test('only the registered characters match, nothing is normalised (RFC 9700 §2.1, RFC 3986 §6.2.1)', () => {
  const others = [
    'https://evil.test/cb',
    `${R0}/`,
    'https://app.example/CB',
    'https://app.example/%63b',
    'https://app.example:443/cb',
    `${R0}?x=1`,
    `${R0}?`,
    `${R0}&`,
    `${R0}#`,
    `${R0}#x`,
    'https://APP.example/cb',
    'HTTPS://app.example/cb',
    'https://app.example//cb',
    'https://app.example./cb',
    'http://app.example/cb',
    ' https://app.example/cb',
    `${R0} `,
    `${R0}\n`,
    `${R0}\0`,
    '',
  ];
  for (const type of TYPES) {
    assert.equal(checkRedirectUri(R0, [R0], type), true);
    assert.equal(checkRedirectUri(R0, ['https://other.example/', R0], type), true);
    assert.equal(checkRedirectUri(R0, [], type), false);
    for (const other of others) assert.equal(checkRedirectUri(other, [R0], type), false, other);
  }
});

test('no other host, path or user information comes near a registered URI (RFC 9700 §4.1, RFC 6749 §3.1.2)', () => {
  const asked = [
    'https://app.example.evil.test/cb',
    'https://evilapp.example/cb',
    'https://app.example-evil.test/cb',
    'https://appaexample/cb',
    'https://app.example@evil.test/cb',
    'https://app.example:pw@evil.test/cb',
    'https://app.example/cb/../evil',
    'https://app.example/cb/..;/evil',
    'https://app.example/cb%2f..%2fevil',
    'https://app.example/cb/%2e%2e/evil',
    'https://app.example\\@evil.test/cb',
    'https://app.example。/cb',
    'https://ａpp.example/cb',
    'https://app\u200d.example/cb',
    'https://ⓐpp.example/cb',
    'https://app.example/\u202ecb',
    '//app.example/cb',
    '//evil.test/cb',
    '/cb',
    'cb',
    'https:app.example/cb',
    'https:/app.example/cb',
    'http:///app.example/cb',
  ];
  for (const uri of asked) for (const type of TYPES) assert.equal(checkRedirectUri(uri, [R0], type), false, uri);
});

test('a native client may name any port of a registered loopback address (RFC 8252 §7.3)', () => {
  const registered = ['http://127.0.0.1/cb', 'http://127.0.0.1:3000/other?x=1', 'http://127.0.0.1'];
  const accepted = [
    'http://127.0.0.1/cb',
    'http://127.0.0.1:51234/cb',
    'http://127.0.0.1:1/cb',
    'http://127.0.0.1:65535/cb',
    'http://127.0.0.1:80/cb',
    'http://127.0.0.1/other?x=1',
    'http://127.0.0.1:9/other?x=1',
    'http://127.0.0.1:9',
  ];
  for (const uri of accepted) assert.equal(checkRedirectUri(uri, registered, 'native'), true, uri);
  assert.equal(checkRedirectUri('http://[::1]:51234/cb', registered, 'native'), false);
  assert.equal(checkRedirectUri('http://127.0.0.1:80@evil.test/', ['http://127.0.0.1@evil.test/'], 'native'), false);
  assert.equal(checkRedirectUri('http://[::1]:51234/cb', ['http://[::1]/cb'], 'native'), true);
  assert.equal(checkRedirectUri('http://127.0.0.1:51234/cb', ['http://[::1]/cb'], 'native'), false);
  const refused = [
    'http://127.0.0.1:0/cb',
    'http://127.0.0.1:65536/cb',
    'http://127.0.0.1:99999/cb',
    'http://127.0.0.1:123456/cb',
    'http://127.0.0.1:080/cb',
    'http://127.0.0.1:/cb',
    'http://127.0.0.1:+80/cb',
    'http://127.0.0.1:-1/cb',
    'http://127.0.0.1:8e1/cb',
    'http://127.0.0.1:80 /cb',
    'http://127.0.0.1:80:80/cb',
    'http://127.0.0.1:80@evil.test/cb',
    'http://127.0.0.1:80.evil.test/cb',
    'http://127.0.0.1.evil.test/cb',
    'http://127.0.0.1@evil.test/cb',
    'http://127.0.0.1:51234/cb/',
    'http://127.0.0.1:51234/CB',
    'http://127.0.0.1:51234/cb?x',
    'http://127.0.0.1:51234/cb#',
    'http://127.0.0.1:51234/../cb',
    'http://127.0.0.2:51234/cb',
    'http://127.1:51234/cb',
    'http://2130706433:51234/cb',
    'http://localhost:51234/cb',
    'https://127.0.0.1:51234/cb',
    'HTTP://127.0.0.1:51234/cb',
    'http://127.0.0.1:٨٠/cb',
    'http://[0:0:0:0:0:0:0:1]:51234/cb',
  ];
  for (const uri of refused) assert.equal(checkRedirectUri(uri, registered, 'native'), false, uri);
});

test('nobody else may: web clients, https, localhost, other addresses (RFC 8252 §7.3, §8.3)', () => {
  assert.equal(checkRedirectUri('http://127.0.0.1:51234/cb', ['http://127.0.0.1/cb'], 'web'), false);
  assert.equal(checkRedirectUri('http://127.0.0.1/cb', ['http://127.0.0.1:3000/cb'], 'web'), false);
  const fixed = [
    'http://localhost/cb',
    'https://127.0.0.1/cb',
    'http://10.0.0.1/cb',
    'com.example.app:/cb',
    'https://app.example/cb',
    'http://127.0.0.11/cb',
  ];
  for (const uri of fixed) {
    assert.equal(checkRedirectUri(uri, fixed, 'native'), true);
    assert.equal(checkRedirectUri(uri.replace(/\/cb$/, ':8080/cb'), fixed, 'native'), false, uri);
  }
});

test('whatever one edit does to a registered URI, it matches no more (RFC 9700 §2.1)', () => {
  const character = fc.constantFrom('/', '?', '#', '&', '.', '%', '@', ':', '\\', 'a', 'A', '\t', '。', '*', ';');
  fc.assert(
    fc.property(
      fc.constantFrom(R0, 'https://app.example/cb?x=1', 'http://localhost:3000/', 'com.example.app:/cb'),
      fc.nat(),
      character,
      fc.nat(2),
      (uri, where, edit, cut) => {
        const at = where % (uri.length + 1);
        const edited = uri.slice(0, at) + edit + uri.slice(at + cut);
        for (const type of TYPES) assert.equal(checkRedirectUri(edited, [uri], type), edited === uri);
      },
    ),
    { numRuns: 500 },
  );
});

test('what a loopback URI matches is itself but for its port (RFC 8252 §7.3)', () => {
  const rest = fc.constantFrom('', '/', '/cb', '/cb?x=1', '?x', ':0/cb', '@evil.test', '.evil.test/cb', '#', '/cb#');
  const port = fc.oneof(
    fc.constant(''),
    fc.integer({ min: -1, max: 70_000 }).map((number) => `:${number}`),
    fc.constantFrom(':', ':080', ':1x'),
  );
  const host = fc.constantFrom('http://127.0.0.1', 'http://[::1]', 'http://localhost', 'https://127.0.0.1');
  const registeredHost = fc.constantFrom('http://127.0.0.1', 'http://[::1]');
  fc.assert(
    fc.property(
      host,
      port,
      rest,
      registeredHost,
      fc.constantFrom('', ':8000'),
      fc.constantFrom('', '/', '/cb', '/cb?x=1'),
      (askedHost, askedPort, askedRest, knownHost, knownPort, knownRest) => {
        const isValidPort = askedPort === '' || (/^:[1-9]\d*$/.test(askedPort) && Number(askedPort.slice(1)) < 65_536);
        const expected = askedHost === knownHost && isValidPort && askedRest === knownRest;
        assert.equal(checkRedirectUri(askedHost + askedPort + askedRest, [knownHost + knownPort + knownRest], 'native'), expected);
      },
    ),
    { numRuns: 1000 },
  );
});

test('a redirect URI longer than 2048 characters matches nothing and is not registered', () => {
  const longest = `${R0}?${'x'.repeat(2048 - R0.length - 1)}`;
  accept([longest]);
  assert.equal(checkRedirectUri(longest, [longest], 'web'), true);
  refuse([`${longest}x`]);
  assert.equal(checkRedirectUri(`${longest}x`, [`${longest}x`], 'web'), false);
});

test('https with a host is registered as it came, and http to this machine (RFC 6749 §3.1.2, RFC 8252 §7.3)', () => {
  accept([
    R0,
    'https://app.example',
    'https://app.example:8443/cb?tenant=1&x=%2F',
    'https://xn--bcher-kva.example/cb',
    'https://App.Example/cb',
    'https://192.0.2.1/cb',
    'https://[2001:db8::1]/cb',
    'https://a/cb@x:y',
    'http://localhost:3000/cb',
    'http://127.0.0.1/cb',
    'http://[::1]:8080/cb',
  ]);
});

test('a scriptable scheme is refused in any spelling (RFC 7591 §3.2.2)', () => {
  const schemes = [
    'javascript',
    'data',
    'vbscript',
    'file',
    'blob',
    'about',
    'filesystem',
    'view-source',
    'jar',
    'intent',
    'ws',
    'ftp',
    'mailto',
    'urn',
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...schemes),
      fc.infiniteStream(fc.boolean()),
      fc.constantFrom('', ' ', '\t', '\x01', '\n'),
      fc.constantFrom('', '//', '//app.example/', 'https://app.example/'),
      (scheme, upper, before, after) => {
        const spelled = [...scheme].map((letter) => (upper.next().value === true ? letter.toUpperCase() : letter)).join('');
        refuse([`${before}${spelled}:${after}x`]);
      },
    ),
  );
  refuse([
    'java\tscript:alert(1)',
    'java\nscript:alert(1)',
    'javascript\\u003aalert(1)',
    'javascript&#58;alert(1)',
    'javascript%3Aalert(1)',
    'javascript:/x',
    'x.javascript:alert(1)',
  ]);
});

test('a fragment is refused, even an empty one (RFC 6749 §3.1.2)', () => {
  refuse([`${R0}#`, `${R0}#x`, 'http://localhost/#', 'com.example.app:/cb#', '#']);
});

test('what is not absolute is refused (RFC 6749 §3.1.2)', () => {
  refuse([
    '',
    '//evil.test/cb',
    '/cb',
    'cb',
    'https:evil.test',
    'https:/evil.test',
    'https://',
    'https:///evil.test',
    'http:///evil.test',
    'https://?x',
    'https://:443/',
    '://x',
    ':',
    'https',
  ]);
});

test('user information, ports that are none and odd hosts are refused (RFC 7591 §3.2.2)', () => {
  refuse([
    'https://app.example@evil.test/cb',
    'https://app.example:pw@evil.test/cb',
    'https://@evil.test/',
    'https://app.example:/cb',
    'https://app.example:0/cb',
    'https://app.example:65536/cb',
    'https://app.example:0443/cb',
    'https://app.example:44x/cb',
    'https://app..example/cb',
    'https://.example/cb',
    'https://app.example./cb',
    'https://2130706433/cb',
    'https://0x7f.1/cb',
    'https://0177.0.0.1/cb',
    'https://127.1/cb',
    'https://1.2.3.4.5/cb',
    'https://app%2eexample/cb',
    'https://app,example/cb',
    'https://[::1/cb',
    'https://::1/cb',
    'https://[::1]x/cb',
    'https://[::1%25eth0]/cb',
    'https://[0:0::1]/cb',
    `https://${'a'.repeat(64)}.example/cb`,
  ]);
});

test('whitespace, controls, backslashes, other scripts and what no URI has are refused (RFC 3986 §2)', () => {
  for (const bad of [
    ' ',
    '\t',
    '\n',
    '\r',
    '\0',
    '\x1f',
    '\x7f',
    '\\',
    '"',
    '<',
    '>',
    '^',
    '`',
    '{',
    '|',
    '}',
    'é',
    '。',
    '\u200d',
    '\u202e',
    '\ufeff',
    'Ａ',
    'ⓔ',
    '😀',
    '%',
    '%2',
    '%zz',
  ]) {
    refuse([`https://app.example/cb${bad}`, `${bad}https://app.example/cb`, `https://app${bad}.example/cb`]);
  }
});

test('wildcards are refused (RFC 9700 §2.1)', () => {
  refuse(['*', 'https://*', 'https://*.example.com/cb', 'https://app.example*', 'https://app.example/*', 'com.example.app:/*']);
});

test('http is for this machine alone (RFC 8252 §7.3, §8.3)', () => {
  refuse([
    'http://app.example/cb',
    'http://127.0.0.1.evil.test/cb',
    'http://localhost.evil.test/',
    'http://10.0.0.1/',
    'http://0.0.0.0/',
    'http://127.0.0.2/',
    'http://[::2]/',
    'http://127.1/cb',
  ]);
});

test('a private-use scheme is a reversed domain name without authority, for native clients (RFC 8252 §7.1, §8.4)', () => {
  accept(['com.example.app:/cb', 'com.example.app:/', 'com.example-x.app2:/oauth2/cb?x=1'], ['native']);
  refuse(['com.example.app:/cb'], ['web']);
  refuse([
    'myapp:/cb',
    'myapp://cb',
    'com.example.app://evil/cb',
    'com.example.app:///cb',
    'com.example.app:cb',
    'com.example.app:',
    'com..app:/cb',
    'com.:/cb',
    '.com.app:/cb',
    '1com.app:/cb',
    'Com.Example.App:/cb',
    'HTTPS://app.example/cb',
    'com_example.app:/cb',
  ]);
});

test('a browser goes where we think it goes, for every URI that we accept (RFC 3986 §3.2)', () => {
  const scheme = fc.constantFrom('https://', 'https://', 'http://', 'http://localhost', 'com.example.app:', 'https:', '');
  const piece = fc.constantFrom(
    'app.example',
    '127.0.0.1',
    'localhost',
    '[::1]',
    '/',
    '//',
    '@',
    ':',
    ':8080',
    '?',
    '#',
    '%2e',
    '.',
    '..',
    'evil.test',
    '\\',
    '&',
    ';',
    'cb',
    '0x7f',
    '1',
  );
  let accepted = 0;
  fc.assert(
    fc.property(scheme, fc.array(piece, { maxLength: 5 }), fc.constantFrom(...TYPES), (begin, pieces, type) => {
      const text = begin + pieces.join('');
      if (findRedirectUriFault(text, type) !== undefined) return;
      accepted++;
      const url = new URL(text);
      assert.equal(url.username + url.password + url.hash, '');
      if (url.protocol === 'http:') assert.match(url.hostname, /^(?:127\.0\.0\.1|localhost|\[::1\])$/);
      else if (url.protocol !== 'https:') assert.match(url.protocol, /\./);
      if (url.host !== '') assert.equal(text.split('/')[2]?.split('?')[0]?.replace(/:\d+$/, ''), url.hostname);
      assert.equal(checkRedirectUri(text, [text], type), true);
    }),
    { numRuns: 3000 },
  );
  assert.ok(accepted > 100, `${accepted} accepted`);
});

test('an answer is appended, the registered query stays byte for byte (RFC 6749 §3.1.2, §4.1.2)', () => {
  const answer: readonly (readonly [string, string | undefined])[] = [
    ['code', 'a b'],
    ['state', undefined],
    ['iss', 'https://as.example'],
  ];
  const written = 'code=a%20b&iss=https%3A%2F%2Fas.example';
  assert.equal(appendToRedirect(R0, answer, 'query'), `${R0}?${written}`);
  assert.equal(appendToRedirect(`${R0}?`, answer, 'query'), `${R0}?${written}`);
  assert.equal(appendToRedirect(`${R0}?x=%7e+1&&y`, answer, 'query'), `${R0}?x=%7e+1&&y&${written}`);
  assert.equal(appendToRedirect(`${R0}?x=1&`, answer, 'query'), `${R0}?x=1&${written}`);
  assert.equal(appendToRedirect(`${R0}?x=1`, answer, 'fragment'), `${R0}?x=1#${written}`);
  assert.equal(appendToRedirect('com.example.app:/cb', answer, 'query'), `com.example.app:/cb?${written}`);
  assert.equal(appendToRedirect(R0, [['state', undefined]], 'query'), R0);
});

test('whatever is appended arrives, and splits nothing (RFC 6749 §4.1.2)', () => {
  const value = anyText.map((text) => text.toWellFormed());
  fc.assert(
    fc.property(
      fc.constantFrom(R0, `${R0}?x=1`, `${R0}?`),
      value,
      value,
      fc.constantFrom('query', 'fragment'),
      (uri, state, name, mode) => {
        const url = new URL(
          appendToRedirect(
            uri,
            [
              ['state', state],
              [`n${name}`, 'v'],
            ],
            mode,
          ),
        );
        const got = new URLSearchParams(mode === 'query' ? url.search : url.hash.slice(1));
        assert.equal(got.get('state'), state);
        assert.equal(got.get(`n${name}`), 'v');
        assert.equal(url.origin + url.pathname, R0);
        assert.match(url.href, /^[\x21-\x7e]*$/);
      },
    ),
  );
});
