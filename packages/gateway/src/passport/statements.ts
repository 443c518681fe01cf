import type { IncomingHttpHeaders } from 'node:http';
import { formatBearerChallenge } from '@hufu/protocol/bearer';
import { OAuthError } from '@hufu/protocol/errors';
import { readJwt } from '@hufu/protocol/jwt';
import {
  MAX_PASSPORT_ACTION,
  PASSPORT_ACTION_TYPE,
  PASSPORT_ACTIONS,
  type PassportAction,
  type PassportStatement,
  readStatement,
} from '@hufu/protocol/passport';
import { ALGORITHMS } from '@hufu/resource/algorithms';
import { type Identity, setCookies } from '../identify/identify.ts';
import type { HeadCheck, HeadVerdict } from '../proxy/forward-task.ts';
import { refuse } from '../proxy/refusal.ts';
import type { Described } from './describe.ts';
import { acrValuesFor, type PassportLevels, type PassportService } from './settings.ts';

/** What statements are carried out by. Each may be called for what is over already. */
export interface PassportEffects {
  /** Ends a session of the edge, and revokes what it has at the issuer. Rejects where that cannot be noted. */
  endSession(id: string): Promise<void>;
  /** Ends all sessions that the user has at this edge. Rejects where that cannot be noted. */
  endSubject(issuer: string, subject: string): Promise<void>;
  /** `Set-Cookie` values that take what there is of a session from its browser. */
  readonly clearing: readonly string[];
  /** Renews the token of a session before its time. Nobody waits for it. */
  renew(id: string): void;
}

/** What became of a statement: for the log. */
export interface StatementOutcome {
  readonly service: string;
  /** As it stands there, where it can be read. */
  readonly action: string | undefined;
  readonly outcome: 'applied' | 'refused' | 'failed';
  /** Why it was not applied: never a token. */
  readonly reason: string | undefined;
}

/** The Passport of one request. */
export interface StatedRequest {
  readonly id: string;
  readonly service: PassportService;
  readonly described: Described;
  readonly identity: Identity;
}

export interface StatementParts {
  readonly edge: string;
  readonly levels: PassportLevels;
  readonly nowMs: () => number;
  readonly effects?: PassportEffects;
  readonly onStatement?: (outcome: StatementOutcome) => void;
}

/** Statements in one answer. */
const MAX_STATEMENTS = 8;
const MAX_LIFE_SECONDS = 60;
/** By how many seconds the clock of a service may differ. */
const TOLERANCE_SECONDS = 5;

const FAILED = refuse(503, 'action_failed', 'the service has asked for something that cannot be done at the moment', ['retry-after', '1']);
const STEP_UP = new OAuthError('insufficient_user_authentication', 'the user has to authenticate more strongly for this');

/** Reads what services state of the Passport of a request in answer to it, and does it: once each, and only what the service may ask for. */
export class Statements {
  readonly #parts: StatementParts;

  constructor(parts: StatementParts) {
    this.#parts = parts;
  }

  /** Looks at the answers to one request. One that states nothing waits for nothing; otherwise it waits until a session has ended for every gateway. */
  expect(request: StatedRequest): HeadCheck {
    /** Also where a request is sent once more. */
    const seen = new Set<string>();
    return (status, headers) => {
      const texts = textsOf(headers);
      return texts.length === 0 ? undefined : this.#apply(texts, request, seen, status);
    };
  }

  async #apply(texts: readonly string[], request: StatedRequest, seen: Set<string>, status: number): Promise<HeadVerdict> {
    const lines: string[] = [];
    if (texts.length > MAX_STATEMENTS) {
      this.#tell(request, undefined, 'refused', `more than ${MAX_STATEMENTS} statements`);
      return { kind: 'pass', lines };
    }
    for (const text of texts) {
      const statement = this.#read(text, request);
      if (typeof statement === 'string') {
        this.#tell(request, undefined, 'refused', statement);
        continue;
      }
      const { id, action } = statement;
      if (seen.has(id)) continue;
      seen.add(id);
      try {
        const done = await this.#act(statement, action, request, status);
        if (typeof done === 'string') this.#tell(request, action, 'refused', done);
        else {
          lines.push(...done);
          this.#tell(request, action, 'applied', undefined);
        }
      } catch (error) {
        this.#tell(request, action, 'failed', error instanceof Error ? error.message : 'not an error');
        // Nobody may be told that somebody is signed out who is not.
        return FAILED;
      }
    }
    return { kind: 'pass', lines };
  }

  /** The statement, or what is wrong with it. The header says nothing of the algorithm that the key does not say (RFC 8725 §3.1). */
  #read(text: string, { id, service, described }: StatedRequest): (PassportStatement & { readonly action: PassportAction }) | string {
    const jwt = readJwt(text, MAX_PASSPORT_ACTION);
    if (jwt === undefined) return 'is no JWT';
    const { alg, typ, kid } = jwt.header;
    if (typ !== PASSPORT_ACTION_TYPE) return `is no ${PASSPORT_ACTION_TYPE}`;
    const key = typeof kid === 'string' ? service.keys?.get(kid) : undefined;
    const scheme = ALGORITHMS.get(alg);
    if (key === undefined) return 'is signed with a key that the service does not have';
    if (scheme === undefined || (key.alg !== undefined && key.alg !== alg) || !scheme.fits(key.key))
      return 'is signed with another algorithm';
    if (!scheme.verify(jwt.signingInput, jwt.signature, key.key)) return 'has a wrong signature';
    const statement = readStatement(jwt.payload);
    if (statement === undefined) return 'has wrong claims';
    const { issuer, audience, issuedAt, expiresAt, passportId, action, subject } = statement;
    if (issuer !== service.name) return 'is of another service';
    if (audience !== this.#parts.edge) return 'is for another edge';
    if (passportId !== id) return 'is of another Passport';
    const now = this.#parts.nowMs() / 1_000;
    if (now >= expiresAt || now < issuedAt - TOLERANCE_SECONDS || expiresAt - issuedAt > MAX_LIFE_SECONDS) return 'is not of this minute';
    if (!isAction(action) || service.actions?.includes(action) !== true) return 'is nothing that the service may ask for';
    return subjectsOf(action, described).includes(subject) ? { ...statement, action } : 'is about somebody else';
  }

  /** Lines for the answer; or why there is nothing to do. */
  async #act(
    { level }: PassportStatement,
    action: PassportAction,
    { described, identity }: StatedRequest,
    status: number,
  ): Promise<readonly string[] | string> {
    const { effects, levels } = this.#parts;
    if (action === 'USER_STEP_UP') {
      const acrValues = level === undefined ? [] : acrValuesFor(level, levels);
      if (acrValues.length === 0) return 'no class of authentication leads to that level';
      // RFC 9470 §3: it is said with 401 alone.
      return status === 401 ? ['www-authenticate', formatBearerChallenge({ error: STEP_UP, acrValues })] : 'the answer is no 401';
    }
    if (effects === undefined) return 'there are no sessions here';
    if (action === 'USER_CLEAR_ALL') {
      if (described.user === undefined) return 'nobody is a user';
      await effects.endSubject(described.user.issuer, described.user.subject);
      return identity.session === undefined ? [] : setCookies(effects.clearing);
    }
    const id = identity.session?.id;
    if (id === undefined) return 'the request came in no session';
    if (action === 'USER_RENEW' || action === 'RENEW_RESCHEDULE') {
      effects.renew(id);
      return [];
    }
    await effects.endSession(id);
    return setCookies(effects.clearing);
  }

  #tell({ service }: StatedRequest, action: string | undefined, outcome: StatementOutcome['outcome'], reason: string | undefined): void {
    this.#parts.onStatement?.({ service: service.name, action, outcome, reason });
  }
}

/** Lines of one name are one list (RFC 9110 §5.3); no statement has a comma. */
function textsOf(headers: IncomingHttpHeaders): readonly string[] {
  const value = headers['passport-action'];
  if (value === undefined) return [];
  return (typeof value === 'string' ? value : value.join())
    .split(',', MAX_STATEMENTS + 1)
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

/** What of a Passport an action may be about. */
function subjectsOf(action: PassportAction, { user, device }: Described): readonly string[] {
  const ofUser = user === undefined ? [] : [user.subject];
  const ofSession = user?.sessionId === undefined ? [] : [user.sessionId];
  const ofDevice = device === undefined ? [] : [device.id];
  switch (action) {
    case 'USER_CLEAR_ALL':
      return ofUser;
    case 'USER_LOGOUT':
    case 'USER_RENEW':
    case 'USER_STEP_UP':
      return [...ofUser, ...ofSession];
    case 'DEVICE_CLEAR':
      return ofDevice;
    case 'RENEW_RESCHEDULE':
      return [...ofUser, ...ofSession, ...ofDevice];
  }
}

function isAction(text: string): text is PassportAction {
  return PASSPORT_ACTIONS.some((action) => action === text);
}
