type Props = { label: string; value: string; options: { value: string; text: string }[]; onChange: (value: string) => void };

export function Select({ label, value, options, onChange }: Props) {
  return (
    <label className="inline-flex min-w-0 items-center gap-2 text-[0.8125rem] text-faint">
      <span className="sr-only sm:not-sr-only">{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)} className="min-h-8 max-w-36 rounded-md border border-line bg-panel px-2 text-ink">
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </label>
  );
}
