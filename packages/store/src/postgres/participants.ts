import type { ClientId } from '@hufu/protocol/ids';
import type { Participant, Participation, Sessions } from '../port.ts';
import { MAX_PARTICIPANTS } from '../retention.ts';
import type { Database, Statement } from './database.ts';

export function listParticipants(db: Database): Pick<Sessions, 'listParticipants'> {
  return {
    async listParticipants(tenant, id, limit) {
      return (await db.run<ParticipantRow>(LIST, [tenant, id, limit])).map(readParticipant);
    },
  };
}

/** What `joinText` asks for: `sid`, `subject`, `backchannel`. */
export function joinValues({ sid, backchannel }: Participation, subject: string): unknown[] {
  return [sid, subject, backchannel ? 1 : 0];
}

/**
 * A common table expression after `lookAround`, for a statement that has locked the user in an earlier one: whatever else is written of this
 * session's participants waits for that, so the count is exact. `from` is the number of the first of `joinValues`.
 */
export function joinText(from: number): string {
  const [sid, subject, backchannel] = [`$${from}::text`, `$${from + 1}::text`, `$${from + 2}::smallint`];
  const ofSession = 'SELECT FROM participants WHERE tenant = $1::bigint AND session_id = $4::bigint';
  return `joined AS (
      INSERT INTO participants AS p (tenant, session_id, client_id, sid, subject, backchannel)
      SELECT $1::bigint, $4::bigint, $3::text, ${sid}, ${subject}, ${backchannel} FROM verdict
      WHERE verdict.reason = '' AND (
        EXISTS (${ofSession} AND client_id = $3::text AND sid = ${sid})
        OR (SELECT count(*) FROM (${ofSession} LIMIT ${MAX_PARTICIPANTS}) AS others) < ${MAX_PARTICIPANTS})
      ON CONFLICT (tenant, session_id, client_id, sid) DO UPDATE SET subject = excluded.subject, backchannel = excluded.backchannel
        WHERE (p.subject, p.backchannel) <> (excluded.subject, excluded.backchannel))`;
}

/** To the session `$3` that replaces theirs (`$2`). */
export const MOVE_PARTICIPANTS: Statement = {
  text: 'UPDATE participants SET session_id = $3::bigint WHERE tenant = $1::bigint AND session_id = $2::bigint',
};

interface ParticipantRow {
  readonly client_id: ClientId;
  readonly sid: string;
  readonly subject: string;
  readonly backchannel: number;
}

function readParticipant(row: ParticipantRow): Participant {
  return { clientId: row.client_id, sid: row.sid, subject: row.subject, backchannel: row.backchannel === 1 };
}

const LIST: Statement = {
  text: `SELECT client_id, sid, subject, backchannel FROM participants
    WHERE tenant = $1::bigint AND session_id = $2::bigint ORDER BY client_id, sid LIMIT $3::bigint`,
};
