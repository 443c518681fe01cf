import type { RevocationView } from '@hufu/protocol/admin/security';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { queryClient } from '../api/query-client.ts';
import { useList } from '../api/read.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { useEvery } from '../parts/use-every.ts';
import { kindKey } from './revocation-kind.ts';

const EVERY_MS = 5_000;

export function Revocations() {
  const { t } = useTranslation();
  const list = useList('revocations.list', {});
  useEvery(EVERY_MS, () => void queryClient.invalidateQueries({ queryKey: ['revocations.list'] }));
  return (
    <Page id="revocations" title={t('revocations.title')} lead={t('revocations.lead')}>
      <DataTable<RevocationView>
        label={t('revocations.title')}
        list={list}
        keyOf={({ seq }) => String(seq)}
        columns={[
          {
            label: t('revocations.seq'),
            role: 'main',
            cell: ({ seq }) => (
              <Link className="link" to="/revocations/$seq" params={{ seq: String(seq) }}>
                {seq}
              </Link>
            ),
          },
          {
            label: t('revocations.kind'),
            cell: ({ kind }) => {
              const key = kindKey(kind);
              return key === undefined ? <code>{kind}</code> : t(`revocations.kinds.${key}`);
            },
          },
          { label: t('revocations.id'), cell: ({ id }) => <code>{id}</code> },
          { label: t('revocations.reason'), cell: ({ reason }) => reason },
          { label: t('revocations.at'), cell: ({ at }) => <Moment at={at} /> },
        ]}
        empty={<Empty title={t('revocations.emptyTitle')} text={t('revocations.emptyText')} />}
      />
    </Page>
  );
}
