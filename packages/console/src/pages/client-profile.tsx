import type { DemandView } from '@hufu/protocol/admin/clients';
import type { ProfileName } from '@hufu/protocol/profiles/profile-names';
import { NativeSelect } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { DataTable } from '../parts/data-table.tsx';
import { type Search, useFilters } from '../parts/filters.tsx';
import { MemberName } from '../parts/member-name.tsx';
import { Sheet, State } from '../parts/page.tsx';

const LABELS = {
  oauth21: 'clientProfile.names.oauth21',
  mcp: 'clientProfile.names.mcp',
  fapi2_security: 'clientProfile.names.fapi2_security',
  fapi2_message_signing: 'clientProfile.names.fapi2_message_signing',
  fapi1_advanced: 'clientProfile.names.fapi1_advanced',
} as const satisfies Readonly<Record<ProfileName, string>>;
const PROFILES = Object.keys(LABELS) as ProfileName[];

/** What a profile wants of a client, what it has, and which member to change. Which profile stands in the address. */
export function ClientProfile({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const given = useFilters()['profile'];
  const asked = PROFILES.find((name) => name === given);
  const { data, error } = useRead('clients.check', {
    params: { client_id: id },
    query: asked === undefined ? {} : { profile: asked },
  });
  const check = data?.body;
  return (
    <div className="stack">
      <NativeSelect
        label={t('clientProfile.choose')}
        value={asked ?? check?.profile ?? ''}
        onChange={({ currentTarget: { value } }) =>
          void navigate({ to: '.', search: (old: Search) => ({ ...old, profile: value }), replace: true })
        }
        data={PROFILES.map((value) => ({ value, label: t(LABELS[value]) }))}
        maw={360}
      />
      {check !== undefined && (
        <p>
          <State mood={check.meets ? 'good' : 'bad'}>{t(check.meets ? 'clientProfile.meets' : 'clientProfile.falls')}</State>
          {' · '}
          {t(check.held ? 'clientProfile.held' : 'clientProfile.notHeld')}
        </p>
      )}
      <DataTable<DemandView>
        label={t('clientProfile.title')}
        list={{ items: check?.demands, error }}
        keyOf={({ member, rule }) => `${member} ${rule}`}
        columns={[
          { label: t('clientProfile.member'), role: 'main', cell: ({ member }) => <MemberName name={member} /> },
          {
            label: t('clientProfile.wants'),
            cell: ({ rule, values }) => t(`clientProfile.rules.${rule}`, { values: values.join(', ') }),
          },
          {
            label: t('clientProfile.has'),
            cell: ({ has }) =>
              has.length === 0 ? <span className="faded">{t('clientProfile.nothing')}</span> : <code>{has.join(', ')}</code>,
          },
          {
            label: t('common.state'),
            cell: ({ met }) => <State mood={met ? 'good' : 'bad'}>{t(met ? 'clientProfile.met' : 'clientProfile.change')}</State>,
          },
        ]}
        empty={null}
      />
      {check !== undefined && check.server.length > 0 && (
        <Sheet title={t('clientProfile.server')}>
          <ul>
            {check.server.map(({ setting, message }) => (
              <li key={setting}>
                {t('clientProfile.serverText')} <code>{setting}</code> – <span lang="en">{message}</span>
              </li>
            ))}
          </ul>
        </Sheet>
      )}
    </div>
  );
}
