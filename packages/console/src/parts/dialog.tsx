import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';

interface DialogProps {
  readonly opened: boolean;
  readonly title: string;
  readonly close: () => void;
  /** Only by its own button: what is in it is there once. */
  readonly isOnce?: boolean;
  readonly isWide?: boolean;
  readonly children: ReactNode;
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
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
