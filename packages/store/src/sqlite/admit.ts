import { requirePlainSubject, writeParticipation } from '../encoding.ts';
import type { Grants } from '../port.ts';
import type { Connection } from './connection.ts';
import { lookAround } from './look-around.ts';
import type { Participants } from './participants.ts';

/** Where nothing is left behind a look is enough; nobody who ends something later has anything to find. */
export function admit(db: Connection, participants: Participants): Grants['admit'] {
  const look = lookAround(db);
  return async (tenant, admission, now) => {
    requirePlainSubject(admission);
    const { sessionId, clientId, subject } = admission;
    const participation = writeParticipation(admission);
    if (participation === undefined || sessionId === undefined) {
      const seen = await db.read(() => look(tenant, admission, now));
      return seen.kind === 'refused' ? seen : { kind: 'admitted' };
    }
    return await db.write(() => {
      const seen = look(tenant, admission, now);
      if (seen.kind === 'refused') return seen;
      participants.join(tenant, sessionId, clientId, subject, participation);
      return { kind: 'admitted' };
    });
  };
}
