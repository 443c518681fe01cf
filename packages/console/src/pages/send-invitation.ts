import type { TFunction } from 'i18next';
import { call } from '../api/api.ts';
import { tell, tellProblem } from '../parts/tell.tsx';

/** Mails an invitation, and says so; or why not, with the account as it was: it can be sent again from there. */
export async function sendInvitation(sub: string, t: TFunction): Promise<void> {
  try {
    const { body } = await call('users.invite', { params: { sub } });
    tell(t('users.invitedNote', { address: body.email }));
  } catch (error) {
    tellProblem(error);
  }
}
