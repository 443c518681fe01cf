import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { openMemory, storeOn } from '@hufu/store/memory';
import type { Store } from '@hufu/store/port';
import { wrapped } from '@hufu/store/wrapped';
import type { Edit } from '../support/mutant.ts';

/**
 * Defects on purpose (attacks 4.4, and some of our own). A suite that lets one live is not accepted. `by`: which of them has to kill it.
 * An edit changes the source of a copy; `open` makes a store that does it wrong.
 */
export interface MutantRecipe {
  readonly name: string;
  readonly by:
    | 'sequential model'
    | 'concurrent model'
    | 'code race'
    | 'refresh race'
    | 'consent race'
    | 'first start'
    | 'clock behind'
    | 'crash'
    | 'database crash';
  readonly edits?: readonly Edit[];
  readonly open?: () => Promise<Store>;
}

const CODE = 'server/src/grants/authorization-code.ts';
const REFRESH = 'server/src/grants/refresh-token.ts';
const FOREIGN = `    ctx.log.warn('grant.foreign_client', { grant: grant.id, client: client.id });\n`;
const BURN = `    await ctx.store.revokeGrant(ctx.tenant, grant.id, 'code_misused', now);\n`;

export const MUTANTS: readonly MutantRecipe[] = [
  { name: 'M1 a code is looked at, and then taken', by: 'code race', open: () => altered({ exchangeCode: lookThenExchange }) },
  { name: 'M1 the same, seen by the model', by: 'concurrent model', open: () => altered({ exchangeCode: lookThenExchange }) },
  { name: 'M2 a successor is made before the parent is marked', by: 'refresh race', open: () => altered({ rotate: rotateWhatever }) },
  { name: 'M2 the same, seen by the model', by: 'concurrent model', open: () => altered({ rotate: rotateWhatever }) },
  {
    name: 'M3 reuse revokes the presented token alone',
    by: 'sequential model',
    open: () =>
      altered({
        revokeGrant: (store) => async (tenant, id, reason, now) =>
          reason.endsWith('_replayed') ? 'already' : store.revokeGrant(tenant, id, reason, now),
      }),
  },
  {
    name: "M4 a foreign client's attempt burns the code",
    by: 'sequential model',
    edits: [{ file: CODE, from: FOREIGN, to: FOREIGN + BURN }],
  },
  {
    name: 'M4 and the grant, with its refresh token',
    by: 'sequential model',
    edits: [{ file: REFRESH, from: FOREIGN, to: FOREIGN + BURN.replace('now', 'request.now') }],
  },
  {
    name: "M5 expiry is compared with the machine's clock",
    by: 'clock behind',
    edits: [{ file: 'server/src/clock.ts', from: 'base = Math.max(base, storeMs - performance.now());', to: 'void storeMs;' }],
  },
  {
    name: 'M6 PKCE is skipped without a verifier',
    by: 'sequential model',
    edits: [{ file: CODE, from: 'verifier !== undefined && checkVerifier(', to: 'verifier === undefined || checkVerifier(' }],
  },
  {
    name: 'M13 introspection does not know of withdrawn consent',
    by: 'sequential model',
    edits: [
      {
        file: 'server/src/tokens/read-access-token.ts',
        from: 'if (end !== undefined) return',
        to: "if (end !== undefined && grant.dead?.reason !== 'consent_withdrawn') return",
      },
    ],
  },
  {
    name: 'M13 introspection ignores revocation',
    by: 'sequential model',
    edits: [
      {
        file: 'server/src/tokens/read-access-token.ts',
        from: 'if (end !== undefined) return',
        to: 'if (grant.expiresAt < 0 && end !== undefined) return',
      },
    ],
  },
  {
    name: 'introspection of refresh tokens ignores revocation',
    by: 'sequential model',
    edits: [
      {
        file: 'server/src/endpoints/introspect.ts',
        from: 'if (over !== undefined) return ended',
        to: 'if (over !== undefined && grant.dead === undefined) return ended',
      },
    ],
  },
  { name: 'M16 enabling a user revives what disabling ended', by: 'sequential model', open: revivingStore },
  {
    name: 'the overlap of a public client never ends',
    by: 'sequential model',
    edits: [{ file: REFRESH, from: 'client.confidential || now - grant.rotatedAt <=', to: 'client.confidential || 0 <=' }],
  },
  {
    name: 'there is no overlap',
    by: 'sequential model',
    edits: [{ file: REFRESH, from: 'const previous = generation === grant.generation - 1;', to: 'const previous = grant.generation < 0;' }],
  },
  {
    name: 'anybody may refresh what was issued to another',
    by: 'sequential model',
    edits: [{ file: REFRESH, from: 'if (grant.clientId !== client.id) {', to: 'if (grant.id < 0) {' }],
  },
  {
    name: 'more scopes than were granted',
    by: 'sequential model',
    edits: [
      { file: 'server/src/tokens/narrow.ts', from: 'if (!grant.scopes.includes(scope)) throw', to: 'if (grant.scopes.length < 0) throw' },
    ],
  },
  {
    name: 'an access token that was revoked alone is handed out again',
    by: 'sequential model',
    edits: [{ file: 'server/src/tokens/issue-access-token.ts', from: 'if (grant.hasRevokedTokens &&', to: 'if (grant.id < 0 &&' }],
  },
  {
    name: 'two uses of one refresh token bring two access tokens',
    by: 'refresh race',
    edits: [
      {
        file: 'server/src/tokens/issue-access-token.ts',
        from: 'return part(request, Math.max(issuedAt, rested), ROTATED);',
        to: 'return part(request, Math.max(issuedAt, rested), randomNumber(sha256(String(Math.random())).slice(0, 12)));',
      },
      {
        file: 'server/src/tokens/issue-access-token.ts',
        from: "import { derivedSecret } from './secrets.ts';",
        to: "import { derivedSecret, sha256 } from './secrets.ts';",
      },
    ],
  },
  {
    name: 'a grant without offline_access survives signing out',
    by: 'sequential model',
    edits: [
      {
        file: 'store/src/sqlite/sessions.ts',
        from: '        endings.revokeGrantsBoundTo(tenant, id, session.userId, why, now);\n',
        to: '',
      },
    ],
  },
  {
    name: 'a code that was shown twice is only refused',
    by: 'code race',
    open: () =>
      altered({
        revokeGrant: (store) => async (tenant, id, reason, now) =>
          reason === 'code_replayed' ? 'already' : store.revokeGrant(tenant, id, reason, now),
      }),
  },
  { name: 'one consent page brings many codes', by: 'consent race', open: () => altered({ takeOnce: () => async () => true }) },
  {
    name: 'every server that starts makes keys of its own',
    by: 'first start',
    open: () =>
      altered({
        addKey: (store) => async (tenant, key, after) => store.addKey(tenant, key, after === 0 ? Number.MAX_SAFE_INTEGER : after),
      }),
  },
  {
    name: 'a database that acknowledges before it is on the disk',
    by: 'database crash',
  },
  {
    name: 'acknowledged before it is committed',
    by: 'crash',
    edits: [
      {
        file: 'store/src/sqlite/connection.ts',
        from: 'begin: () => void begin.run(),',
        to: 'begin: () => void (handle.isTransaction || begin.run()),',
      },
      {
        file: 'store/src/sqlite/connection.ts',
        from: 'commit: () => void commit.run(),',
        to: 'commit: () => void ((this.#groups += 1) % 50 === 0 && commit.run()),',
      },
      {
        file: 'store/src/sqlite/connection.ts',
        from: 'readonly #forget: (() => void)[] = [];',
        to: 'readonly #forget: (() => void)[] = [];\n  #groups = 0;',
      },
    ],
  },
];

type Verbs = { readonly [K in keyof Store]?: (store: Store) => Store[K] };

/** A store with some verbs done wrong. */
async function altered(verbs: Verbs): Promise<Store> {
  const wrap = (store: Store): Store =>
    new Proxy(store, {
      get(target, name: keyof Store) {
        const alter = verbs[name];
        return alter === undefined ? target[name] : alter(target);
      },
    });
  return wrapped(await openMemory(), wrap);
}

function lookThenExchange(store: Store): Store['exchangeCode'] {
  return async (tenant, id, redemption, now) => {
    const grant = await store.findGrant(tenant, id);
    if (grant === undefined || grant.generation !== 0 || grant.dead !== undefined || grant.expiresAt <= now) return { kind: 'lost', grant };
    await sleep(2);
    const taken = await store.exchangeCode(tenant, id, redemption, now);
    return taken.kind === 'taken' ? taken : { kind: 'taken', grant: { ...grant, ...redemption, generation: 1, rotatedAt: now }, fell: 0 };
  };
}

function rotateWhatever(store: Store): Store['rotate'] {
  return async (tenant, id, generation, keyId, now) => {
    const grant = await store.findGrant(tenant, id);
    if (grant?.generation !== generation) return { kind: 'lost', grant };
    await sleep(2);
    const current = await store.findGrant(tenant, id);
    return store.rotate(tenant, id, current?.generation ?? generation, keyId, now);
  };
}

async function revivingStore(): Promise<Store> {
  const database = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false });
  return wrapped(await storeOn(database), (store) => {
    const setUserEnabled: Store['setUserEnabled'] = async (tenant, id, enabled, now) => {
      if (enabled) database.exec("UPDATE grants SET revoked_at = NULL, revoked_reason = NULL WHERE revoked_reason = 'user_disabled'");
      return store.setUserEnabled(tenant, id, enabled, now);
    };
    return new Proxy(store, { get: (target, name) => (name === 'setUserEnabled' ? setUserEnabled : Reflect.get(target, name)) });
  });
}
