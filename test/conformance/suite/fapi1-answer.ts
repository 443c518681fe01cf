import assert from 'node:assert/strict';
import { type Answer, checkErrorText, readAnswer } from './authorization.ts';
import { isBackAtClient } from './error-page.ts';
import type { FapiClient } from './fapi1-clients.ts';
import type { Fapi1Run, Prepared } from './fapi1-request.ts';
import { asNumber } from './json.ts';
import { checkSignature, readJwt } from './jwt.ts';
import type { Journey } from './person.ts';

/** Where the browser ended. */
export type Arrival =
  | { readonly kind: 'page'; readonly journey: Journey }
  /** `plain`: in the query, and not in a JWT. */
  | { readonly kind: 'answer'; readonly answer: Answer; readonly form: 'usual' | 'plain' };

export function readArrival(bench: Fapi1Run, client: FapiClient, journey: Journey): Arrival {
  const { run, variant } = bench;
  if (!isBackAtClient(run, journey.place)) return { kind: 'page', journey };
  const url = new URL(journey.place.url);
  if (variant.response === 'plain' && !url.searchParams.has('error'))
    return { kind: 'answer', answer: readAnswer(run, client, journey, 'fragment'), form: 'usual' };
  const inQuery = readAnswer(run, client, journey, 'query');
  const response = inQuery.get('response');
  if (response === undefined) return { kind: 'answer', answer: inQuery, form: 'plain' };
  assert.deepEqual([...inQuery.keys()], ['response'], 'beside the JWT stands what belongs in it (JARM §2.3)');
  return { kind: 'answer', answer: readJarm(bench, client, response), form: 'usual' };
}

/** JARM §2.1, §2.4, with an algorithm that FAPI 1.0 Advanced §8.6 allows. */
function readJarm({ run }: Fapi1Run, client: FapiClient, text: string): Answer {
  const token = readJwt(text, 'answer');
  const { iss, aud, exp, ...members } = token.claims;
  assert.equal(token.header['alg'], 'PS256', 'answer: alg is not the registered one');
  checkSignature(token, run.jwks, 'answer');
  assert.equal(iss, run.issuer, 'answer: iss');
  assert.equal(aud, client.clientId, 'answer: aud');
  const left = asNumber(exp, 'answer: exp') - run.provider.nowSeconds();
  assert.ok(left > 0, 'answer: exp is over');
  run.should(left >= 10 && left <= 600, `answer: good for ${left} seconds`);
  return new Map([['iss', run.issuer], ...Object.entries(members).map(([name, value]) => [name, String(value)] as const)]);
}

/** What belongs to an answer that is no error, in each form of it. */
export function requireSuccess(bench: Fapi1Run, { parameters }: Prepared, arrival: Arrival): Answer {
  assert.ok(
    arrival.kind === 'answer',
    arrival.kind === 'page' ? `an answer was due, not ${arrival.journey.place.html.slice(0, 2_000)}` : '',
  );
  const { answer, form } = arrival;
  assert.equal(answer.get('error'), undefined, `refused: ${answer.get('error')} ${answer.get('error_description')}`);
  assert.equal(form, 'usual', 'the answer is in the query');
  assert.equal(answer.get('state'), parameters['state'], 'state');
  assert.equal(answer.get('iss'), bench.run.issuer, 'iss of the answer');
  const due = bench.variant.response === 'jarm' ? ['code'] : ['code', 'id_token'];
  const known = [...due, 'state', 'iss', 'session_state'];
  for (const name of due) assert.ok(answer.has(name), `${name} is missing in the answer`);
  const strange = [...answer.keys()].filter((name) => !known.includes(name));
  bench.run.should(strange.length === 0, `strange members of the answer: ${strange.join(' ')}`);
  const code = answer.get('code') ?? '';
  assert.ok(code.length >= 22 && new Set(code).size > 10, 'the code can be guessed');
  return answer;
}

const ERROR_MEMBERS: readonly string[] = ['error', 'error_description', 'error_uri', 'state', 'iss', 'session_state'];

/** An error at the client (OpenID Connect Core §3.1.2.6). @returns its code */
export function requireError(bench: Fapi1Run, state: string | undefined, answer: Answer): string {
  assert.equal(answer.get('state'), state, 'state of an error');
  assert.equal(answer.get('iss'), bench.run.issuer, 'iss of an error');
  checkErrorText(answer.get('error_description'));
  const strange = [...answer.keys()].filter((name) => !ERROR_MEMBERS.includes(name));
  bench.run.should(strange.length === 0, `an error with strange members: ${strange.join(' ')}`);
  const error = answer.get('error');
  assert.ok(error !== undefined && error !== '', 'an error was due');
  return error;
}
