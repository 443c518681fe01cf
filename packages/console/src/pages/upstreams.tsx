import type { ServiceView, TargetLive } from '@hufu/protocol/admin/gateway';
import type { UpstreamView } from '@hufu/protocol/admin/upstreams';
import { Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Moment } from '../parts/moment.tsx';
import { Empty, Page, State } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';

const EVERY_MS = 2_000;

/** Upstreams of both kinds: services behind the gateway, and providers that people sign in with. */
export function Upstreams() {
  const { t } = useTranslation();
  const { data, error } = useRead('upstreams.list', {});
  return (
    <Page id="upstreams" title={t('upstreams.title')} lead={t('upstreams.lead')}>
      <div className="stack">
        <section aria-labelledby="services">
          <h2 className="part" id="services">
            {t('upstreams.services')}
          </h2>
          <Services />
        </section>
        <section aria-labelledby="providers">
          <h2 className="part" id="providers">
            {t('upstreams.providers')}
          </h2>
          <DataTable<UpstreamView>
            label={t('upstreams.providers')}
            list={{ items: data?.body.items, error }}
            keyOf={({ name }) => name}
            columns={[
              {
                label: t('upstreams.name'),
                role: 'main',
                cell: ({ label, name, kind, preset, setting }) => (
                  <>
                    <strong>{label}</strong> <code>{preset ?? kind}</code>
                    <span className="sub">
                      {name} · <code>{setting}</code>
                    </span>
                  </>
                ),
              },
              {
                label: t('common.state'),
                cell: ({ enabled }) => (
                  <State mood={enabled ? 'good' : 'still'}>{t(enabled ? 'upstreams.enabled' : 'upstreams.disabled')}</State>
                ),
              },
              { label: t('upstreams.word'), cell: (upstream) => <Word upstream={upstream} /> },
              {
                label: t('upstreams.there'),
                cell: ({ issuer, client_id, scopes, redirect_uri }) => (
                  <>
                    <code>{issuer}</code>
                    {client_id !== undefined && (
                      <span className="sub">
                        client_id <code>{client_id}</code>
                      </span>
                    )}
                    {scopes !== undefined && scopes.length > 0 && (
                      <span className="sub">
                        <code>{scopes.join(' ')}</code>
                      </span>
                    )}
                    {redirect_uri !== undefined && (
                      <span className="sub">
                        {t('upstreams.redirect')} <CopyId id={redirect_uri} />
                      </span>
                    )}
                  </>
                ),
              },
            ]}
            empty={<Empty title={t('upstreams.noProviders')} text={t('upstreams.noProvidersText')} />}
          />
        </section>
      </div>
    </Page>
  );
}

/** Whom its word counts for. */
function Word({ upstream: { link, domains, create } }: { readonly upstream: UpstreamView }) {
  const { t } = useTranslation();
  return (
    <>
      {t(create ? 'upstreams.creates' : 'upstreams.createsNone')}
      <span className="sub">{t(link === 'off' ? 'upstreams.linkOff' : 'upstreams.linkEmail')}</span>
      {domains.length > 0 && (
        <span className="sub">
          <code>{domains.join(' ')}</code>
        </span>
      )}
    </>
  );
}

function Services() {
  const { t } = useTranslation();
  const { data, error, refetch } = useRead('services.list', {}, { everyMs: EVERY_MS });
  if (data === undefined) return error === null ? <Skeleton height={140} /> : <Problem error={error} retry={() => void refetch()} />;
  const { running, items } = data.body;
  if (items.length === 0)
    return (
      <div className="table-wrap">
        <Empty title={t('upstreams.noServices')} text={t('upstreams.noServicesText')} />
      </div>
    );
  return (
    <>
      {!running && <p className="note">{t('routes.notRunning')}</p>}
      {items.map((service) => (
        <Service key={service.name} service={service} />
      ))}
    </>
  );
}

function Service({ service }: { readonly service: ServiceView }) {
  const { t } = useTranslation();
  const { name, routes, targets, check, adaptive, live } = service;
  const notes = [
    check === undefined ? t('upstreams.unchecked') : t('upstreams.checked', { path: check.path, seconds: check.interval ?? 5 }),
    ...(adaptive === undefined ? [] : [t('upstreams.adaptive', { min: adaptive.min, max: adaptive.max })]),
    ...(live?.adaptive_limit === undefined
      ? []
      : [t('upstreams.fits', { limit: live.adaptive_limit, count: live.adaptive_in_flight ?? 0 })]),
    ...(live === undefined ? [] : [t('upstreams.waiting', { count: live.waiting })]),
  ];
  return (
    <div className="service">
      <h3>
        {name} <code>{service.setting}</code>
      </h3>
      <p className="sub">
        {routes.length === 0 ? (
          t('upstreams.noRoute')
        ) : (
          <>
            {t('upstreams.routes')}{' '}
            <Link to="/routes" className="link">
              {routes.join(', ')}
            </Link>
          </>
        )}
        {notes.map((note) => ` · ${note}`)}
      </p>
      <DataTable<ServiceView['targets'][number]>
        label={t('upstreams.targetsOf', { name })}
        list={{ items: targets, error: null }}
        keyOf={({ url }) => url}
        columns={[
          { label: t('upstreams.target'), role: 'main', cell: ({ url }) => <code>{url}</code> },
          { label: t('upstreams.tier'), cell: ({ tier, weight }) => t('upstreams.tierWeight', { tier, weight }) },
          { label: t('common.state'), cell: (target) => <Health live={target.live} /> },
          { label: t('upstreams.inFlight'), cell: (target) => <InFlight live={target.live} /> },
          { label: t('upstreams.lastFailure'), cell: (target) => <LastFailure live={target.live} /> },
        ]}
        empty={null}
      />
    </div>
  );
}

interface Live {
  readonly live: TargetLive | undefined;
}

function Health({ live }: Live) {
  const { t } = useTranslation();
  if (live === undefined) return <span className="faded">–</span>;
  const mood = live.state === 'closed' ? 'good' : live.state === 'open' ? 'bad' : 'wait';
  return (
    <>
      <State mood={mood}>{t(`upstreams.states.${live.state}`)}</State>
      {live.cause !== undefined && <span className="sub">{t(`upstreams.causes.${live.cause}`)}</span>}
    </>
  );
}

function InFlight({ live }: Live) {
  const { t } = useTranslation();
  if (live === undefined) return <span className="faded">–</span>;
  return (
    <>
      {t('upstreams.requests', { count: live.in_flight })}
      {live.streams > 0 && <span className="sub">{t('routes.streams', { count: live.streams })}</span>}
      <span className="sub">{t('upstreams.idle', { count: live.idle })}</span>
    </>
  );
}

function LastFailure({ live }: Live) {
  const { t } = useTranslation();
  const failure = live?.last_failure;
  if (failure === undefined) return <span className="faded">{t(live === undefined ? 'upstreams.unknown' : 'common.none')}</span>;
  return (
    <>
      {t(`upstreams.failures.${failure.kind}`)} {failure.status}
      <span className="sub">
        <Moment at={failure.at} />
      </span>
    </>
  );
}
