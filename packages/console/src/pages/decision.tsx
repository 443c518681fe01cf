import { Skeleton } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { Trans, useTranslation } from 'react-i18next';
import { useRead } from '../api/read.ts';
import { Checks } from '../parts/checks.tsx';
import { CopyId } from '../parts/copy-id.tsx';
import { Moment } from '../parts/moment.tsx';
import { Facts, Page, Sheet } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';

/** Why a request was refused: every check that was made, the one that failed, and the setting that decides it. */
export function DecisionPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/decisions/$id' });
  const { data, error, refetch } = useRead('decisions.get', { params: { decision_id: id } });
  const decision = data?.body;
  const setting = decision?.checks.find(({ outcome }) => outcome === 'failed')?.setting;
  return (
    <Page
      id="decision"
      title={decision === undefined ? t('decisions.ask') : t('decisions.detailTitle', { error: decision.error })}
      lead={decision?.description}
      crumb={
        <Link className="link" to="/decisions">
          {t('nav.decisions')}
        </Link>
      }
    >
      {decision === undefined ? (
        error === null ? (
          <Skeleton height={240} />
        ) : (
          <Problem error={error} retry={() => void refetch()} />
        )
      ) : (
        <>
          <Sheet>
            <Facts
              facts={[
                { name: t('common.decision'), value: <CopyId id={decision.id} /> },
                { name: t('decisions.time'), value: <Moment at={decision.at} /> },
                { name: t('decisions.where'), value: <code>{decision.endpoint}</code> },
                { name: t('decisions.status'), value: decision.status },
                {
                  name: t('decisions.client'),
                  value:
                    decision.client_id === '' ? (
                      t('decisions.unknown')
                    ) : (
                      <Link className="link" to="/clients/$id" params={{ id: decision.client_id }}>
                        <code>{decision.client_id}</code>
                      </Link>
                    ),
                },
                decision.route === undefined ? undefined : { name: t('decisions.route'), value: <code>{decision.route}</code> },
                decision.times === undefined ? undefined : { name: t('decisions.times'), value: decision.times },
                decision.last_at === undefined ? undefined : { name: t('decisions.lastAt'), value: <Moment at={decision.last_at} /> },
              ]}
            />
          </Sheet>
          <Sheet title={t('decisions.checks')}>
            <Checks checks={decision.checks} />
          </Sheet>
          {setting !== undefined && (
            <Sheet title={t('decisions.fix')}>
              <p>
                <Trans i18nKey="decisions.fixText" values={{ setting }} />
              </p>
            </Sheet>
          )}
        </>
      )}
    </Page>
  );
}
