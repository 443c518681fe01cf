import type { LimitView } from '@hufu/protocol/admin/limits';
import { Skeleton } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../api/me.ts';
import { useRead } from '../api/read.ts';
import { Json } from '../parts/json.tsx';
import { Moment } from '../parts/moment.tsx';
import { Facts, Page, Sheet } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { LimitActs, LimitEdit } from './limit-edit.tsx';
import { EVERY_MS, RefusedChart } from './limits.tsx';

const COUNTS = ['allowed', 'refused', 'shadow_refused', 'keys', 'crowded', 'store_errors'] as const;

/** One limit: what holds, by whose word, and what comes of it while one looks. */
export function LimitPage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: '/limits/$name' });
  const mayChange = useMay('security');
  const { data, error, refetch } = useRead('limits.get', { params: { name } }, { everyMs: EVERY_MS });
  const limit = data?.body;
  return (
    <Page
      id="limit"
      title={name}
      lead={
        limit !== undefined &&
        `${t(`limits.kinds.${limit.kind}`)}${Object(limit.rule)['shadow'] === true ? ` · ${t('limits.shadow')}` : ''}`
      }
      crumb={
        <Link className="link" to="/limits">
          {t('nav.limits')}
        </Link>
      }
      acts={mayChange && limit !== undefined && <LimitActs limit={limit} />}
    >
      {limit === undefined ? (
        error === null ? (
          <Skeleton height={240} />
        ) : (
          <Problem error={error} retry={() => void refetch()} />
        )
      ) : (
        <div className="stack">
          <Sheet title={t('limits.rule')}>
            {limit.problem !== undefined && <p className="notice">{t('limits.problem', { problem: limit.problem })}</p>}
            <Facts
              facts={[
                { name: t('limits.source'), value: t(`limits.sources.${limit.source}`) },
                limit.changed_at === undefined ? undefined : { name: t('limits.changedAt'), value: <Moment at={limit.changed_at} /> },
                limit.changed_by === undefined ? undefined : { name: t('limits.changedBy'), value: <code>{limit.changed_by}</code> },
                {
                  name: t('common.details'),
                  value: (
                    <Link className="link" to="/audit" search={{ target: `limit ${name}` }}>
                      {t('limits.itsChanges')}
                    </Link>
                  ),
                },
              ]}
            />
            <Json value={limit.rule} label={t('limits.rule')} />
          </Sheet>
          <Sheet title={t('limits.counts')}>
            <p className="faded">{t('limits.countsText')}</p>
            <Counts counts={limit.counts} />
          </Sheet>
          <Sheet title={t('limits.chart')}>
            <Suspense fallback={<Skeleton height={180} />}>
              <RefusedChart limits={[limit]} label={t('limits.chartLabel')} />
            </Suspense>
          </Sheet>
          {mayChange && <LimitEdit limit={limit} />}
        </div>
      )}
    </Page>
  );
}

function Counts({ counts }: { readonly counts: LimitView['counts'] }) {
  const { t, i18n } = useTranslation();
  if (counts === undefined) return <p>{t('limits.notCounted')}</p>;
  const write = (count: number): string => new Intl.NumberFormat(i18n.language).format(count);
  return <Facts facts={COUNTS.map((name) => ({ name: t(`limits.count.${name}`), value: write(counts[name] ?? 0) }))} />;
}
