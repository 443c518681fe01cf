import { Fragment } from 'react';

/** The name of a member or a setting: where there is no room for it, it is broken between its words. */
export function MemberName({ name }: { readonly name: string }) {
  return (
    <code className="words">
      {name.split(/(?<=[_.])/).map((word, index) => (
        <Fragment key={`${index} ${word}`}>
          {index > 0 && <wbr />}
          {word}
        </Fragment>
      ))}
    </code>
  );
}
