import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openMemory } from '@hufu/store/memory';
import { withLatency } from '@hufu/store/slow';
import { PARTNER_SECRET } from '../testing/exchange-world.ts';
import {
  bearerConfirmation,
  conditions,
  ENVELOPED,
  EXCLUSIVE,
  encodeXml,
  RECIPIENT,
  SAML_IDP,
  SAML2_BEARER,
  type SamlParts,
  samlKey,
  samlXml,
  signXml,
} from '../testing/saml.ts';
import { claimsOf, postToken } from '../testing/visits.ts';
import { API, BASIC_YAML, ISSUER, openWorld, START } from '../testing/world.ts';

const [key, second, stranger] = [samlKey(), samlKey(), samlKey()];
const pem = (text: string): string => JSON.stringify(text);
const YAML = `policies:
  brute_force: off
  trusted_issuers:
    - { issuer: '${SAML_IDP}', accepts: [saml2-bearer], certificates: [${pem(second.certificate)}, ${pem(key.certificate)}], subject: username, clients: [partner], scopes: [read] }
    - { issuer: 'urn:foreign', accepts: [saml2-bearer], certificates: [${pem(key.certificate)}], clients: [partner, other], scopes: [read] }
${BASIC_YAML.replace(
  '\nresources:',
  `
  - { client_id: partner, client_secret: ${PARTNER_SECRET}, grant_types: ['${SAML2_BEARER}'], scope: read write }
  - { client_id: other, client_secret: ${PARTNER_SECRET}, grant_types: ['${SAML2_BEARER}'], scope: read }
resources:`,
)}`;
const world = await openWorld({ yaml: YAML });
after(() => world.close());

type Reply = Awaited<ReturnType<typeof postToken>>;
const show = (xml: string, more: Readonly<Record<string, string>> = {}, client = 'partner', at = world): Promise<Reply> =>
  postToken(at, { grant_type: SAML2_BEARER, assertion: encodeXml(xml), ...more }, { basic: `${client}:${PARTNER_SECRET}` });
const signed = (part: SamlParts = {}): string => signXml(samlXml(part), key);

async function refused(reply: Reply, check: string, detail: RegExp, error = 'invalid_grant'): Promise<void> {
  const why = await world.why(reply);
  assert.deepEqual([reply.status, reply.json['error'], why.failed], [400, error, check], `${why.detail} ${detail}`);
  assert.match(why.detail ?? '', detail);
}

test('a SAML assertion of a trusted issuer brings a token for a user of ours, and no refresh token (RFC 7522 §2.1, §3, SAML 2.0 Core §2.2)', async () => {
  const reply = await show(signed(), { scope: 'read', resource: API });
  assert.equal(reply.status, 200, reply.body.toString());
  const claims = claimsOf(reply.json['access_token']);
  assert.deepEqual(
    [claims['sub'], claims['client_id'], claims['scope'], claims['auth_time']],
    ['alice-sub', 'partner', 'read', START - 30],
  );
  assert.equal('refresh_token' in reply.json, false);
  assert.equal((await show(signXml(samlXml(), second))).status, 200, 'each certificate of the issuer');
  const padded = await postToken(
    world,
    {
      grant_type: SAML2_BEARER,
      assertion: Buffer.from(signed({ id: '_p' }))
        .toString('base64')
        .replaceAll('+', '-')
        .replaceAll('/', '_'),
    },
    { basic: `partner:${PARTNER_SECRET}` },
  );
  assert.equal(padded.status, 200, 'padding is optional');
  assert.equal((await show(`<?xml version="1.0" encoding="UTF-8"?>\n${signed()}`)).status, 200);
  const sha512 = {
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha512',
  };
  assert.equal((await show(signXml(samlXml(), key, sha512))).status, 200);
});

test('somebody who is not ours is called by the issuer and its name for them (RFC 7522 §3)', async () => {
  const reply = await show(signed({ issuer: 'urn:foreign', nameId: '<saml:NameID>x@y.example</saml:NameID>' }), {}, 'other');
  assert.equal(claimsOf(reply.json['access_token'])['sub'], 'urn:foreign|x@y.example');
});

test('an assertion is good once, whatever becomes of its text (RFC 7522 §3 point 7)', async () => {
  const xml = signed({ id: '_once' });
  assert.equal((await show(xml, { scope: 'write' })).json['error'], 'invalid_scope', 'which spends nothing');
  assert.equal((await show(xml)).status, 200);
  await refused(await show(xml), 'grant_assertion_unused', /used before/);
  await refused(await show(`${xml}\n`), 'grant_assertion_unused', /used before/);
  await refused(await show(signed({ id: '_once' })), 'grant_assertion_unused', /used before/);
});

test('one that is not signed, or by somebody else, or was changed, is worth nothing (RFC 7522 §3 point 9, SAML 2.0 Core §2.2.5)', async () => {
  await refused(await show(samlXml()), 'trusted_issuer', /not signed itself/);
  await refused(await show(signXml(samlXml(), stranger)), 'grant_assertion_key', /none of the certificates/);
  await refused(await show(signXml(samlXml({ issuer: 'urn:foreign' }), second)), 'grant_assertion_key', /none of the certificates/);
  await refused(await show(signed().replace('>alice<', '>bob<')), 'grant_assertion_key', /none/);
  await refused(await show(signed().replace(SAML_IDP, 'urn:foreign')), 'grant_assertion_key', /none/);
  await refused(await show(signed({ issuer: 'urn:nobody' })), 'trusted_issuer', /not trusted/);
  await refused(await show(signed(), {}, 'other'), 'trusted_issuer', /may not show/);
  const value = /<ds:SignatureValue>[^<]+/.exec(signed())?.[0] ?? assert.fail();
  await refused(await show(signed().replace(/<ds:SignatureValue>[^<]+/, value)), 'grant_assertion_key', /none/);
});

test('a signed response is no assertion, and its signature does not cover for one that has none (SAML 2.0 Core §5.4)', async () => {
  const response = (inner: string): string =>
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r">${inner}</samlp:Response>`;
  await refused(await show(signXml(response(samlXml()), key)), 'trusted_issuer', /no SAML 2.0 assertion/);
  await refused(await show(response(signed())), 'trusted_issuer', /no SAML 2.0 assertion/);
});

/** The eight wrappings of the signed assertion, as its root is the document here: evil content around, beside and inside. */
const good = signed({ id: '_good' });
const signature = /<ds:Signature .*<\/ds:Signature>/s.exec(good)?.[0] ?? '';
const bare = good.replace(signature, '');
const evil = (id: string, inner: string): string => samlXml({ id, nameId: '<saml:NameID>bob</saml:NameID>', more: inner });
const WRAPPED: readonly (readonly [string, string])[] = [
  [
    'XSW1: the signed one inside the signature of the evil one',
    evil('_evil', signature.replace('</ds:Signature>', `<ds:Object>${bare}</ds:Object></ds:Signature>`)),
  ],
  ['XSW2: the signature beside the signed one, in the evil one', evil('_evil', signature + bare)],
  ['XSW3: the evil one around the whole signed one', evil('_evil', good)],
  ['XSW4: the signed one in the evil one, whose ID is the same', evil('_good', good)],
  [
    'XSW5: the signature of the signed one in the evil one, the signed one at the end',
    evil('_evil', `${signature}<saml:Advice>${bare}</saml:Advice>`),
  ],
  [
    'XSW6: the signed one inside the signature, in the evil one of the same ID',
    evil('_good', signature.replace('</ds:Signature>', `<ds:Object>${bare}</ds:Object></ds:Signature>`)),
  ],
  ['XSW7: the signed one in an extension', evil('_evil', `${signature}<x:Extensions xmlns:x="urn:x">${bare}</x:Extensions>`)],
  [
    'XSW8: the signed one in an object of the signature, under another name',
    evil('_evil', signature.replace('</ds:KeyInfo>', `<x:y xmlns:x="urn:x">${bare}</x:y></ds:KeyInfo>`)),
  ],
  [
    'the evil one in the advice of the signed one',
    good.replace('<saml:AuthnStatement', `<saml:Advice>${evil('_evil', '')}</saml:Advice><saml:AuthnStatement`),
  ],
  ['the signature of the signed one alone', evil('_good', signature)],
  ['two roots', `${good}${evil('_evil', '')}`],
  ['two signatures', good.replace('</saml:Assertion>', `${signature}</saml:Assertion>`)],
];
for (const [name, xml] of WRAPPED) {
  test(`wrapping a signature brings nothing: ${name} (RFC 7522 §7)`, async () => {
    const reply = await show(xml);
    assert.deepEqual([reply.status, reply.json['error']], [400, 'invalid_grant']);
    assert.match(
      (await world.why(reply)).detail ?? '',
      /in it|not signed itself|more than a signature|unknown part|two elements|none of the cert|no document|well-formed|something else/,
    );
  });
}

test('after all that wrapping the assertion itself still holds', async () => {
  assert.equal((await show(good)).status, 200);
});

test('a signature over a part, over two things, or by another rule, is none (SAML 2.0 Core §5.4.2, §5.4.4)', async () => {
  const part = samlXml().replace('<saml:Subject>', '<saml:Subject ID="_s">');
  await refused(await show(signXml(part, key, { xpath: "//*[local-name(.)='Subject']" })), 'trusted_issuer', /something else/);
  await refused(await show(signed().replace(/URI="#[^"]+"/, 'URI=""')), 'trusted_issuer', /something else/);
  for (const [options, detail] of [
    [{ signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }, /signature algorithm/],
    [{ digestAlgorithm: 'http://www.w3.org/2000/09/xmldsig#sha1' }, /digest algorithm/],
    [{ transforms: [ENVELOPED] }, /transforms/],
    [{ transforms: [ENVELOPED, `${EXCLUSIVE}WithComments`] }, /transforms/],
    [{ transforms: [EXCLUSIVE] }, /transforms/],
    [{ canonicalization: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' }, /exclusively/],
  ] as const) {
    await refused(await show(signXml(samlXml(), key, options)), 'trusted_issuer', detail);
  }
  const hmac = signed().replace('xmldsig-more#rsa-sha256', 'xmldsig#hmac-sha1');
  await refused(await show(hmac), 'trusted_issuer', /signature algorithm/);
});

test('the key that the signature brings along is not looked at (RFC 7522 §3 point 9)', async () => {
  const foreign = signXml(samlXml(), stranger);
  assert.match(foreign, /X509Certificate/);
  await refused(await show(foreign), 'grant_assertion_key', /none of the certificates/);
});

test('what two readers could read in two ways is not read at all: DTDs, entities, comments, CDATA, instructions (RFC 7522 §7)', async () => {
  const long = signed();
  for (const xml of [
    `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${long}`,
    `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>${long}`,
    `<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">${long}`,
    signed({ nameId: '<saml:NameID>alice<!---->.evil.example</saml:NameID>' }),
    long.replace('alice', 'alice<!-- -->'),
    long.replace('alice', '<![CDATA[alice]]>'),
    long.replace('alice', 'al<?x?>ice'),
    long.replace('alice', '&e;'),
    long.replace('alice', 'ali\u0000ce'),
    long.replace('</saml:Assertion>', ''),
    `${long.slice(0, -20)}<`,
    'x',
    '',
  ]) {
    const reply = await show(xml);
    assert.equal(reply.status, 400, xml.slice(0, 60));
  }
  await refused(await show(`<!DOCTYPE x>${long}`), 'trusted_issuer', /DTD/);
  await refused(await show(long.replace('alice', '&e;')), 'trusted_issuer', /well-formed/);
  const deep = `${'<saml:a>'.repeat(60)}${'</saml:a>'.repeat(60)}`;
  await refused(await show(signed({ more: deep })), 'trusted_issuer', /too large/);
  await refused(await show(signed({ more: '<saml:a/>'.repeat(1_100) })), 'trusted_issuer', /too large/);
});

test('a name is the whole text of its element, as it was signed (RFC 7522 §3 point 3)', async () => {
  await refused(await show(signed({ nameId: '<saml:NameID>alice<saml:x/>.evil</saml:NameID>' })), 'grant_assertion_claims', /names nobody/);
  await refused(
    await show(signed({ nameId: '<saml:NameID>bob</saml:NameID><saml:NameID>alice</saml:NameID>' })),
    'grant_assertion_claims',
    /names nobody/,
  );
  await refused(await show(signed({ nameId: '<saml:EncryptedID/>' })), 'trusted_issuer', /encrypted/);
  await refused(await show(signed({ nameId: '' })), 'grant_assertion_claims', /names nobody/);
  await refused(await show(signed({ nameId: '<saml:NameID>carol</saml:NameID>' })), 'grant_assertion_subject', /no user/);
  assert.equal(
    (await show(signed({ nameId: '<saml:NameID>al&#105;ce</saml:NameID>' }))).status,
    200,
    'a character reference is the character',
  );
});

test('it is for us alone: audience, recipient and every condition (RFC 7522 §3 points 2, 5, SAML 2.0 Core §2.5)', async () => {
  const audience = (name: string): string => `<saml:Audience>${name}</saml:Audience>`;
  assert.equal((await show(signed({ audience: audience(RECIPIENT) }))).status, 200);
  for (const [part, detail] of [
    [{ audience: audience('https://other.example') }, /audience/],
    [{ audience: audience(ISSUER) + audience('https://other.example') }, /audience/],
    [{ audience: audience(`${ISSUER}/`) }, /audience/],
    [{ audience: '' }, /audience/],
    [{ conditions: '' }, /no conditions/],
    [{ conditions: '<saml:Conditions/>' }, /any audience/],
    [{ conditions: conditions(undefined, undefined, '<saml:Condition/>') }, /not known/],
    [{ conditions: conditions(undefined, undefined, '<x:Own xmlns:x="urn:x"/>') }, /not known/],
    [{ confirmation: '' }, /bearer/],
    [{ confirmation: bearerConfirmation('https://other.example/token') }, /recipient/],
    [{ confirmation: bearerConfirmation(ISSUER) }, /recipient/],
    [{ confirmation: bearerConfirmation().replace('cm:bearer', 'cm:holder-of-key') }, /bearer/],
    [{ confirmation: bearerConfirmation().replace(/ NotOnOrAfter="[^"]+"/, '') }, /no end/],
    [{ confirmation: '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>' }, /no data/],
    [{ version: '1.1' }, /version/],
  ] as const) {
    await refused(await show(signed(part)), 'grant_assertion_claims', detail);
  }
});

test('it is in time, by the nearest of its ends, and no end is far away (RFC 7522 §3 points 4, 6, SAML 2.0 Core §1.3.3)', async () => {
  for (const [part, detail] of [
    [{ conditions: conditions(undefined, START) }, /expired/],
    [{ confirmation: bearerConfirmation(RECIPIENT, START) }, /expired/],
    [{ conditions: conditions(undefined, START + 86_400), confirmation: bearerConfirmation(RECIPIENT, START + 86_400) }, /ahead/],
    [
      { conditions: conditions().replace(/NotBefore="[^"]+"/, `NotBefore="${new Date((START + 60) * 1000).toISOString()}"`) },
      /not valid yet/,
    ],
    [{ conditions: conditions().replace(/NotOnOrAfter="[^"]+"/, 'NotOnOrAfter="tomorrow"') }, /expired/],
    [{ conditions: conditions().replace(/(NotOnOrAfter="[^"]+)Z"/, '$1+14:00"') }, /expired/],
    [
      { statement: `<saml:AuthnStatement AuthnInstant="2025-01-01T00:00:00Z" SessionNotOnOrAfter="2025-01-01T01:00:00Z"/>` },
      /session at its issuer/,
    ],
  ] as const) {
    await refused(await show(signed(part)), 'grant_assertion_claims', detail);
  }
  assert.equal((await show(signed({ conditions: conditions(undefined, START + 86_400) }))).status, 200, 'the confirmation ends it');
});

test('of fifty who show one SAML assertion to two nodes, one gets a token (RFC 7522 §3 point 7)', async () => {
  const store = await openMemory();
  const slow = (seed: number) => ({ store, yaml: YAML, wrap: () => withLatency(store, { seed, maxMs: 3 }) });
  const nodes = [await openWorld(slow(1)), await openWorld(slow(2))] as const;
  const xml = signed({ id: '_race' });
  const replies = await Promise.all(Array.from({ length: 50 }, (_, i) => show(xml, {}, 'partner', nodes[i % 2 === 0 ? 0 : 1])));
  assert.equal(replies.filter(({ status }) => status === 200).length, 1);
  assert.ok(replies.every(({ status, json }) => status === 200 || json['error'] === 'invalid_grant'));
  for (const node of nodes) await node.close();
  await store.close();
});

test('a client that wants something shown gets nobody by an issuer’s word (RFC 7521 §4.1, product M15)', async () => {
  const strict = await openWorld({
    yaml: YAML.replace("'], scope: read write }", "'], scope: read write, hufu: { sign_in: { acr: 'urn:hufu:acr:1' } } }"),
  });
  const reply = await show(signed(), { scope: 'read' }, 'partner', strict);
  assert.deepEqual([reply.status, reply.json['error'], (await strict.why(reply)).failed], [400, 'invalid_grant', 'sign_in_level']);
  await strict.close();
});
