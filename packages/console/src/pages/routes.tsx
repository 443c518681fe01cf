import type { RouteView } from '@hufu/protocol/admin/gateway';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Duration } from '../parts/moment.tsx';
import { Empty, Page } from '../parts/page.tsx';

const EVERY_MS = 2_000;

/** What goes where at the gateway, what it takes, and what came. */
export function Routes() {
  const { t } = useTranslation();
  const { data, error } = useRead('routes.list', {}, { everyMs: EVERY_MS });
  const list = data?.body;
  return (
    <Page id="routes" title={t('routes.title')} lead={t('routes.lead')}>
      {list !== undefined && list.items.length > 0 && (
        <p className="note">
          {t('routes.origins')} <code>{list.origins.join(' ')}</code>
          {' · '}
          {t(list.running ? 'routes.running' : 'routes.notRunning')}
        </p>
      )}
      <DataTable<RouteView>
        label={t('routes.title')}
        list={{ items: list?.items, error }}
        keyOf={({ name }) => name}
        columns={[
          {
            label: t('routes.name'),
            role: 'main',
            cell: ({ name, path, hosts, methods, setting }) => (
              <>
                <strong>{name}</strong>{' '}
                <code>
                  {methods !== undefined && `${methods.join(' ')} `}
                  {path}
                </code>
                {hosts !== undefined && <span className="sub">{hosts.join(' ')}</span>}
                <span className="sub">
                  <code>{setting}</code>
                </span>
              </>
            ),
          },
          { label: t('routes.takes'), cell: (route) => <Takes route={route} /> },
          {
            label: t('routes.upstream'),
            cell: ({ upstream }) => (
              <Link to="/upstreams" className="link">
                {upstream}
              </Link>
            ),
          },
          {
            label: t('routes.limits'),
            cell: ({ limits }) =>
              limits.length === 0 ? (
                <span className="faded">{t('common.none')}</span>
              ) : (
                limits.map((name) => (
                  <div key={name}>
                    <Link to="/limits/$name" params={{ name }} className="link">
                      {name.replace(/^edge:/, '')}
                    </Link>
                  </div>
                ))
              ),
          },
          {
            label: t('routes.came'),
            cell: ({ live }) =>
              live === undefined ? (
                <span className="faded">–</span>
              ) : (
                <>
                  {t('routes.requests', { count: live.requests })}
                  <span className="sub">{t('routes.refused', { count: live.refused })}</span>
                  {live.streams > 0 && <span className="sub">{t('routes.streams', { count: live.streams })}</span>}
                </>
              ),
          },
        ]}
        empty={<Empty title={t('routes.emptyTitle')} text={t('routes.emptyText')} />}
      />
    </Page>
  );
}

/** Whose requests pass, in a few lines: what is usual is left out. */
function Takes({ route }: { readonly route: RouteView }) {
  const { t } = useTranslation();
  const { scopes, scopes_by_method, acr_values, max_age, passport, audience } = route;
  const ways = [
    ...(route.bearer ? [t('routes.bearer')] : []),
    ...(route.session ? [t('routes.session')] : []),
    ...(route.websocket ? ['WebSocket'] : []),
  ];
  return (
    <>
      {t(`routes.tokens.${route.token}`)}
      {scopes.length > 0 && (
        <span className="sub">
          <code>{scopes.join(' ')}</code>
        </span>
      )}
      {Object.entries(scopes_by_method ?? {}).map(([method, needed]) => (
        <span className="sub" key={method}>
          <code>
            {method}: {Array.isArray(needed) && needed.length > 0 ? needed.join(' ') : '–'}
          </code>
        </span>
      ))}
      {acr_values !== undefined && (
        <span className="sub">
          acr <code>{acr_values.join(' ')}</code>
        </span>
      )}
      {max_age !== undefined && (
        <span className="sub">
          {t('routes.maxAge')} <Duration seconds={max_age} />
        </span>
      )}
      {audience !== undefined && (
        <span className="sub">
          {t('routes.audience')} <code>{audience}</code>
        </span>
      )}
      {passport !== undefined && passport.min_level > 0 && (
        <span className="sub">{t('routes.passport', { level: passport.min_level })}</span>
      )}
      {ways.length > 0 && <span className="sub">{ways.join(' · ')}</span>}
    </>
  );
}
