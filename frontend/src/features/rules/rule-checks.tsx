"use client";

import Link from "next/link";
import { useState } from "react";
import type { Rule } from "@/api/types";
import { useText } from "@/i18n/provider";
import { useMe } from "@/shared/lists";
import { Button } from "@/shared/ui/button";
import { LookAheadCheck } from "./look-ahead-check";
import { PreviewPanel } from "./preview-panel";

type Shown = "preview" | "check";

/** Ways to try a rule out without sending anything. */
export function RuleChecks({ rule, title }: { rule: Rule; title: string }) {
  const { t } = useText();
  const words = t.ruleChecks;
  const me = useMe();
  const [shown, setShown] = useState<Shown | null>(null);
  const [attempt, setAttempt] = useState(0);
  if (!me || me.role === "viewer") return null;

  const toggle = (which: Shown) => {
    setShown(shown === which ? null : which);
    setAttempt(attempt + 1);
  };
  return (
    <div className="min-w-0 space-y-4 @3xl:col-span-2">
      <div className="flex flex-wrap gap-2">
        <Button small data-testid="rule-preview" aria-label={words.previewOf(title)} aria-expanded={shown === "preview"} onClick={() => toggle("preview")}>
          {words.preview}
        </Button>
        <Button small data-testid="rule-look-ahead" aria-label={words.checkOf(title)} aria-expanded={shown === "check"} onClick={() => toggle("check")}>
          {words.check}
        </Button>
        <Link
          href={`/backtests?rule=${rule.id}#new`}
          data-testid="rule-backtest"
          aria-label={words.backtestOf(title)}
          className="inline-flex min-h-8 items-center rounded-md border border-line bg-panel px-2.5 text-[0.8125rem] font-medium hover:bg-raised"
        >
          {words.backtest}
        </Link>
      </div>
      {shown === "preview" && <PreviewPanel rule={rule} />}
      {shown === "check" && <LookAheadCheck rule={rule} attempt={attempt} />}
    </div>
  );
}
