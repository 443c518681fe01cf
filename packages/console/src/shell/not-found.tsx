import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Empty, Page } from '../parts/page.tsx';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page id="not-found" title={t('common.notFound')}>
      <Empty
        title={t('common.notFound')}
        text={t('common.notFoundText')}
        act={
          <Link className="link" to="/">
            {t('common.toDashboard')}
          </Link>
        }
      />
    </Page>
  );
}
