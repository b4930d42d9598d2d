"use client";

import { useText } from "@/i18n/provider";
import { Badge, type Tone } from "@/shared/ui/badge";
import { Stamp } from "@/shared/ui/stamp";
import { leaves, readEvaluation, withValues, type Evaluation, type Reason } from "./evaluation";

const ACTION_TONE = { none: "muted", entry: "good", exit: "info" } satisfies Record<Evaluation["action"], Tone>;

const MARK = new Map([
  [true, "✓"],
  [false, "✗"],
]);

function Leaf({ reason }: { reason: Reason }) {
  return (
    <li className="flex gap-2">
      <span aria-hidden className={reason.result ? "text-good" : "text-faint"}>
        {reason.result === null ? "?" : MARK.get(reason.result)}
      </span>
      <span className="min-w-0">
        <code className="font-mono text-[0.8125rem]">{reason.text}</code>
        <span className="figures block text-xs text-faint">{withValues(reason)}</span>
      </span>
    </li>
  );
}

/** What the rule saw at its last look, and why it did or did not act. */
export function LatestLook({ value, title }: { value: unknown; title?: string }) {
  const { language, t } = useText();
  const heading = title ?? t.rules.latest;
  const evaluation = readEvaluation(value);
  if (evaluation === null) return <p className="text-sm text-faint">{t.rules.notYet}</p>;
  return (
    <section aria-label={heading} className="min-w-0 space-y-2 self-start rounded-lg bg-raised p-3 text-sm">
      <header className="flex items-start gap-3">
        <h4 className="text-xs leading-5 text-faint">{heading}</h4>
        <Badge tone={ACTION_TONE[evaluation.action]}>{t.rules.actions[evaluation.action]}</Badge>
        <span className="figures text-xs leading-5 text-faint">
          {t.rules.score} {evaluation.score.toFixed(2)}
        </span>
        <span className="ml-auto text-right text-xs">
          <Stamp at={evaluation.at} />
        </span>
      </header>
      <p>{evaluation.explanation[language]}</p>
      {evaluation.reasons && (
        <details>
          <summary className="text-xs text-accent">{t.rules.details}</summary>
          <ul className="mt-2 space-y-1.5">
            {leaves(evaluation.reasons).map((reason, index) => (
              <Leaf key={index} reason={reason} />
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
