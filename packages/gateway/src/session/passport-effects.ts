import type { PassportEffects } from '../passport/statements.ts';
import { clearCookie } from './cookie-jar.ts';
import { endSession } from './end-session.ts';
import type { RunningSessions } from './run-sessions.ts';
import { openContents, subjectHashes } from './session-contents.ts';
import { nowSeconds, type TokenHandler } from './token-handler.ts';

/** What services may ask for of the sessions of an edge. When a session has ended, this gateway knows it at once, and the others as of any end. */
export function passportEffects(handler: TokenHandler, running: RunningSessions): PassportEffects {
  const { store, tenant, settings, client, cookies } = handler;

  async function renew(id: string): Promise<void> {
    const record = await store.findEdgeRecord(tenant, settings.edge, id);
    if (record === undefined || record.ended !== undefined) return;
    const contents = openContents(handler, record);
    if (contents !== undefined) await running.renew({ record, contents });
  }

  /** It has ended, whether it is seen here now or in a moment. */
  async function see(): Promise<void> {
    await running.ends.look().catch(() => undefined);
  }

  return {
    clearing: [cookies.session, cookies.more].map(clearCookie),
    async endSession(id) {
      // Its token is revoked behind it: where that fails, by the sweep.
      await endSession(handler, id, 'signed_out');
      await see();
    },
    async endSubject(issuer, subject) {
      // Sessions are of this issuer; a token may be of another one.
      if (issuer !== client.issuer) return;
      const now = nowSeconds(handler);
      for (const hash of subjectHashes(handler, 'sub', subject))
        await store.endEdgeSessions(tenant, settings.edge, { sub: hash, issuedBy: now }, 'cleared', now);
      await see();
    },
    renew(id) {
      // A token that is younger than half a minute stays as it is. Whatever fails, the token that there is goes on to its end, and is renewed then.
      renew(id).catch(() => undefined);
    },
  };
}
