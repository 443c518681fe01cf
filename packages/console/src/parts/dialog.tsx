import { Modal } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';

interface DialogProps {
  readonly opened: boolean;
  readonly title: string;
  readonly close: () => void;
  /** Only by its own button: what is in it is there once. */
  readonly isOnce?: boolean;
  readonly isWide?: boolean;
  readonly children: ReactNode;
}

/** Whatever opened it may be gone (an item of a menu, an address): then the keyboard goes on at the page, and not at its very beginning. */
function KeepFocus() {
  // When it is over, what had the focus has left the document.
  useEffect(
    () => () => {
      if (document.activeElement === null || document.activeElement === document.body)
        document.getElementById('main')?.focus({ preventScroll: true });
    },
    [],
  );
  return null;
}

/** A question over the page, by its heading. It is left by its own buttons, by Escape, and by a click beside it. Without the library's own head, which would be a second banner of the page. */
export function Dialog({ opened, title, close, isOnce = false, isWide = false, children }: DialogProps) {
  return (
    <Modal.Root
      opened={opened}
      onClose={close}
      centered
      closeOnClickOutside={!isOnce}
      transitionProps={{ duration: 120 }}
      {...(isWide && { size: 'xl' })}
    >
      <Modal.Overlay backgroundOpacity={0.4} />
      <Modal.Content>
        <Modal.Body p="lg">
          <Modal.Title className="dialog-title">{title}</Modal.Title>
          {children}
          <KeepFocus />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
