import { Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { Moment, momentText } from '../parts/moment.tsx';
import { Page, Sheet } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { refusedOf } from './limit-counts.ts';

const EVERY_MS = 5_000;
const SAMPLE = 200;
const SHOWN = 6;

/** What the API can tell in a moment, and since when it is true. Nothing here is an estimate. */
export function Dashboard() {
  const { t } = useTranslation();
  return (
    <Page id="dashboard" title={t('dashboard.title')} lead={t('dashboard.lead')}>
      <div className="tiles">
        <Refusals />
        <Revocations />
        <LimitsAtWork />
        <KeysTile />
      </div>
    </Page>
  );
}

function Tile({
  title,
  to,
  error,
  isLoading,
  children,
}: {
  readonly title: string;
  readonly to: string;
  readonly error: unknown;
  readonly isLoading: boolean;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Sheet
      title={title}
      aside={
        <Link className="link small" to={to} aria-label={`${title}: ${t('dashboard.all')}`}>
          {t('dashboard.all')}
        </Link>
      }
    >
      {error !== null ? <Problem error={error} /> : isLoading ? <Skeleton height={96} /> : children}
    </Sheet>
  );
}

/** The reasons of the newest refusals: a sample whose size and beginning are told. */
function Refusals() {
  const { t, i18n } = useTranslation();
  const { data, error } = useRead('decisions.list', { query: { limit: SAMPLE } }, { everyMs: EVERY_MS });
  const items = data?.body.items ?? [];
  const counts = new Map<string, number>();
  for (const { error: code } of items) counts.set(code, (counts.get(code) ?? 0) + 1);
  const ranked = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, SHOWN);
  const most = ranked[0]?.[1] ?? 1;
  const oldest = items.at(-1)?.at;
  return (
    <Tile title={t('dashboard.refusals')} to="/decisions" error={data === undefined ? error : null} isLoading={data === undefined}>
      {oldest === undefined ? (
        <p className="faded">{t('dashboard.refusalsNone')}</p>
      ) : (
        <>
          <ul className="bars">
            {ranked.map(([code, count]) => (
              <li key={code}>
                <Link className="link" to="/decisions" search={{ error: code }}>
                  <code>{code}</code>
                </Link>
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <rect width={(count / most) * 100} height="8" />
                </svg>
                <span>{count}</span>
              </li>
            ))}
          </ul>
          <p className="small faded">{t('dashboard.refusalsSince', { count: items.length, since: momentText(oldest, i18n.language) })}</p>
        </>
      )}
    </Tile>
  );
}

function Revocations() {
  const { t } = useTranslation();
  const { data, error } = useRead('revocations.list', { query: { limit: SHOWN } }, { everyMs: EVERY_MS });
  const items = data?.body.items ?? [];
  return (
    <Tile title={t('dashboard.revocations')} to="/revocations" error={data === undefined ? error : null} isLoading={data === undefined}>
      {items.length === 0 ? (
        <p className="faded">{t('dashboard.revocationsNone')}</p>
      ) : (
        <ul className="lines">
          {items.map(({ seq, kind, reason, at }) => (
            <li key={seq}>
              <span>
                <Link className="link" to="/revocations/$seq" params={{ seq: String(seq) }}>
                  {seq}
                </Link>{' '}
                <code>{kind}</code> {reason}
              </span>
              <span className="faded">
                <Moment at={at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Tile>
  );
}

function LimitsAtWork() {
  const { t } = useTranslation();
  const { data, error } = useRead('limits.list', {}, { everyMs: EVERY_MS });
  const busy = (data?.body.limits ?? [])
    .map(({ name, counts }) => ({ name, refused: refusedOf(counts) }))
    .filter(({ refused }) => refused > 0)
    .toSorted((a, b) => b.refused - a.refused)
    .slice(0, SHOWN);
  return (
    <Tile title={t('dashboard.limits')} to="/limits" error={data === undefined ? error : null} isLoading={data === undefined}>
      {busy.length === 0 ? (
        <p className="faded">{t('dashboard.limitsNone')}</p>
      ) : (
        <>
          <ul className="lines">
            {busy.map(({ name, refused }) => (
              <li key={name}>
                <code>{name}</code>
                <span>
                  {refused} {t('dashboard.refused')}
                </span>
              </li>
            ))}
          </ul>
          <p className="small faded">{t('dashboard.limitsText')}</p>
        </>
      )}
    </Tile>
  );
}

function KeysTile() {
  const { t } = useTranslation();
  const { data, error } = useRead('keys.list', {});
  const keys = (data?.body.items ?? []).filter(({ use }) => use === 'sig');
  const countOf = (state: string): number => keys.filter((key) => key.state === state).length;
  return (
    <Tile title={t('dashboard.keys')} to="/keys" error={data === undefined ? error : null} isLoading={data === undefined}>
      <p>{t('dashboard.keysText', { current: countOf('current'), next: countOf('next') })}</p>
      <ul className="lines">
        {keys
          .filter(({ state }) => state === 'current')
          .map(({ kid, alg, active_at }) => (
            <li key={kid}>
              <code>{alg}</code>
              <span className="faded">
                <Moment at={active_at} />
              </span>
            </li>
          ))}
      </ul>
    </Tile>
  );
}
