import assert from 'node:assert/strict';
import { type Answer, checkErrorText, readAnswer } from '../suite/authorization.ts';
import { isBackAtClient } from '../suite/error-page.ts';
import { visibleText } from '../suite/html.ts';
import { asNumber, asText } from '../suite/json.ts';
import { checkSignature, readJwt } from '../suite/jwt.ts';
import type { Journey } from '../suite/person.ts';
import type { FapiClient } from './clients.ts';
import { assertUnguessable } from './entropy.ts';
import type { FapiRun } from './fapi-run.ts';
import type { FapiRequest } from './request.ts';

const SIGNATURE_ALGS: readonly string[] = ['PS256', 'ES256', 'EdDSA', 'Ed25519'];
/** Seconds: JARM §2.1 recommends ten minutes at most; the suite allows five more. */
const MAX_LIFE = 900;
const MIN_LIFE = 10;
const ERROR_MEMBERS: readonly string[] = ['error', 'error_description', 'error_uri', 'state', 'iss'];

/** The code at the client's redirect URI, in an answer of which everything is right (RFC 9207 §2, FAPI 2.0 Security Profile §5.3.2.2). */
export function readCode(fapi: FapiRun, client: FapiClient, journey: Journey, { parameters }: FapiRequest): string {
  const answer = readParameters(fapi, client, journey);
  assert.equal(answer.get('error'), undefined, `refused: ${answer.get('error')} ${answer.get('error_description')}`);
  assert.equal(answer.get('state'), parameters['state'], 'state');
  assert.equal(answer.get('iss'), fapi.run.issuer, 'iss of the answer');
  const strange = [...answer.keys()].filter((name) => !['code', 'state', 'iss', 'session_state'].includes(name));
  assert.deepEqual(strange, [], 'strange parameters');
  const code = answer.get('code') ?? '';
  assertUnguessable(code, 'the code');
  return code;
}

/** An error at the client, in the way of the variant. @returns its code */
export function readRefusal(fapi: FapiRun, client: FapiClient, journey: Journey, { parameters }: FapiRequest): string {
  const answer = readParameters(fapi, client, journey);
  assert.equal(answer.get('state'), parameters['state'], 'state of an error');
  assert.equal(answer.get('iss'), fapi.run.issuer, 'iss of an error');
  const strange = [...answer.keys()].filter((name) => !ERROR_MEMBERS.includes(name));
  fapi.run.should(strange.length === 0, `an error with strange parameters: ${strange.join(' ')}`);
  checkErrorText(answer.get('error_description'));
  return answer.get('error') ?? assert.fail(`an error was due: ${journey.place.url}`);
}

/** A request that has had its answer: a page that says so, and nothing at the client. */
export function assertFinished({ run }: FapiRun, { place }: Journey): void {
  assert.ok(!isBackAtClient(run, place), `the browser was sent to ${place.url}`);
  assert.equal(place.page, 'completed', `the page ${place.page} (${place.status})`);
  assert.match(visibleText(place.html), /already/i, 'the reason on the page');
}

function readParameters(fapi: FapiRun, client: FapiClient, journey: Journey): Answer {
  const outer = readAnswer(fapi.run, client, journey, 'query');
  assert.equal(new URL(journey.place.url).hash, '', 'the fragment of the redirect');
  if (fapi.variant.answer === 'plain') {
    assert.ok(!outer.has('response'), 'a JWT that nobody asked for');
    return outer;
  }
  assert.deepEqual([...outer.keys()], ['response'], 'what stands beside the signed answer');
  return readSigned(fapi, client, outer.get('response') ?? '');
}

/** JARM §2.1, §2.4. */
function readSigned({ run }: FapiRun, client: FapiClient, text: string): Answer {
  const { header, claims } = verified(run.jwks, text);
  assert.ok(SIGNATURE_ALGS.includes(asText(header['alg'], 'alg of the answer')), `alg ${String(header['alg'])}`);
  assert.equal(header['alg'], client.idTokenAlg, 'the answer is not signed with what the client registered');
  const { iss, aud, exp, iat: _, ...members } = claims;
  assert.equal(iss, run.issuer, 'iss of the signed answer');
  assert.deepEqual(Array.isArray(aud) ? aud : [aud], [client.clientId], 'aud of the signed answer');
  const life = asNumber(exp, 'exp of the signed answer') - run.provider.nowSeconds();
  assert.ok(life >= MIN_LIFE && life <= MAX_LIFE, `the signed answer lives for ${life} seconds`);
  const texts = Object.entries(members).map(([name, value]) => [name, asText(value, name)] as const);
  return new Map([...texts, ['iss', asText(iss, 'iss')]]);
}

function verified(jwks: Parameters<typeof checkSignature>[1], text: string): ReturnType<typeof readJwt> {
  const jwt = readJwt(text, 'signed answer');
  checkSignature(jwt, jwks, 'signed answer');
  return jwt;
}
