import type { TenantId } from '@hufu/protocol/ids';
import { requireFolded } from '../email-address.ts';
import type { Users } from '../port.ts';
import { lockActive, lockThere, raiseVersion } from './credentials.ts';
import type { Database, Statement } from './database.ts';
import { endUser, isLive, NOTHING, type Told } from './end-user.ts';
import { forgetFactors } from './factors.ts';
import { forgetIdentities } from './identities.ts';
import { ENDED_DELIVERIES, ENDED_ENTRIES, type Purge } from './purge.ts';
import { findHolder, lockAddress, putAddress } from './verified-emails.ts';

/** A new password, and the proof of an address: what may end everything that came before. */
export function userCredentials(db: Database, purge: Purge): Pick<Users, 'changePassword' | 'verifyEmail'> {
  function count(tenant: TenantId, told: Told, now: number): void {
    purge.count(tenant, ENDED_ENTRIES, told.entries, now);
    purge.count(tenant, ENDED_DELIVERIES, told.deliveries, now);
  }

  return {
    async changePassword(tenant, id, authVersion, newHash, { session: keepSession, revokes }, now) {
      const { answer, told } = await db.transact<Done<'changePassword'>>(async (session) => {
        const there = await lockThere(session, tenant, id);
        if (there === undefined) return { answer: { kind: 'unknown' }, told: NOTHING };
        if (there.authVersion !== authVersion) return { answer: { kind: 'changed' }, told: NOTHING };
        await session.run(SET_PASSWORD, [tenant, id, newHash ?? null, now]);
        const keepGrantsOf = revokes === 'others' && (await isLive(session, tenant, id, keepSession, now)) ? keepSession : undefined;
        const raised = await raiseVersion(session, tenant, id, authVersion, keepSession);
        const ending = { user: id, reason: 'password_changed', keepSession, keepGrantsOf } as const;
        return { answer: { kind: 'done', authVersion: raised }, told: await endUser(session, tenant, ending, now) };
      });
      count(tenant, told, now);
      return answer;
    },

    async verifyEmail(tenant, id, authVersion, { address, folded }, { forgetsCredentials, spares = [], session: keepSession }, now) {
      requireFolded(address, folded);
      const { answer, told } = await db.transact<Done<'verifyEmail'>>(async (session) => {
        await lockAddress(session, tenant, folded);
        const there = await lockActive(session, tenant, id, now);
        if (there === undefined) return { answer: { kind: 'unknown' }, told: NOTHING };
        if (there.authVersion !== authVersion) return { answer: { kind: 'changed' }, told: NOTHING };
        const holder = await findHolder(session, tenant, folded);
        if (holder !== undefined && holder.id !== id) return { answer: { kind: 'taken' }, told: NOTHING };
        const claims = JSON.stringify({ ...there.claims, email: address, email_verified: true });
        await session.run(SET_CLAIMS, [tenant, id, claims, now]);
        const isChange = holder === undefined || forgetsCredentials;
        const raised = isChange ? await raiseVersion(session, tenant, id, authVersion, keepSession) : authVersion;
        const answer = { kind: 'done', authVersion: raised } as const;
        const put = async (): Promise<void> => await putAddress(session, tenant, id, folded);
        if (!forgetsCredentials) {
          await put();
          return { answer, told: NOTHING };
        }
        await session.run(SET_PASSWORD, [tenant, id, null, now]);
        const keepGrantsOf = (await isLive(session, tenant, id, keepSession, now)) ? keepSession : undefined;
        const forget = async (): Promise<void> => {
          await forgetFactors(session, tenant, id);
          await forgetIdentities(session, tenant, id, spares);
          await put();
        };
        const ending = { user: id, reason: 'credential_removed', keepSession, keepGrantsOf } as const;
        return { answer, told: await endUser(session, tenant, ending, now, forget) };
      });
      count(tenant, told, now);
      return answer;
    },
  };
}

interface Done<Verb extends 'changePassword' | 'verifyEmail'> {
  readonly answer: Awaited<ReturnType<Users[Verb]>>;
  readonly told: Told;
}

const SET_PASSWORD: Statement = {
  text: `UPDATE users SET password_hash = $3::text, updated_at = $4::bigint, password_changed_at = $4::bigint
    WHERE tenant = $1::bigint AND id = $2::bigint`,
};
const SET_CLAIMS: Statement = {
  text: 'UPDATE users SET claims = $3::text, updated_at = $4::bigint WHERE tenant = $1::bigint AND id = $2::bigint',
};
