import type { ClientView, SecretView } from '@hufu/protocol/admin/clients';
import { Button, NativeSelect } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useMay } from '../api/me.ts';
import { useAttempts } from '../api/use-attempts.ts';
import { Danger, useAsk } from '../parts/danger.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty } from '../parts/page.tsx';
import { Secret } from '../parts/secret.tsx';

const OVERLAPS = { now: 0, hour: 3_600, day: 86_400, week: 604_800 } as const;
const EXPIRIES = { never: undefined, month: 2_592_000, quarter: 7_776_000, year: 31_536_000 } as const;

/** Its secrets by everything but themselves; a new one beside the old ones, so that a program can change over. */
export function ClientSecrets({ client }: { readonly client: ClientView }) {
  const { t } = useTranslation();
  const mayChange = useMay('security') && client.source !== 'config';
  const ask = useAsk();
  const queries = useQueryClient();
  const attempt = useAttempts();
  const [overlap, setOverlap] = useState<keyof typeof OVERLAPS>('day');
  const [expiry, setExpiry] = useState<keyof typeof EXPIRIES>('never');
  const [made, setMade] = useState<string>();
  const params = { client_id: client.client_id };
  const isPublic = client.auth_method === 'none';
  const refresh = (): void => void queries.invalidateQueries({ queryKey: ['clients.get'] });
  const make = async (): Promise<void> => {
    const expires_in = EXPIRIES[expiry];
    const body = { overlap: OVERLAPS[overlap], ...(expires_in !== undefined && { expires_in }) };
    const reply = await attempt({ params, body }, (idempotencyKey) => call('clients.secrets.create', { params, body, idempotencyKey }));
    setMade(reply.body.client_secret);
  };
  return (
    <div className="stack">
      <p className="faded">{client.source === 'config' ? t('clients.fixed') : t('clients.secretsText')}</p>
      {mayChange && !isPublic && <Button onClick={() => ask('new-secret')}>{t('clients.newSecret')}</Button>}
      <DataTable<SecretView>
        label={t('clients.tabs.secrets')}
        list={{ items: client.secrets, error: null }}
        keyOf={({ id }) => id}
        columns={[
          { label: 'ID', role: 'main', cell: ({ id }) => <code>{id}</code> },
          { label: t('common.created'), cell: ({ created_at }) => <Moment at={created_at} /> },
          { label: t('grants.ends'), cell: ({ expires_at }) => <Moment at={expires_at} none={t('clients.expiries.never')} /> },
          ...(mayChange
            ? [
                {
                  label: t('common.actions'),
                  role: 'acts' as const,
                  cell: ({ id }: SecretView) => (
                    <Button
                      size="compact-sm"
                      variant="outline"
                      color="cinnabar"
                      disabled={client.secrets.length === 1}
                      title={client.secrets.length === 1 ? t('clients.onlySecret') : undefined}
                      onClick={() => ask(`end-${id}`)}
                      aria-label={`${t('clients.endSecret')}: ${id}`}
                    >
                      {t('clients.endSecret')}
                    </Button>
                  ),
                },
              ]
            : []),
        ]}
        empty={<Empty title={t('clients.noSecrets')} text={t('clients.secretsNone')} />}
      />
      <Danger
        name="new-secret"
        title={t('clients.newSecretTitle', { name: client.name })}
        text={t('clients.secretsText')}
        label={t('clients.makeSecret')}
        calm
        act={make}
        done={refresh}
      >
        <NativeSelect
          label={t('clients.overlap')}
          value={overlap}
          onChange={(event) => setOverlap(event.currentTarget.value as keyof typeof OVERLAPS)}
          data={(Object.keys(OVERLAPS) as (keyof typeof OVERLAPS)[]).map((value) => ({ value, label: t(`clients.overlaps.${value}`) }))}
        />
        <NativeSelect
          label={t('clients.expires')}
          value={expiry}
          onChange={(event) => setExpiry(event.currentTarget.value as keyof typeof EXPIRIES)}
          data={(Object.keys(EXPIRIES) as (keyof typeof EXPIRIES)[]).map((value) => ({ value, label: t(`clients.expiries.${value}`) }))}
        />
      </Danger>
      {client.secrets.map(({ id }) => (
        <Danger
          key={id}
          name={`end-${id}`}
          title={t('clients.endSecretTitle', { id })}
          text={t('clients.endSecretText')}
          label={t('clients.endSecret')}
          act={() => call('clients.secrets.delete', { params: { ...params, secret_id: id } })}
          done={refresh}
        />
      ))}
      <Dialog opened={made !== undefined} close={() => setMade(undefined)} title={t('clients.newSecret')} isOnce>
        {made !== undefined && <Secret secret={made} close={() => setMade(undefined)} />}
      </Dialog>
    </div>
  );
}
