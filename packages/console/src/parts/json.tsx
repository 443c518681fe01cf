/** An object as it is, for whoever reads JSON. */
export function Json({ value, label }: { readonly value: unknown; readonly label: string }) {
  return (
    <pre className="json" tabIndex={0} aria-label={label}>
      {JSON.stringify(value, undefined, 2)}
    </pre>
  );
}
