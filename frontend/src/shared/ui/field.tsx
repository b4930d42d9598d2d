"use client";

import { useId, type ComponentProps, type ReactNode } from "react";
import { cx } from "@/shared/cx";

const BOX = "w-full rounded-md border bg-paper px-3 text-base sm:text-sm";
const edge = (error: string | undefined) => (error ? "border-bad" : "border-line");

type Common = { label: string; help?: string; error?: string };

type Wiring = { id: string; "aria-describedby": string | undefined; "aria-invalid": true | undefined };

/** A label, what to enter, and what is wrong with it, read out together. */
function Labelled({ label, help, error, children }: Common & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const described = [help && `${id}help`, error && `${id}error`].filter(Boolean).join(" ");
  return (
    <div className="min-w-0 space-y-1 text-sm">
      <label htmlFor={id} className="block text-soft">
        {label}
      </label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": error ? true : undefined })}
      {help && (
        <p id={`${id}help`} className="text-xs text-faint">
          {help}
        </p>
      )}
      <FieldError id={`${id}error`} error={error} />
    </div>
  );
}

export function FieldError({ id, error }: { id?: string; error: string | undefined }) {
  if (!error) return null;
  return (
    <p id={id} data-testid="field-error" className="text-sm text-bad">
      {error}
    </p>
  );
}

type Text = Common & { value: string; onChange: (value: string) => void } & Pick<ComponentProps<"input">, "type" | "inputMode" | "name" | "placeholder" | "maxLength">;

export function TextField({ label, help, error, onChange, ...rest }: Text) {
  return (
    <Labelled label={label} help={help} error={error}>
      {(wiring) => <input {...wiring} {...rest} autoComplete="off" onChange={(event) => onChange(event.target.value)} className={cx(BOX, edge(error), "min-h-10")} />}
    </Labelled>
  );
}

export function AreaField({ label, help, error, value, onChange, name, rows }: Common & { value: string; onChange: (value: string) => void; name: string; rows: number }) {
  return (
    <Labelled label={label} help={help} error={error}>
      {(wiring) => (
        <textarea {...wiring} name={name} rows={rows} spellCheck={false} value={value} onChange={(event) => onChange(event.target.value)} className={cx(BOX, edge(error), "py-2 font-mono")} />
      )}
    </Labelled>
  );
}

export type Option<Value extends string> = { value: Value; text: string };

type Choice<Value extends string> = Common & { name: string; value: Value; options: readonly Option<Value>[]; onChange: (value: Value) => void };

export function ChoiceField<Value extends string>({ label, help, error, name, value, options, onChange }: Choice<Value>) {
  return (
    <Labelled label={label} help={help} error={error}>
      {(wiring) => (
        <select
          {...wiring}
          name={name}
          value={value}
          onChange={(event) => onChange(options[event.target.selectedIndex]?.value ?? value)}
          className={cx(BOX, edge(error), "min-h-10")}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

/** A few choices side by side, all to be seen at once. */
export function Choices<Value extends string>({ label, help, error, name, value, options, onChange }: Choice<Value>) {
  return (
    <fieldset className="space-y-2 text-sm">
      <legend className="mb-1 text-soft">{label}</legend>
      <div className="flex flex-wrap gap-1.5">
        {options.map((option) => (
          <label
            key={option.value}
            className="flex min-h-9 cursor-pointer items-center rounded-md border border-line px-3 has-checked:border-accent has-checked:bg-accent has-checked:text-accent-ink has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input type="radio" name={name} value={option.value} checked={option.value === value} onChange={() => onChange(option.value)} className="sr-only" />
            {option.text}
          </label>
        ))}
      </div>
      {help && <p className="text-xs text-faint">{help}</p>}
      <FieldError error={error} />
    </fieldset>
  );
}

export function CheckField({ label, name, value, onChange }: { label: string; name: string; value: boolean; onChange: (value: boolean) => void }) {
  return (
    <label className="flex min-h-9 items-center gap-2 text-sm">
      <input type="checkbox" name={name} checked={value} onChange={(event) => onChange(event.target.checked)} className="size-4 accent-(--accent)" />
      {label}
    </label>
  );
}
