import type { ClientId, SessionId, TenantId } from '@hufu/protocol/ids';
import type { Participant, Participation, Sessions } from '../port.ts';
import { MAX_PARTICIPANTS } from '../retention.ts';
import type { Connection } from './connection.ts';

/** Who takes part in which session. `join` and `move` are inside a write. */
export interface Participants extends Pick<Sessions, 'listParticipants'> {
  join(tenant: TenantId, session: SessionId, client: ClientId, subject: string, participation: Participation): void;
  /** To the session that replaces theirs. */
  move(tenant: TenantId, from: SessionId, to: SessionId): void;
}

export function participants(db: Connection): Participants {
  const find = db.lazy('SELECT subject, backchannel FROM participants WHERE tenant = ? AND session_id = ? AND client_id = ? AND sid = ?');
  const count = db.lazy('SELECT count(*) FROM participants WHERE tenant = ? AND session_id = ?');
  const put = db.lazy(`INSERT INTO participants (tenant, session_id, client_id, sid, subject, backchannel) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET subject = excluded.subject, backchannel = excluded.backchannel`);
  const move = db.lazy('UPDATE participants SET session_id = ?3 WHERE tenant = ?1 AND session_id = ?2');
  const list = db.lazy(
    'SELECT client_id, sid, subject, backchannel FROM participants WHERE tenant = ? AND session_id = ? ORDER BY client_id, sid LIMIT ?',
  );
  return {
    join(tenant, session, client, subject, { sid, backchannel }) {
      const flag = backchannel ? 1 : 0;
      const there = find().get(tenant, session, client, sid) as unknown as [string, number] | undefined;
      if (there !== undefined && there[0] === subject && there[1] === flag) return;
      const [others] = count().get(tenant, session) as unknown as [number];
      if (there === undefined && others >= MAX_PARTICIPANTS) return;
      put().run(tenant, session, client, sid, subject, flag);
    },
    move: (tenant, from, to) => void move().run(tenant, from, to),
    listParticipants: (tenant, session, limit) =>
      db.read(() => (list().all(tenant, session, limit) as unknown as Row[]).map(readParticipant)),
  };
}

type Row = [ClientId, string, string, number];

function readParticipant([clientId, sid, subject, backchannel]: Row): Participant {
  return { clientId, sid, subject, backchannel: backchannel === 1 };
}
