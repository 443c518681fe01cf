import { requirePlainSubject, writeParticipation } from '../encoding.ts';
import type { Grants } from '../port.ts';
import type { Database, Statement } from './database.ts';
import { LOCK_USER, lookAround, lookValues, readVerdict } from './look-around.ts';
import { joinText, joinValues } from './participants.ts';
import type { Statistics } from './statistics.ts';

export function admit(db: Database, statistics: Statistics): Pick<Grants, 'admit'> {
  return {
    async admit(tenant, admission, now) {
      requirePlainSubject(admission);
      const participation = writeParticipation(admission);
      const values = [tenant, ...lookValues(admission, now)];
      const reason =
        participation === undefined
          ? readVerdict((await db.run(LOOK, values))[0])
          : await join([...values, ...joinValues(participation, admission.subject)]);
      if (reason !== undefined) return { kind: 'refused', reason };
      if (participation !== undefined) statistics.inserted('participants', 1, now);
      return { kind: 'admitted' };
    },
  };

  async function join(values: readonly unknown[]): Promise<ReturnType<typeof readVerdict>> {
    const [, verdict] = await db.runTogether([
      { statement: LOCK_USER, values: values.slice(0, 2) },
      { statement: JOIN, values },
    ]);
    return readVerdict(verdict?.[0]);
  }
}

const LOOK: Statement = { name: 'admit', text: `WITH ${lookAround('')} SELECT reason FROM verdict` };
const JOIN: Statement = { name: 'admit_joined', text: `WITH ${lookAround('FOR SHARE')}, ${joinText(9)} SELECT reason FROM verdict` };
