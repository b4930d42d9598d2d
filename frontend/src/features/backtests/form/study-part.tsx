"use client";

import { useText } from "@/i18n/provider";
import { Button } from "@/shared/ui/button";
import { Choices, FieldError, TextField } from "@/shared/ui/field";
import { varies, type Draft, type Study } from "./draft";
import type { Part } from "./parts";

const STUDIES: readonly Study[] = ["single", "grid", "walk_forward", "look_ahead"];
const FIELD = "min-h-10 min-w-0 rounded-md border border-line bg-paper px-3 font-mono text-base sm:text-sm";

function GridRows({ draft, change, errors }: Part) {
  const { t } = useText();
  const words = t.backtests.form;
  const rows = draft.grid;
  const put = (at: number, row: Partial<Draft["grid"][number]>) => change({ grid: rows.map((each, k) => (k === at ? { ...each, ...row } : each)) });
  return (
    <fieldset className="space-y-2 text-sm">
      <legend className="mb-1 text-soft">{words.grid}</legend>
      <p className="text-xs text-faint">{words.gridHelp}</p>
      {rows.map((row, k) => (
        <div key={k} className="grid grid-cols-[minmax(0,1fr)_minmax(0,2fr)_auto] gap-2">
          <input name={`grid_name_${k}`} aria-label={words.gridName(k + 1)} value={row.name} onChange={(event) => put(k, { name: event.target.value })} className={FIELD} autoComplete="off" />
          <input name={`grid_values_${k}`} aria-label={words.gridValues(k + 1)} value={row.values} onChange={(event) => put(k, { values: event.target.value })} className={FIELD} autoComplete="off" />
          <Button look="quiet" aria-label={words.dropRow(k + 1)} disabled={rows.length === 1} onClick={() => change({ grid: rows.filter((_, each) => each !== k) })}>
            <span aria-hidden>×</span>
          </Button>
        </div>
      ))}
      <Button small onClick={() => change({ grid: [...rows, { name: "", values: "" }] })}>
        {words.addRow}
      </Button>
      <FieldError error={errors.grid} />
    </fieldset>
  );
}

/** What is done with the rule: replayed once, or many times. */
export function StudyPart(part: Part) {
  const { t } = useText();
  const words = t.backtests.form;
  const { draft, change, errors } = part;
  return (
    <>
      <Choices
        label={words.study}
        help={words.studyHelp[draft.study]}
        name="study"
        value={draft.study}
        options={STUDIES.map((value) => ({ value, text: t.backtests.study[value] }))}
        onChange={(study) => change({ study })}
        error={errors.study}
      />
      {varies(draft.study) && <GridRows {...part} />}
      {draft.study === "walk_forward" && (
        <div className="grid gap-3 sm:grid-cols-2">
          <TextField label={words.train} name="train_bars" inputMode="numeric" value={draft.train} onChange={(train) => change({ train })} error={errors.train} />
          <TextField label={words.test} name="test_bars" inputMode="numeric" value={draft.test} onChange={(test) => change({ test })} error={errors.test} />
        </div>
      )}
    </>
  );
}
