"use client";

import { useText } from "@/i18n/provider";
import type { LookAhead } from "./look-ahead";
import { SideWord } from "./ui/side";

const MARK = new Map([
  [true, "✓"],
  [false, "✗"],
]);
const MOST = 50;

/** Whether the rule knows the future, in a sentence; and where it does. */
export function LookAheadAnswer({ found }: { found: LookAhead }) {
  const { language, t } = useText();
  const words = t.lookAhead;
  return (
    <div data-testid="look-ahead" data-ok={found.ok} className="space-y-2 text-sm">
      <p className={found.ok ? "text-good" : "font-medium text-bad"}>
        <span aria-hidden>{found.ok ? "✓" : "✗"} </span>
        {found.text[language]}
      </p>
      {found.differences.length > 0 && (
        <div className="max-h-72 overflow-auto" tabIndex={0} role="region" aria-label={words.differences}>
          <table className="w-full text-left">
            <caption className="sr-only">{words.differences}</caption>
            <thead className="text-xs text-faint">
              <tr>
                {[words.when, words.side, words.whole, words.cut].map((head) => (
                  <th key={head} scope="col" className="py-1 pr-4 font-medium">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {found.differences.slice(0, MOST).map((each, index) => (
                <tr key={index}>
                  <td className="figures py-1 pr-4">{each.time}</td>
                  <td className="pr-4">
                    <SideWord side={each.side} />
                  </td>
                  {[each.whole, each.cut].map((verdict, k) => (
                    <td key={k} className="pr-4">
                      {verdict === null ? words.unknown : `${MARK.get(verdict)} ${verdict ? words.yes : words.no}`}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
