import type { AdministratorView } from '@hufu/protocol/admin/administrators';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ROLE_ORDER } from '../api/me.ts';
import { useRead } from '../api/read.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty, Facts, Page, Sheet } from '../parts/page.tsx';

export function Administrators() {
  const { t } = useTranslation();
  const { data, error } = useRead('administrators.list', {});
  return (
    <Page id="administrators" title={t('administrators.title')} lead={t('administrators.lead')}>
      <div className="stack">
        <DataTable<AdministratorView>
          label={t('administrators.title')}
          list={{ items: data?.body.items, error }}
          keyOf={({ sub }) => sub}
          columns={[
            {
              label: t('users.username'),
              role: 'main',
              cell: ({ sub, username }) => (
                <Link className="link" to="/users/$sub" params={{ sub }}>
                  {username}
                </Link>
              ),
            },
            { label: t('users.giveRole'), cell: ({ role }) => t(`role.${role}`) },
            { label: t('administrators.source'), cell: ({ source }) => t(`administrators.sources.${source}`) },
            { label: t('administrators.since'), cell: ({ changed_at }) => (changed_at === undefined ? '–' : <Moment at={changed_at} />) },
            { label: t('administrators.by'), cell: ({ changed_by }) => (changed_by === undefined ? '–' : <code>{changed_by}</code>) },
          ]}
          empty={<Empty title={t('administrators.emptyTitle')} text={t('administrators.emptyText')} />}
        />
        <Sheet title={t('users.roleHere')}>
          <Facts facts={ROLE_ORDER.map((role) => ({ name: t(`role.${role}`), value: t(`roleMeaning.${role}`) }))} />
          <p className="faded small">{t('administrators.howTo')}</p>
        </Sheet>
      </div>
    </Page>
  );
}
