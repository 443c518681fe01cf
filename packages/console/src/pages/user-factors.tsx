import type { FactorView, UserView } from '@hufu/protocol/admin/users';
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { call } from '../api/api.ts';
import { useMay } from '../api/me.ts';
import { queryClient } from '../api/query-client.ts';
import { useRead } from '../api/read.ts';
import { Danger, useAsk } from '../parts/danger.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty } from '../parts/page.tsx';
import { tell } from '../parts/tell.tsx';

/** What somebody proves themselves with beside a password, and the way to remove it for who has lost it. */
export function UserFactors({ user: { sub, username: name } }: { readonly user: UserView }) {
  const { t } = useTranslation();
  const mayReset = useMay('support');
  const ask = useAsk();
  const { data, error } = useRead('users.factors.list', { params: { sub } });
  const items = data?.body.items;
  return (
    <div className="stack">
      <DataTable<FactorView>
        label={t('users.tabs.factors')}
        list={{ items, error }}
        keyOf={({ kind, created_at, name: called }) => `${kind} ${created_at} ${called}`}
        columns={[
          { label: t('users.tabs.factors'), role: 'main', cell: ({ kind, name: called }) => `${t(`users.factorKinds.${kind}`)} ${called}` },
          { label: t('common.created'), cell: ({ created_at }) => <Moment at={created_at} /> },
          { label: t('users.lastUsed'), cell: ({ used_at }) => <Moment at={used_at} /> },
        ]}
        empty={<Empty title={t('users.noFactors')} text={t('users.factorsNone')} />}
      />
      {data !== undefined && <p className="faded">{t('users.recoveryCodes', { count: data.body.recovery_codes })}</p>}
      {mayReset && (
        <Button
          variant="outline"
          color="cinnabar"
          disabled={items === undefined || items.length === 0}
          onClick={() => ask('reset-factors')}
        >
          {t('users.resetFactors')}
        </Button>
      )}
      <Danger
        name="reset-factors"
        title={t('users.resetTitle', { name })}
        text={t('users.resetText')}
        label={t('users.resetFactors')}
        act={() => call('users.factors.reset', { params: { sub } })}
        done={() => {
          tell(t('users.resetNote', { name }));
          void queryClient.invalidateQueries();
        }}
      />
    </div>
  );
}
