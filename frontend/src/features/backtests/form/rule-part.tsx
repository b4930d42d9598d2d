"use client";

import type { ReadyRule, Rule } from "@/api/types";
import { useText } from "@/i18n/provider";
import { AreaField, ChoiceField, Choices, FieldError, TextField } from "@/shared/ui/field";
import type { Origin } from "./draft";
import type { Part } from "./parts";

const ORIGINS: readonly Origin[] = ["saved", "ready", "file"];

function Saved({ draft, change, errors, rules }: Part & { rules: readonly Rule[] }) {
  const { t } = useText();
  const words = t.backtests.form;
  if (rules.length === 0) {
    return (
      <>
        <p className="text-sm text-soft">{words.noRules}</p>
        <FieldError error={errors.rule} />
      </>
    );
  }
  const options = rules.map(({ id, name, symbol, timeframe }) => ({ value: id, text: `${name || symbol} · ${symbol} ${timeframe}` }));
  return (
    <ChoiceField
      label={words.from.saved}
      name="rule_id"
      value={draft.ruleId}
      options={[{ value: "", text: words.chooseRule }, ...options]}
      onChange={(ruleId) => change({ ruleId })}
      error={errors.rule}
    />
  );
}

function Ready({ draft, change, errors, ready }: Part & { ready: readonly ReadyRule[] }) {
  const { language, t } = useText();
  const words = t.backtests.form;
  const chosen = ready.find(({ id }) => id === draft.readyId);
  return (
    <>
      <ChoiceField
        label={words.from.ready}
        name="ready_id"
        value={draft.readyId}
        options={[{ value: "", text: words.chooseReady }, ...ready.map(({ id, title }) => ({ value: id, text: title[language] }))]}
        onChange={(readyId) => change({ readyId })}
        error={errors.rule}
      />
      {chosen && (
        <div className="space-y-1 text-sm text-soft">
          <p>{chosen.description[language]}</p>
          <details>
            <summary className="text-xs text-accent">{words.readText}</summary>
            <pre className="mt-2 overflow-x-auto rounded-lg bg-raised p-3 font-mono text-xs whitespace-pre-wrap">{chosen.text}</pre>
          </details>
        </div>
      )}
    </>
  );
}

/** Which rule: one that is saved, one that ships, or the text of a file. */
export function RulePart(part: Part & { rules: readonly Rule[]; ready: readonly ReadyRule[] }) {
  const { t } = useText();
  const words = t.backtests.form;
  const { draft, change, errors } = part;
  return (
    <>
      <Choices label={words.rule} name="from" value={draft.from} options={ORIGINS.map((value) => ({ value, text: words.from[value] }))} onChange={(from) => change({ from })} />
      {draft.from === "saved" && <Saved {...part} />}
      {draft.from === "ready" && <Ready {...part} />}
      {draft.from === "file" && <AreaField label={words.text} help={words.textHelp} name="text" rows={9} value={draft.text} onChange={(text) => change({ text })} error={errors.rule} />}
      {draft.from !== "saved" && (
        <div className="grid gap-3 sm:grid-cols-2">
          <TextField label={words.symbol} help={words.symbolHelp} name="symbol" maxLength={16} value={draft.symbol} onChange={(symbol) => change({ symbol })} error={errors.symbol} />
          <TextField label={words.amount} help={words.amountHelp} name="buy_amount_usd" inputMode="decimal" value={draft.amount} onChange={(amount) => change({ amount })} error={errors.amount} />
        </div>
      )}
      {draft.from === "saved" && <FieldError error={errors.symbol ?? errors.amount} />}
    </>
  );
}
