"use client";

import { useId } from "react";
import { useText } from "@/i18n/provider";
import { ChoiceField, Choices, FieldError, TextField } from "@/shared/ui/field";
import { seriesOf, TIMEFRAMES, type Chosen, type CsvFile, type Source, type Timeframe } from "./draft";
import type { Part } from "./parts";

const SOURCES: readonly Source[] = ["stored", "broker", "csv"];
export const MOST_BYTES = 60_000_000;

type Props = Part & { chosen: Chosen | null; csv: CsvFile | null; bring: (file: File) => void };

function Csv({ draft, change, errors, chosen, csv, bring }: Props) {
  const { t } = useText();
  const id = useId();
  const words = t.backtests.form;
  const { symbol, timeframe } = seriesOf({ ...draft, csvSymbol: "", csvTimeframe: "" }, chosen);
  const lengths: { value: Timeframe | ""; text: string }[] = [{ value: "", text: `${words.asRule} (${timeframe})` }, ...TIMEFRAMES.map((value) => ({ value, text: value }))];
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <div className="space-y-1 text-sm sm:col-span-2">
        <label htmlFor={id} className="block text-soft">
          {words.file}
        </label>
        <input
          id={id}
          type="file"
          name="csv"
          accept=".csv,text/csv,text/plain"
          aria-describedby={errors.file && `${id}error`}
          aria-invalid={errors.file ? true : undefined}
          onChange={(event) => {
            const [file] = event.target.files ?? [];
            if (file) bring(file);
          }}
          className="w-full rounded-md border border-line bg-paper text-sm file:mr-3 file:min-h-10 file:border-0 file:bg-raised file:px-3 file:text-ink"
        />
        {csv && <p className="text-xs text-good">{words.chosenFile(csv.name)}</p>}
        <FieldError id={`${id}error`} error={errors.file} />
      </div>
      <TextField label={words.csvSymbol} name="csv_symbol" maxLength={16} placeholder={symbol} value={draft.csvSymbol} onChange={(csvSymbol) => change({ csvSymbol })} error={errors.csvSymbol} />
      <ChoiceField label={words.csvTimeframe} name="csv_timeframe" value={draft.csvTimeframe} options={lengths} onChange={(csvTimeframe) => change({ csvTimeframe })} error={errors.csvTimeframe} />
    </div>
  );
}

/** Which candles, and which stretch of them. */
export function CandlesPart(props: Props) {
  const { t } = useText();
  const words = t.backtests.form;
  const { draft, change, errors } = props;
  return (
    <>
      <Choices
        label={words.candles}
        help={words.sourceHelp[draft.source]}
        name="source"
        value={draft.source}
        options={SOURCES.map((value) => ({ value, text: words.source[value] }))}
        onChange={(source) => change({ source })}
        error={errors.source}
      />
      {draft.source === "csv" ? (
        <Csv {...props} />
      ) : (
        <div className="grid gap-3 sm:grid-cols-2">
          <TextField type="date" label={words.first} name="first" value={draft.first} onChange={(first) => change({ first })} error={errors.first} />
          <TextField type="date" label={words.last} name="last" value={draft.last} onChange={(last) => change({ last })} error={errors.last} />
        </div>
      )}
    </>
  );
}
