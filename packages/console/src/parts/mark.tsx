/** The tally, as the sign-in pages draw it. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" focusable="false">
      <path
        fill="currentColor"
        d="M14.5 5.4V10H8v2h6.5v2H10v2h4.5v2H7v2h10.5v9.45c-.49.03-.99.05-1.5.05C7.5 29.5 2 25 2 18V7c0-3 1.5-4.5 3.5-4.5 2.6 0 3.6 2.9 5.2 2.9z"
      />
      <path
        className="mark-right"
        fill="currentColor"
        d="M17.5 5.4h3.8c1.6 0 2.6-2.9 5.2-2.9C28.5 2.5 30 4 30 7v11c0 5.67-3.61 9.7-9.5 11.03V20H25v-2h-7.5v-2H22v-2h-4.5v-2H24v-2h-6.5z"
      />
    </svg>
  );
}
