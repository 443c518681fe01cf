import type { AuditView, CheckpointView } from '@hufu/protocol/admin/audit';
import { Skeleton } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { CopyId } from '../parts/copy-id.tsx';
import { Json } from '../parts/json.tsx';
import { MomentMs } from '../parts/moment.tsx';
import { Facts, Page, Sheet, State } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { keyOf } from './audit-checkpoints.tsx';
import { Party, partyText } from './audit-party.tsx';

const EVERY_MS = 5_000;

/** One entry of the log: what was done, its place in the chain, and the checkpoint that seals it. */
export function AuditEntryPage() {
  const { t } = useTranslation();
  const { seq } = useParams({ from: '/audit/$seq' });
  const { data, error, refetch } = useRead('audit.get', { params: { seq } });
  const entry = data?.body;
  return (
    <Page
      id="audit-entry"
      title={t('audit.entryTitle', { seq })}
      lead={entry === undefined ? undefined : <code>{entry.action}</code>}
      crumb={
        <Link className="link" to="/audit">
          {t('nav.audit')}
        </Link>
      }
    >
      {entry === undefined ? (
        error === null ? (
          <Skeleton height={240} />
        ) : (
          <Problem error={error} retry={() => void refetch()} />
        )
      ) : (
        <div className="stack">
          <What entry={entry} />
          {Object.keys(Object(entry.details)).length > 0 && (
            <Sheet title={t('common.details')}>
              <Json value={entry.details} label={t('common.details')} />
            </Sheet>
          )}
          <Place entry={entry} />
          <Seal seq={entry.seq} />
        </div>
      )}
    </Page>
  );
}

function What({ entry: { action, actor, via, target, at_ms, request_id } }: { readonly entry: AuditView }) {
  const { t } = useTranslation();
  return (
    <Sheet>
      <Facts
        facts={[
          {
            name: t('audit.action'),
            value: (
              <Link className="link" to="/audit" search={{ action }}>
                <code>{action}</code>
              </Link>
            ),
          },
          { name: t('audit.at'), value: <MomentMs ms={at_ms} /> },
          { name: t('audit.actor'), value: <Party party={actor} /> },
          via === ''
            ? undefined
            : {
                name: t('audit.through'),
                value: (
                  <Link className="link" to="/clients/$id" params={{ id: via }}>
                    <code>{via}</code>
                  </Link>
                ),
              },
          { name: t('audit.target'), value: <Party party={target} /> },
          request_id === '' ? undefined : { name: t('audit.request'), value: <CopyId id={request_id} /> },
          {
            name: t('audit.others'),
            value: (
              <>
                <Link className="link" to="/audit" search={{ actor: partyText(actor) }}>
                  {t('audit.sameActor')}
                </Link>
                {target.id !== '' && (
                  <>
                    {' · '}
                    <Link className="link" to="/audit" search={{ target: partyText(target) }}>
                      {t('audit.sameTarget')}
                    </Link>
                  </>
                )}
              </>
            ),
          },
        ]}
      />
    </Sheet>
  );
}

/** Its place in the chain: the hash of an entry is over the one before it. */
function Place({ entry: { seq, hash, mac, id } }: { readonly entry: AuditView }) {
  const { t } = useTranslation();
  const before = useRead('audit.get', { params: { seq: String(seq - 1) } }, { enabled: seq > 1 });
  return (
    <Sheet title={t('audit.place')}>
      <p className="faded">{t('audit.placeText')}</p>
      <Facts
        facts={[
          {
            name: t('audit.before'),
            value:
              seq === 1 ? (
                t('audit.first')
              ) : (
                <>
                  <Link className="link" to="/audit/$seq" params={{ seq: String(seq - 1) }}>
                    {seq - 1}
                  </Link>{' '}
                  <code>{before.data?.body.hash}</code>
                </>
              ),
          },
          { name: t('audit.number'), value: `${seq} (${t('audit.written', { id })})` },
          { name: t('audit.mac'), value: <code>{mac}</code> },
          { name: t('audit.hash'), value: <CopyId id={hash} /> },
        ]}
      />
    </Sheet>
  );
}

/** The first checkpoint at or after it. It comes within a minute. */
function Seal({ seq }: { readonly seq: number }) {
  const { t } = useTranslation();
  const { data, error } = useRead('audit.checkpoints', { query: { from: seq, limit: 1 } }, { everyMs: EVERY_MS });
  const seal: CheckpointView | undefined = data?.body.items[0];
  return (
    <Sheet title={t('audit.seal')}>
      {data === undefined ? (
        error === null ? (
          <Skeleton height={96} />
        ) : (
          <Problem error={error} />
        )
      ) : seal === undefined ? (
        <State mood="wait">{t('audit.notSealed')}</State>
      ) : (
        <>
          <Facts
            facts={[
              { name: t('common.state'), value: <State mood="good">{t('audit.sealed', { seq: seal.seq })}</State> },
              { name: t('audit.signedAt'), value: <MomentMs ms={seal.at_ms} /> },
              { name: t('audit.signedWith'), value: <code>{keyOf(seal.jws)}</code> },
              { name: t('audit.toKeep'), value: <CopyId id={`${seal.seq}:${seal.hash}`} /> },
              { name: t('audit.signed'), value: <CopyId id={seal.jws} /> },
            ]}
          />
          <p className="faded small">{t('audit.keepText')}</p>
        </>
      )}
    </Sheet>
  );
}
