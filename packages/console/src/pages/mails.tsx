import type { AppearanceLocale } from '@hufu/protocol/admin/appearance';
import { NativeSelect, Skeleton } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { type Search, useFilters } from '../parts/filters.tsx';
import { Facts, Page, Sheet, State } from '../parts/page.tsx';
import { PreviewFrame } from '../parts/preview-frame.tsx';
import { Problem } from '../parts/problem.tsx';
import { Yaml } from '../parts/yaml.tsx';

/** Every mail that people get, as they get it. */
export function Mails() {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const { mail = 'sign_in', lang } = useFilters();
  const locale: AppearanceLocale = lang === 'en' || lang === 'zh-CN' ? lang : i18n.language.startsWith('zh') ? 'zh-CN' : 'en';
  const list = useRead('mail.templates.list', {});
  const { data, error, refetch } = useRead('mail.templates.get', { params: { template: mail }, query: { locale } });
  const set = (name: string, value: string): void => {
    void navigate({ to: '.', search: (old: Search) => ({ ...old, [name]: value }), replace: true });
  };
  const items = list.data?.body.items ?? [];
  const sample = data?.body;
  return (
    <Page id="mails" title={t('mails.title')} lead={t('mails.lead')}>
      <div className="filters">
        <NativeSelect
          label={t('mails.which')}
          value={mail}
          onChange={(event) => set('mail', event.currentTarget.value)}
          data={(['ask', 'tell', 'notice'] as const).map((kind) => ({
            group: t(`mails.kinds.${kind}`),
            items: items
              .filter((one) => one.kind === kind)
              .map((one) => ({ value: one.name, label: `${nameOf(one.name)}${one.changed.length > 0 ? ` · ${t('mails.changed')}` : ''}` })),
          }))}
        />
        <NativeSelect
          label={t('top.language')}
          value={locale}
          onChange={(event) => set('lang', event.currentTarget.value)}
          data={[
            { value: 'en', label: 'English' },
            { value: 'zh-CN', label: '简体中文' },
          ]}
        />
      </div>
      {sample === undefined ? (
        error === null ? (
          <Skeleton height={400} />
        ) : (
          <Problem error={error} retry={() => void refetch()} />
        )
      ) : (
        <div className="stack">
          <Sheet>
            <Facts
              facts={[
                { name: t('mails.subject'), value: <strong>{sample.subject}</strong> },
                {
                  name: t('mails.words'),
                  value: <State mood={sample.changed ? 'good' : 'still'}>{t(sample.changed ? 'mails.fromFile' : 'mails.ours')}</State>,
                },
              ]}
            />
          </Sheet>
          <div className="side-by-side">
            <Sheet title={t('mails.html')}>
              <PreviewFrame html={sample.html} title={t('mails.html')} height="38rem" />
            </Sheet>
            <Sheet title={t('mails.text')}>
              <pre className="json mail-text" tabIndex={0} aria-label={t('mails.text')}>
                {sample.text}
              </pre>
            </Sheet>
          </div>
          <Sheet title={t('mails.change')}>
            <p className="note">{t('mails.changeText')}</p>
            <Yaml text={sample.yaml} label={t('mails.change')} />
          </Sheet>
        </div>
      )}
    </Page>
  );

  function nameOf(name: string): string {
    return t(`mails.names.${name}`, { defaultValue: name });
  }
}
