"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useRef, useState, type FormEvent } from "react";
import { readyRulesQuery } from "@/api/backtests";
import { browserApi } from "@/api/client";
import { unwrap } from "@/api/problem";
import { keys } from "@/api/queries";
import type { ReadyRule, Rule } from "@/api/types";
import { useText } from "@/i18n/provider";
import { useAccounts, useMe, useRules } from "@/shared/lists";
import { Button } from "@/shared/ui/button";
import { TextField } from "@/shared/ui/field";
import { Panel } from "@/shared/ui/panel";
import { CandlesPart, MOST_BYTES } from "./candles-part";
import { saidIn, timeframeOf, toRequest, type Chosen, type CsvFile, type Draft } from "./draft";
import { errorsFrom, lacking, type Errors } from "./errors";
import { useDraft } from "./kept";
import { MoneyPart, MorePart } from "./money-part";
import { RulePart } from "./rule-part";
import { StudyPart } from "./study-part";

/** The chosen rule as far as the form must know it. */
function chosenOf(draft: Draft, rules: readonly Rule[], ready: readonly ReadyRule[]): Chosen | null {
  if (draft.from === "saved") {
    const rule = rules.find(({ id }) => id === draft.ruleId);
    return rule ? { text: null, symbol: rule.symbol, timeframe: rule.timeframe } : null;
  }
  const text = draft.from === "file" ? draft.text : ready.find(({ id }) => id === draft.readyId)?.text;
  return text ? { text, symbol: saidIn(text, "symbol"), timeframe: timeframeOf(saidIn(text, "timeframe")) } : null;
}

/** Starts a replay. What was typed stays until it has begun. */
export function BacktestForm({ ruleId }: { ruleId: string }) {
  const { language, t } = useText();
  const words = t.backtests.form;
  const router = useRouter();
  const client = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const { draft, change, forget } = useDraft(useMe()?.id ?? "someone", ruleId);
  const rules = useRules().data?.results ?? [];
  const ready = useQuery(readyRulesQuery(browserApi)).data?.results ?? [];
  const accounts = useAccounts().data?.results ?? [];
  const [csv, setCsv] = useState<CsvFile | null>(null);
  const [errors, setErrors] = useState<Errors>({});
  const [working, setWorking] = useState(false);
  const chosen = chosenOf(draft, rules, ready);
  const part = { draft, change, errors };

  const show = (found: Errors) => {
    setErrors(found);
    setWorking(false);
    requestAnimationFrame(() => form.current?.querySelector("[data-testid='field-error'], [role='alert']")?.scrollIntoView({ block: "center" }));
  };

  const bring = async (file: File) => {
    if (file.size > MOST_BYTES) return setErrors({ file: words.tooLarge });
    setCsv({ name: file.name, text: await file.text() });
    setErrors((found) => ({ ...found, file: undefined }));
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const lacks = lacking(draft, chosen, csv, words);
    if (Object.keys(lacks).length > 0) return show(lacks);
    setErrors({});
    setWorking(true);
    try {
      const run = unwrap(await browserApi.POST("/backtests", { body: toRequest(draft, chosen, csv) }));
      forget();
      void client.invalidateQueries({ queryKey: [...keys.backtests] });
      router.push(`/backtests/${run.id}`);
    } catch (error) {
      show(errorsFrom(error, language, words.check));
    }
  };

  return (
    <Panel title={words.title} aside={<Button look="quiet" small onClick={forget}>{words.reset}</Button>}>
      <form ref={form} onSubmit={submit} noValidate id="new" data-testid="backtest-form" className="scroll-mt-40 space-y-5 p-4">
        <RulePart {...part} rules={rules} ready={ready} />
        <CandlesPart {...part} chosen={chosen} csv={csv} bring={(file) => void bring(file)} />
        <StudyPart {...part} />
        <MoneyPart {...part} />
        <MorePart {...part} accounts={accounts} />
        <TextField label={words.name} name="name" maxLength={120} value={draft.name} onChange={(name) => change({ name })} error={errors.name} />
        <div role="alert" className="text-sm text-bad empty:hidden">
          {errors.whole}
        </div>
        <Button type="submit" look="primary" data-testid="start-backtest" disabled={working} className="min-h-11 w-full">
          {working ? words.starting : words.start}
        </Button>
      </form>
    </Panel>
  );
}
