import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type SamlKey, type SignOptions, samlKey, signXml } from '@hufu/server/testing/saml';
import { Agent, type Page } from '../support/agent.ts';
import { startHufu, type TestHufu } from '../support/hufu.ts';
import { PERSISTENT, type SamlIdp, startSamlIdp } from '../support/upstreams/saml-idp.ts';
import { ALLOWING } from '../support/upstreams/two-upstreams.ts';
import { press } from '../support/upstreams/visitor.ts';

const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion';
const SAMLP = 'urn:oasis:names:tc:SAML:2.0:protocol';

/** What a forged response says. */
interface Parts {
  readonly nameId: string;
  readonly audience: string;
  readonly recipient: string;
  readonly destination: string;
  readonly inResponseTo: string;
  readonly confirmedFor: string;
  readonly issuer: string;
  readonly notOnOrAfter: number;
  readonly notBefore: number;
  readonly id: string;
  readonly status: string;
  readonly version: string;
}

describe('FED: a SAML identity provider', () => {
  let hufu: TestHufu;
  let idp: SamlIdp;
  before(async () => {
    idp = await startSamlIdp();
    const pem = idp.key.certificate.trim().replaceAll('\n', '\n        ');
    hufu = await startHufu({
      yaml: `${ALLOWING}
upstreams:
  - name: adfs
    kind: saml
    entity_id: '${idp.entityId}'
    sso_url: '${idp.ssoUrl}'
    create: true
    certificates:
      - |
        ${pem}
`,
    });
    const metadata = await fetch(`${hufu.issuer}/signin/with/adfs/metadata`);
    assert.equal(metadata.headers.get('content-type'), 'application/samlmetadata+xml');
    idp.metadata = await metadata.text();
  });
  after(async () => {
    await hufu.stop();
    await idp.stop();
  });

  const callback = (): string => `${hufu.issuer}/signin/with/adfs/callback`;
  const isSignedIn = (agent: Agent): boolean => agent.cookies.has('hufu_session');
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

  /** To the identity provider and back to the form that it answers with, which has not been sent yet. */
  async function returning(agent: Agent): Promise<Page> {
    const sent = await press(agent, 'adfs');
    assert.equal(sent.status, 303, sent.text);
    const form = await agent.get(sent.location);
    assert.equal(form.action, callback(), form.text);
    return form;
  }

  /** As a browser does it: the form of the other site comes without our cookies, and ours sends it once more. */
  async function post(agent: Agent, fields: Record<string, string>): Promise<Page> {
    const cookies = new Map(agent.cookies);
    agent.cookies.clear();
    const relay = await agent.post(callback(), fields, { 'sec-fetch-site': 'cross-site' });
    for (const [name, value] of cookies) agent.cookies.set(name, value);
    if (relay.name !== 'upstream-return') return relay;
    return agent.post(relay.action, relay.hidden, { 'sec-fetch-site': 'same-origin' });
  }

  /** A response of our own making, to the request that was just sent. */
  function forge(
    part: Partial<Parts> & { readonly confirmations?: string; readonly conditions?: string; readonly more?: string } = {},
  ): string {
    const now = Math.floor(Date.now() / 1000);
    const request = idp.lastRequest()?.id ?? assert.fail();
    const {
      nameId = `<saml:NameID Format="${PERSISTENT}">id-of-mei</saml:NameID>`,
      audience = `${hufu.issuer}/signin/with/adfs/metadata`,
      recipient = callback(),
      destination = callback(),
      inResponseTo = request,
      confirmedFor = request,
      issuer = idp.entityId,
      notOnOrAfter = now + 300,
      notBefore = now - 60,
      id = `_${String(Math.random()).slice(2)}`,
      status = 'Success',
      version = '2.0',
    } = part;
    const {
      confirmations = `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${iso(notOnOrAfter)}" Recipient="${recipient}" InResponseTo="${confirmedFor}"/></saml:SubjectConfirmation>`,
      conditions = `<saml:Conditions NotBefore="${iso(notBefore)}" NotOnOrAfter="${iso(notOnOrAfter)}"><saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>`,
      more = '',
    } = part;
    const assertion = `<saml:Assertion xmlns:saml="${SAML}" ID="${id}" Version="2.0" IssueInstant="${iso(now)}"><saml:Issuer>${issuer}</saml:Issuer><saml:Subject>${nameId}${confirmations}</saml:Subject>${conditions}<saml:AuthnStatement AuthnInstant="${iso(now)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>${more}</saml:Assertion>`;
    return `<samlp:Response xmlns:samlp="${SAMLP}" ID="${id}r" Version="${version}" IssueInstant="${iso(now)}" Destination="${destination}" InResponseTo="${inResponseTo}"><saml:Issuer xmlns:saml="${SAML}">${issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${status}"/></samlp:Status>${assertion}</samlp:Response>`;
  }

  const ASSERTION = '/*/*[local-name(.)="Assertion"]';
  const sign = (xml: string, key: SamlKey = idp.key, options: SignOptions = {}): string =>
    signXml(xml, key, { xpath: ASSERTION, into: ASSERTION, ...options });
  const encode = (xml: string): string => Buffer.from(xml).toString('base64');

  /** Sends a response that `make` makes once the request is known. */
  async function sendForged(make: () => string): Promise<{ readonly agent: Agent; readonly page: Page; readonly relayState: string }> {
    const agent = new Agent(hufu.issuer);
    await returning(agent);
    const { relayState } = idp.lastRequest() ?? assert.fail();
    return { agent, relayState, page: await post(agent, { SAMLResponse: encode(make()), RelayState: relayState }) };
  }

  test('FED-05 · samlify signs somebody in, and each time the same one (SAML 2.0 Profiles §4.1, SAML 2.0 Metadata §2.4.4, §4.1.1, SAML 2.0 Bindings §3.5)', async () => {
    const users = new Set<number>();
    for (let turn = 0; turn < 2; turn++) {
      const agent = new Agent(hufu.issuer);
      const page = await post(agent, (await returning(agent)).hidden);
      assert.deepEqual([page.status, page.location, isSignedIn(agent)], [303, '/account', true], page.text);
      const identity = await hufu.store.findIdentity(hufu.context.tenant, 'adfs', idp.entityId, 'id-of-mei');
      users.add(identity?.userId ?? assert.fail());
    }
    assert.equal(users.size, 1);
    assert.match(idp.metadata, /WantAssertionsSigned="true"/);
  });

  test('FED-05 · a response of our own making is taken while nothing is wrong with it: what follows fails for its own reason (SAML 2.0 Core §5.4)', async () => {
    const { agent, page } = await sendForged(() => sign(forge()));
    assert.deepEqual([page.status, isSignedIn(agent)], [303, true], page.text);
  });

  const now = (): number => Math.floor(Date.now() / 1000);
  const EVIL = `<saml:NameID Format="${PERSISTENT}">id-of-admin</saml:NameID>`;
  const evil = (): string => forge({ nameId: EVIL, id: '_evil' }).replace(/^.*?(<saml:Assertion.*<\/saml:Assertion>).*$/s, '$1');
  const CASES: readonly (readonly [string, () => string])[] = [
    ['no signature', () => forge()],
    ['a foreign key', () => sign(forge(), samlKey())],
    [
      'a signature with SHA-1',
      () =>
        sign(forge(), idp.key, {
          signatureAlgorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
          digestAlgorithm: 'http://www.w3.org/2000/09/xmldsig#sha1',
        }),
    ],
    ['a signature around the response alone', () => signXml(forge(), idp.key, { xpath: '/*', into: '/*' })],
    ['another subject than was signed', () => sign(forge()).replace('id-of-mei', 'id-of-admin')],
    ['a second assertion before the signed one', () => sign(forge()).replace('<saml:Assertion', `${evil()}<saml:Assertion`)],
    ['a second assertion behind it', () => sign(forge()).replace('</samlp:Response>', `${evil()}</samlp:Response>`)],
    [
      'the signed one wrapped in an extension',
      () => {
        const signed = sign(forge());
        const [assertion = ''] = /<saml:Assertion.*<\/saml:Assertion>/s.exec(signed) ?? [];
        return signed.replace(assertion, `<samlp:Extensions>${assertion}</samlp:Extensions>${evil()}`);
      },
    ],
    [
      'the signed one inside the signature of a forged one',
      () => {
        const signed = sign(forge());
        const [assertion = ''] = /<saml:Assertion.*<\/saml:Assertion>/s.exec(signed) ?? [];
        const [signature = ''] = /<ds:Signature.*<\/ds:Signature>/s.exec(assertion) ?? [];
        const inner = signature.replace('</ds:Signature>', `<ds:Object>${assertion.replace(signature, '')}</ds:Object></ds:Signature>`);
        return signed.replace(assertion, evil().replace('</saml:Assertion>', `${inner}</saml:Assertion>`));
      },
    ],
    [
      'the ID of the signed one twice',
      () => {
        const signed = sign(forge({ id: '_twice' }));
        return signed.replace('<samlp:Status>', '<samlp:Status ID="_twice">');
      },
    ],
    [
      'a comment in the NameID',
      () => sign(forge({ nameId: `<saml:NameID Format="${PERSISTENT}">id-of-admin<!-- -->.evil.example</saml:NameID>` })),
    ],
    [
      'a comment put into it afterwards',
      () =>
        sign(forge({ nameId: `<saml:NameID Format="${PERSISTENT}">id-of-admin.evil</saml:NameID>` })).replace(
          'id-of-admin.evil',
          'id-of-admin<!---->.evil',
        ),
    ],
    ['an entity of its own (DTD)', () => `<!DOCTYPE r [<!ENTITY x "id-of-admin">]>${sign(forge())}`],
    ['a processing instruction', () => sign(forge()).replace('id-of-mei', '<?x?>id-of-mei')],
    ['another audience', () => sign(forge({ audience: 'https://somebody.example' }))],
    ['the audience of another upstream of ours', () => sign(forge({ audience: `${hufu.issuer}/signin/with/other/metadata` }))],
    [
      'one more audience',
      () => sign(forge({ audience: `${hufu.issuer}/signin/with/adfs/metadata</saml:Audience><saml:Audience>https://somebody.example` })),
    ],
    ['no audience', () => sign(forge({ conditions: `<saml:Conditions NotOnOrAfter="${iso(now() + 60)}"/>` }))],
    ['no conditions', () => sign(forge({ conditions: '' }))],
    [
      'a condition that nobody knows',
      () =>
        sign(
          forge({
            conditions: `<saml:Conditions NotOnOrAfter="${iso(now() + 60)}"><saml:AudienceRestriction><saml:Audience>${hufu.issuer}/signin/with/adfs/metadata</saml:Audience></saml:AudienceRestriction><saml:Condition/></saml:Conditions>`,
          }),
        ),
    ],
    ['another recipient', () => sign(forge({ recipient: 'https://somebody.example/acs' }))],
    ['another destination', () => sign(forge({ destination: 'https://somebody.example/acs' }))],
    ['the request of somebody else (InResponseTo of the response)', () => sign(forge({ inResponseTo: '_aaaaaaaaaaaaaaaaaaaaaaaa' }))],
    ['the request of somebody else (InResponseTo of the confirmation)', () => sign(forge({ confirmedFor: '_aaaaaaaaaaaaaaaaaaaaaaaa' }))],
    ['no confirmation', () => sign(forge({ confirmations: '' }))],
    ['a confirmation by a key', () => sign(forge()).replace('cm:bearer', 'cm:holder-of-key')],
    [
      'another issuer in what is signed alone',
      () => sign(forge().replace(/(<saml:Assertion[^>]*><saml:Issuer>)[^<]*/, '$1https://somebody.example')),
    ],
    ['another issuer', () => sign(forge({ issuer: 'https://somebody.example' }))],
    ['an end that is past', () => sign(forge({ notOnOrAfter: now() - 30 }))],
    ['a beginning to come', () => sign(forge({ notBefore: now() + 120 }))],
    ['an end next year', () => sign(forge({ notOnOrAfter: now() + 31_536_000 }))],
    [
      'a transient name',
      () => sign(forge({ nameId: '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">x</saml:NameID>' })),
    ],
    ['a name without a format', () => sign(forge({ nameId: '<saml:NameID>mei</saml:NameID>' }))],
    [
      'an encrypted assertion',
      () =>
        sign(forge()).replace(
          '</samlp:Response>',
          '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/></samlp:Response>',
        ),
    ],
    ['a status that is none', () => sign(forge({ status: 'Responder' }))],
    ['version 1.1', () => sign(forge({ version: '1.1' }))],
    ['no XML', () => 'hello'],
  ];
  for (const [what, make] of CASES) {
    test(`FED-05 · a SAML response with ${what} signs nobody in (SAML 2.0 Profiles §4.1.4.3)`, async () => {
      const before = (await hufu.store.listUsers(hufu.context.tenant, 0, 1_000)).length;
      const { agent, page } = await sendForged(make);
      assert.deepEqual([page.status, page.name, isSignedIn(agent)], [400, 'error', false], page.text);
      assert.equal((await hufu.store.listUsers(hufu.context.tenant, 0, 1_000)).length, before);
    });
  }

  test('FED-10 · an assertion counts once: not again, not for another attempt, and not without one (no response that nobody asked for)', async () => {
    const xml: string[] = [];
    const { agent, page, relayState } = await sendForged(() => {
      xml.push(sign(forge()));
      return xml[0] ?? '';
    });
    assert.equal(page.status, 303);
    const again = await post(agent, { SAMLResponse: encode(xml[0] ?? ''), RelayState: relayState });
    assert.equal(again.status, 403, 'its attempt is used up');
    const stranger = new Agent(hufu.issuer);
    await stranger.get('/signin');
    for (const RelayState of [relayState, 'a'.repeat(24), '']) {
      const reply = await post(stranger, { SAMLResponse: encode(xml[0] ?? ''), RelayState });
      assert.deepEqual([reply.status, isSignedIn(stranger)], [403, false]);
    }
    // The same assertion for two attempts of one request cannot be: the request is the attempt. An ID that comes again is refused all the same.
    const notOnOrAfter = now() + 200;
    const second = await sendForged(() => sign(forge({ id: '_fixed', notOnOrAfter })));
    assert.equal(second.page.status, 303);
    const third = await sendForged(() => sign(forge({ id: '_fixed', notOnOrAfter })));
    assert.deepEqual([third.page.status, isSignedIn(third.agent)], [400, false]);
  });

  test('FED-10 · a response in an address, one that is too large, and one that another page re-sends are none', async () => {
    const agent = new Agent(hufu.issuer);
    const form = await returning(agent);
    const { SAMLResponse = '', RelayState = '' } = form.hidden;
    const query = new URLSearchParams({ SAMLResponse: encode(sign(forge())), RelayState }).toString();
    assert.ok(query.length < 8_000);
    assert.deepEqual([(await agent.get(`${callback()}?${query}`)).status, isSignedIn(agent)], [400, false]);
    assert.ok([400, 413].includes((await agent.post(callback(), { SAMLResponse: 'A'.repeat(70_000), RelayState })).status));
    assert.equal((await agent.post(callback(), { SAMLResponse: 'A'.repeat(61_000), RelayState })).status, 400);
    const relay = await agent.post(callback(), { SAMLResponse, RelayState }, { 'sec-fetch-site': 'cross-site' });
    assert.equal(relay.name, 'upstream-return', 'a cross-site form is never heard, cookies or not');
    assert.match(relay.headers.get('content-security-policy') ?? '', /script-src 'nonce-/);
  });

  test('FED-05 · a sign-in that has to be fresh asks for it there (ForceAuthn), and one that is not fresh is refused to the client', async () => {
    const agent = new Agent(hufu.issuer);
    const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'spa',
      redirect_uri: 'https://app.example/cb',
      scope: 'openid',
      prompt: 'login',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    const first = await agent.get(`/oauth/authorize?${query.toString()}`);
    const sent = await press(agent, 'adfs', first.location);
    await agent.get(sent.location);
    assert.equal(idp.lastRequest()?.forceAuthn, 'true');
    const { relayState } = idp.lastRequest() ?? assert.fail();
    const old = sign(forge().replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${iso(now() - 3_600)}"`));
    const stale = await post(agent, { SAMLResponse: encode(old), RelayState: relayState });
    assert.equal(stale.answer.get('error'), 'login_required', stale.text);
  });
});
