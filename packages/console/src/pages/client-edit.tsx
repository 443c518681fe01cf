import type { ChangedClient, ClientView } from '@hufu/protocol/admin/clients';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useMay, useMe } from '../api/me.ts';
import { queryClient } from '../api/query-client.ts';
import { keyOf } from '../api/read.ts';
import { clientFields, followGrantTypes } from '../edit/client-fields.ts';
import { Editor, type Saved } from '../edit/editor.tsx';
import type { Members } from '../edit/members.ts';
import { EffectText } from '../parts/danger.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Secret } from '../parts/secret.tsx';

/** What a client has registered, to be changed by whoever may. */
export function ClientEdit({ client, etag }: { readonly client: ClientView; readonly etag: string }) {
  const { t } = useTranslation();
  const me = useMe();
  const mayChange = useMay('security');
  const [secret, setSecret] = useState<string>();
  const { client_id, source } = client;
  const params = { client_id };
  const key = keyOf('clients.get', { params });
  const reload = (): void => void queryClient.invalidateQueries({ queryKey: key });
  const save = async (metadata: Members, ifMatch: string): Promise<Saved> => {
    const reply = await call('clients.update', { params, body: { metadata }, ifMatch });
    const { client: now, client_secret } = reply.body;
    queryClient.setQueryData(key, { body: now, etag: reply.etag });
    void queryClient.invalidateQueries({ queryKey: ['clients.list'] });
    if (client_secret !== undefined) setSecret(client_secret);
    return { value: now.metadata, etag: reply.etag ?? '' };
  };
  const fixed =
    source === 'config'
      ? t('clients.fixed')
      : source !== 'admin'
        ? t('edit.describesItself')
        : mayChange
          ? undefined
          : t('common.readOnly', { role: me?.role ?? '' });
  return (
    <>
      <Editor
        name={`client ${client_id}`}
        title={client.name}
        current={{ value: client.metadata, etag }}
        groups={clientFields(t)}
        root="/metadata"
        fixed={fixed}
        warning={t('edit.clientWarning')}
        note={({ client_name }) => t('edit.clientSaved', { name: typeof client_name === 'string' ? client_name : client_id })}
        look={async (metadata, ifMatch) =>
          (await call('clients.update', { params, query: { dry_run: true }, body: { metadata }, ifMatch })).body
        }
        told={(looked) => <Coming now={client} looked={looked} />}
        save={save}
        reload={reload}
        follow={followGrantTypes}
      />
      <Dialog opened={secret !== undefined} close={() => setSecret(undefined)} title={t('clients.newSecret')} isOnce>
        {secret !== undefined && <Secret secret={secret} close={() => setSecret(undefined)} />}
      </Dialog>
    </>
  );
}

/** What ends by the change, and what becomes of its secrets. */
function Coming({ now, looked: { client, effect } }: { readonly now: ClientView; readonly looked: ChangedClient }) {
  const { t } = useTranslation();
  const ending = now.secrets.length - client.secrets.length;
  return (
    <>
      <EffectText effect={effect} />
      {ending > 0 && ` ${t('edit.secretsEnd', { count: ending })}`}
      {client.auth_method.startsWith('client_secret') && client.secrets.length === 0 && ` ${t('edit.secretMade')}`}
    </>
  );
}
