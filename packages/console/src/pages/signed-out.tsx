import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Empty, Page } from '../parts/page.tsx';

/** Where a sign-out ends: nobody is signed in again by it. */
export function SignedOut() {
  const { t } = useTranslation();
  return (
    <main className="main" id="main">
      <Page id="signed-out" title={t('door.signedOut')}>
        <Empty
          title={t('door.signedOut')}
          text={t('door.signedOutText')}
          act={
            <Button component="a" href="/console/login?return_to=%2Fconsole">
              {t('door.signIn')}
            </Button>
          }
        />
      </Page>
    </main>
  );
}
