import type { PolicyView } from '@hufu/protocol/admin/policies';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { POLICY_WORDS_ZH_CN } from '../i18n/policies-zh-cn.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Filters, useFilters } from '../parts/filters.tsx';
import { MemberName } from '../parts/member-name.tsx';
import { Empty, Page, State } from '../parts/page.tsx';

/** Everything that is decided once for all: what holds, whether the file says so, and where. */
export function Policies() {
  const { t, i18n } = useTranslation();
  const { data, error } = useRead('policies.list', {});
  const { find = '', which } = useFilters();
  const meaningOf = ({ setting, meaning }: PolicyView): string =>
    i18n.language.startsWith('zh') ? (POLICY_WORDS_ZH_CN[setting] ?? meaning) : meaning;
  const wanted = find.toLowerCase();
  const items = data?.body.items.filter(
    (policy) =>
      (which === undefined || policy.set === (which === 'set')) &&
      (policy.setting.includes(wanted) || meaningOf(policy).toLowerCase().includes(wanted)),
  );
  return (
    <Page id="policies" title={t('policies.title')} lead={t('policies.lead')}>
      <Filters
        filters={[
          { name: 'find', label: t('policies.find'), hint: t('policies.findHint') },
          {
            name: 'which',
            label: t('policies.which'),
            choices: [
              { value: 'set', label: t('policies.set') },
              { value: 'default', label: t('policies.default') },
            ],
          },
        ]}
      />
      <DataTable<PolicyView>
        label={t('policies.title')}
        list={{ items, error }}
        keyOf={({ setting }) => setting}
        columns={[
          {
            label: t('policies.setting'),
            role: 'main',
            cell: (policy) => (
              <>
                <MemberName name={policy.setting} />
                <span className="sub">{meaningOf(policy)}</span>
              </>
            ),
          },
          { label: t('policies.value'), cell: ({ value }) => <Value value={value} /> },
          {
            label: t('policies.from'),
            cell: ({ set, line, usual }) => (
              <>
                <State mood={set ? 'good' : 'still'}>{t(set ? 'policies.set' : 'policies.default')}</State>
                {set && line !== undefined && <span className="sub">{t('policies.line', { line })}</span>}
                {set && (
                  <span className="sub">
                    {t('policies.usual')} <Value value={usual} />
                  </span>
                )}
              </>
            ),
          },
        ]}
        empty={<Empty title={t('policies.emptyTitle')} text={t('policies.emptyText')} />}
      />
    </Page>
  );
}

/** As one would write it, on one line where it is short. */
function Value({ value }: { readonly value: PolicyView['value'] }) {
  const { t } = useTranslation();
  const isNothing = value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
  if (isNothing) return <span className="faded">{t('common.none')}</span>;
  if (typeof value !== 'object') return <code>{String(value)}</code>;
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return <code>{value.join(' ')}</code>;
  const text = JSON.stringify(value);
  return <code>{text.length <= 60 ? text : JSON.stringify(value, undefined, 1)}</code>;
}
