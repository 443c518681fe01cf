import { AdminError } from '@hufu/client/admin';
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { CopyId } from './copy-id.tsx';

interface ProblemProps {
  readonly error: unknown;
  readonly retry?: () => void;
}

/** What went wrong, in the server's words, and the decision that explains it. */
export function Problem({ error, retry }: ProblemProps) {
  const { t } = useTranslation();
  const refused = error instanceof AdminError ? error : undefined;
  const decision = refused?.decision;
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{t('common.problem')}</strong>
      </p>
      <p>{refused?.message ?? t('common.unreachable')}</p>
      {refused?.errors.map(({ pointer, detail }) => (
        <p key={pointer + detail} className="small">
          <code>{pointer === '' ? '/' : pointer}</code> {detail}
        </p>
      ))}
      {decision !== undefined && (
        <p className="small">
          {t('common.decision')} <CopyId id={decision} />{' '}
          <Link className="link" to="/decisions/$id" params={{ id: decision }}>
            {t('common.why')}
          </Link>
        </p>
      )}
      {retry !== undefined && (
        <p>
          <Button size="xs" variant="default" onClick={retry}>
            {t('common.retry')}
          </Button>
        </p>
      )}
    </div>
  );
}
