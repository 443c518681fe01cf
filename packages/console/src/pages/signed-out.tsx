import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Door } from '../shell/door.tsx';

/** Where a sign-out ends: nobody is signed in again by it. */
export function SignedOut() {
  const { t } = useTranslation();
  return (
    <Door id="signed-out" title={t('door.signedOut')} text={t('door.signedOutText')}>
      <Button component="a" href="/console/login?return_to=%2Fconsole">
        {t('door.signIn')}
      </Button>
    </Door>
  );
}
