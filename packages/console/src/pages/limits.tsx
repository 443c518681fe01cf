import type { LimitView } from '@hufu/protocol/admin/limits';
import { Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../api/me.ts';
import { useRead } from '../api/read.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Empty, Page, Sheet } from '../parts/page.tsx';
import { LimitActs, LimitEdit } from './limit-edit.tsx';

export const EVERY_MS = 2_000;
/** The charts are the largest part of the console: read when somebody looks at one. */
export const RefusedChart = lazy(async () => ({ default: (await import('./refused-chart.tsx')).RefusedChart }));

export function Limits() {
  const { t } = useTranslation();
  const { data, error } = useRead('limits.list', {}, { everyMs: EVERY_MS });
  const mayChange = useMay('security');
  const limits = data?.body.limits;
  return (
    <Page id="limits" title={t('limits.title')} lead={t('limits.lead')}>
      <div className="stack">
        {limits !== undefined && limits.length > 0 && (
          <Sheet title={t('limits.chart')}>
            <Suspense fallback={<Skeleton height={180} />}>
              <RefusedChart limits={limits} label={t('limits.chartLabel')} />
            </Suspense>
          </Sheet>
        )}
        <DataTable<LimitView>
          label={t('limits.title')}
          list={{ items: limits, error }}
          keyOf={({ name, kind }) => `${kind} ${name}`}
          columns={[
            {
              label: t('limits.name'),
              role: 'main',
              cell: ({ name, kind, rule, problem }) => (
                <>
                  <Link className="link" to="/limits/$name" params={{ name }}>
                    <code>{name}</code>
                  </Link>
                  <span className="sub">
                    {t(`limits.kinds.${kind}`)}
                    {Object(rule)['shadow'] === true && ` · ${t('limits.shadow')}`}
                  </span>
                  {problem !== undefined && <span className="sub">{t('limits.problem', { problem })}</span>}
                </>
              ),
            },
            { label: t('limits.rule'), cell: ({ rule }) => <code>{ruleText(rule)}</code> },
            { label: t('limits.source'), cell: ({ source }) => <span className="nowrap">{t(`limits.sources.${source}`)}</span> },
            { label: t('limits.counts'), cell: ({ counts }) => <Counts counts={counts} /> },
            ...(mayChange
              ? [{ label: t('common.actions'), role: 'acts' as const, cell: (limit: LimitView) => <LimitActs limit={limit} /> }]
              : []),
          ]}
          empty={<Empty title={t('limits.emptyTitle')} text={t('limits.emptyText')} />}
        />
        {mayChange && limits?.map((limit) => <LimitEdit key={`${limit.kind} ${limit.name}`} limit={limit} />)}
      </div>
    </Page>
  );
}

function ruleText(rule: unknown): string {
  if (typeof rule !== 'object' || rule === null) return String(rule);
  return Object.entries(rule)
    .map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
}

function Counts({ counts }: { readonly counts: LimitView['counts'] }) {
  const some = Object.entries(counts ?? {}).filter(([, count]) => count > 0);
  if (some.length === 0) return <span className="faded">0</span>;
  return some.map(([name, count]) => (
    <div key={name} className="nowrap">
      {name} {count}
    </div>
  ));
}
