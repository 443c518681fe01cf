import type { MetricsView } from '@hufu/protocol/admin/metrics';
import { Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { Moment } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { BarList, Nothing, Tile } from './tile.tsx';

const LIVE_MS = 2_000;
const NEWEST = 8;

/** The newest revocations, as they happen. */
export function Revocations() {
  const { t } = useTranslation();
  const { data, error } = useRead('revocations.list', { query: { limit: NEWEST } }, { everyMs: LIVE_MS });
  const items = data?.body.items;
  return (
    <Tile title={t('dashboard.revocations')} to="/revocations">
      {items === undefined ? (
        error === null ? (
          <Skeleton height={160} />
        ) : (
          <Problem error={error} />
        )
      ) : items.length === 0 ? (
        <Nothing>{t('dashboard.revocationsNone')}</Nothing>
      ) : (
        <>
          <ul className="lines" data-testid="live-revocations">
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
          <p className="small faded">{t('dashboard.revocationsText')}</p>
        </>
      )}
    </Tile>
  );
}

/** Which limits turn requests away. */
export function Limits({ view }: { readonly view: MetricsView }) {
  const { t, i18n } = useTranslation();
  const write = (value: number): string => new Intl.NumberFormat(i18n.language).format(value);
  const refusing = view.limits.filter(({ refused }) => refused > 0);
  const shadow = view.limits.filter(({ shadow_refused }) => shadow_refused > 0);
  return (
    <Tile title={t('dashboard.limits')} to="/limits">
      {refusing.length + shadow.length === 0 ? (
        <Nothing>{t('dashboard.limitsNone')}</Nothing>
      ) : (
        <>
          {refusing.length > 0 && (
            <BarList rows={refusing.map(({ name, refused }) => ({ name, total: refused, to: '/limits' }))} write={write} />
          )}
          {shadow.length > 0 && (
            <>
              <h3>{t('dashboard.limitsShadow')}</h3>
              <BarList rows={shadow.map(({ name, shadow_refused }) => ({ name, total: shadow_refused, to: '/limits' }))} write={write} />
            </>
          )}
        </>
      )}
    </Tile>
  );
}

/** Keys that sign: in use, and next. */
export function Keys() {
  const { t } = useTranslation();
  const { data, error } = useRead('keys.list', {});
  const keys = data?.body.items.filter(({ use }) => use === 'sig');
  const countOf = (state: string): number => keys?.filter((key) => key.state === state).length ?? 0;
  return (
    <Tile title={t('dashboard.keys')} to="/keys">
      {keys === undefined ? (
        error === null ? (
          <Skeleton height={96} />
        ) : (
          <Problem error={error} />
        )
      ) : (
        <>
          <p className="small">{t('dashboard.keysText', { current: countOf('current'), next: countOf('next') })}</p>
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
        </>
      )}
    </Tile>
  );
}
