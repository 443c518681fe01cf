import { Form } from '@hufu/protocol/form';
import { sessionId, userId } from '@hufu/protocol/ids';
import type { SessionRecord, UserRecord } from '@hufu/store/port';
import type { AuthorizationRequest } from '../authorize/authorization-request.ts';
import { checkClient } from '../authorize/check-client.ts';
import { decide } from '../authorize/decide.ts';
import { readAuthorizationRequest } from '../authorize/read-request.ts';
import { requirementsOf } from '../authorize/requirements.ts';
import { Trail } from '../decisions/trail.ts';
import { type AnsweredSession, type AuthorizeFacts, THERE } from '../history/facts.ts';
import { type BrowserSession, endOfSession } from '../sessions/browser-session.ts';
import { standingOf } from '../sessions/standing.ts';
import { levelOf } from '../tokens/acr.ts';
import type { ChangedContext } from './changed-context.ts';
import { type Judgement, judgementOf, NotJudged } from './judgement.ts';

/** The session of whoever was there. */
const SESSION = sessionId(1);

/**
 * Sends an authorization request once more through the checks of the endpoint; one that was answered then through what its user has to have shown. A request object, a hint, single claims and details were
 * judged when it came, as was consent. Of a request that nobody had signed in for, `allowed` says that it would have gone on to the sign-in page.
 */
export async function judgeAuthorize(changed: ChangedContext, facts: AuthorizeFacts, minute: number): Promise<Judgement> {
  const { ctx } = changed;
  const trail = new Trail();
  try {
    const form = formOf(facts);
    const client = await checkClient(ctx, form, trail);
    if (facts.params['redirect_uri'] === undefined && facts.refused?.check !== 'redirect_uri')
      throw new NotJudged('its parameters were somewhere else');
    const source = facts.isPushed ? ({ kind: 'push', client, proven: undefined } as const) : ({ kind: 'ticket' } as const);
    const request = await readAuthorizationRequest(ctx, form, source, trail, minute);
    if (facts.session === undefined) return { kind: 'allowed', scopes: undefined };
    return await judgeSession(changed, request, facts.session, minute, trail);
  } catch (error) {
    return judgementOf(error, trail);
  }
}

function formOf({ client, params, resources }: AuthorizeFacts): Form {
  const fields: [string, string][] = [['client_id', client]];
  for (const [name, value] of Object.entries(params)) fields.push([name, STAND_INS.get(name) ?? value]);
  for (const resource of resources) fields.push(['resource', resource]);
  return new Form(
    fields.map(([name]) => name),
    fields.map(([, value]) => value),
    [],
    [],
  );
}

/** Well formed, in the place of what is only known to have been there. */
const STAND_INS: ReadonlyMap<string, string> = new Map([
  ['code_challenge', 'A'.repeat(43)],
  ['nonce', THERE],
]);

async function judgeSession(
  { ctx }: ChangedContext,
  request: AuthorizationRequest,
  shown: AnsweredSession,
  now: number,
  trail: Trail,
): Promise<Judgement> {
  trail.at('authentication');
  const user = await ctx.store.findUser(ctx.tenant, userId(shown.user));
  if (user === undefined) throw new NotJudged('the account is gone');
  const browser = { session: sessionOf(shown, user, now), user };
  const isOver = endOfSession(ctx, browser.session) <= now;
  if (isOver) return { kind: 'asked_more', check: 'authentication', error: 'login_required', detail: 'the session would have been over' };
  const done = { signedIn: shown.isNew ? SESSION : undefined, startedAt: 0, wished: true, here: SESSION, agreed: true };
  const setting = settingOf(findLack(ctx, request, browser));
  try {
    const step = await decide(ctx, request, browser, done, now);
    if (step.kind === 'issue') return { kind: 'allowed', scopes: request.scopes };
    return { kind: 'asked_more', check: 'sign_in_level', error: 'login_required', detail: MORE[step.kind], ...setting };
  } catch (error) {
    const judged = judgementOf(error, trail);
    return judged.kind === 'refused' ? { ...judged, check: 'sign_in_level', ...setting } : judged;
  }
}

const MORE = {
  sign_in: 'the user would have had to sign in, and to show more than they had',
  sign_up: 'the user would have had to sign up',
  step_up: 'the user would have had to show more than they had',
  devices: 'the user would have had to choose a device',
  consent: 'the user would have had to agree',
} as const;

type Lack = 'level' | 'second_factor' | 'age';

function findLack(ctx: ChangedContext['ctx'], request: AuthorizationRequest, browser: BrowserSession): Lack {
  const { floor, secondFactor } = requirementsOf(ctx, request);
  if (levelOf(standingOf(browser).amr) < floor) return 'level';
  return secondFactor === 'required' ? 'second_factor' : 'age';
}

const SETTINGS: Readonly<Record<Lack, string>> = {
  level: 'clients[].hufu.sign_in.acr',
  second_factor: 'policies.sign_in.second_factor',
  age: 'clients[].default_max_age',
};

function settingOf(lack: Lack): { readonly setting: string } {
  return { setting: SETTINGS[lack] };
}

/** As long as it may be: what it was made for is over by now, or is not. */
const NO_END = Number.MAX_SAFE_INTEGER;

function sessionOf({ user, amr, methods, authAge, age }: AnsweredSession, { authVersion }: UserRecord, now: number): SessionRecord {
  return {
    id: SESSION,
    userId: userId(user),
    secretHash: '',
    authTime: now - authAge,
    amr,
    createdAt: now - age,
    expiresAt: NO_END,
    endedAt: undefined,
    userAgent: '',
    methods,
    authVersion,
    turn: 1,
    deviceId: undefined,
    browserHash: undefined,
    endedReason: undefined,
    endedBy: undefined,
    lastSeenAt: now,
    fingerprint: undefined,
    place: undefined,
  };
}
