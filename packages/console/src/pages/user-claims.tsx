import type { UserView } from '@hufu/protocol/admin/users';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useMay, useMe } from '../api/me.ts';
import { queryClient } from '../api/query-client.ts';
import { keyOf } from '../api/read.ts';
import { claimFields } from '../edit/claim-fields.ts';
import { Editor, type Saved } from '../edit/editor.tsx';
import type { Members } from '../edit/members.ts';

/** What apps are told of a user, to be changed by whoever may. */
export function UserClaims({ user, etag }: { readonly user: UserView; readonly etag: string }) {
  const { t } = useTranslation();
  const me = useMe();
  const mayChange = useMay('security');
  const { sub, username } = user;
  const params = { sub };
  const key = keyOf('users.get', { params });
  const save = async (claims: Members, ifMatch: string): Promise<Saved> => {
    const reply = await call('users.claims.put', { params, body: { claims }, ifMatch });
    queryClient.setQueryData(key, { body: reply.body, etag: reply.etag });
    void queryClient.invalidateQueries({ queryKey: ['users.list'] });
    return { value: reply.body.claims, etag: reply.etag ?? '' };
  };
  const fixed = user.source === 'config' ? t('edit.userFixed') : mayChange ? undefined : t('common.readOnly', { role: me?.role ?? '' });
  return (
    <Editor
      name={`claims ${sub}`}
      title={t('edit.claimsOf', { name: username })}
      current={{ value: user.claims, etag }}
      groups={claimFields(t)}
      root="/claims"
      fixed={fixed}
      warning={t('edit.claimsWarning')}
      note={() => t('edit.claimsSaved', { name: username })}
      save={save}
      reload={() => void queryClient.invalidateQueries({ queryKey: key })}
    />
  );
}
