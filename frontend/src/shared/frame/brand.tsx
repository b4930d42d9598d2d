/** A moon over the line of a night. */
export function Brand({ name }: { name: string }) {
  return (
    <span className="inline-flex items-center gap-2 text-lg font-bold tracking-tight">
      <svg aria-hidden viewBox="0 0 24 24" className="size-6 text-accent" fill="currentColor">
        <path d="M20.2 14.6A8.6 8.6 0 1 1 10.1 3.4a7 7 0 1 0 10.1 11.2Z" />
        <circle cx="18.4" cy="5.6" r="1.5" />
      </svg>
      {name}
    </span>
  );
}
