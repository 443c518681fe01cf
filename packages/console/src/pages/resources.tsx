import type { ResourceView } from '@hufu/protocol/admin/settings';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Duration } from '../parts/moment.tsx';
import { Empty, Page } from '../parts/page.tsx';

export function Resources() {
  const { t } = useTranslation();
  const { data, error } = useRead('resources.list', {});
  return (
    <Page id="resources" title={t('resources.title')} lead={t('resources.lead')}>
      <DataTable<ResourceView>
        label={t('resources.title')}
        list={{ items: data?.body.items, error }}
        keyOf={({ identifier }) => identifier}
        columns={[
          { label: t('resources.identifier'), role: 'main', cell: ({ identifier }) => <code>{identifier}</code> },
          { label: t('resources.scopes'), cell: ({ scopes }) => <code>{scopes.join(' ')}</code> },
          { label: t('resources.format'), cell: ({ token_format }) => <code>{token_format}</code> },
          {
            label: t('resources.alg'),
            cell: ({ token_format, signing_alg }) => (token_format === 'jwt' ? <code>{signing_alg}</code> : '–'),
          },
          { label: t('resources.ttl'), cell: ({ token_ttl }) => <Duration seconds={token_ttl} /> },
        ]}
        empty={<Empty title={t('resources.emptyTitle')} text={t('resources.emptyText')} />}
      />
    </Page>
  );
}
