"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { backtestsQuery } from "@/api/backtests";
import { browserApi } from "@/api/client";
import { useText } from "@/i18n/provider";
import { rowsOf, useMe } from "@/shared/lists";
import { Button } from "@/shared/ui/button";
import { Loaded } from "@/shared/ui/loaded";
import { Nothing, Panel } from "@/shared/ui/panel";
import { RunItem } from "./run-item";

/** The person's replays, newest first. */
export function Runs() {
  const { t } = useText();
  const words = t.backtests;
  const me = useMe();
  const mayAct = me !== undefined && me.role !== "viewer";
  const result = useInfiniteQuery(backtestsQuery(browserApi));
  const aside = mayAct && (
    <a href="#new" className="rounded px-2 py-1.5 text-[0.8125rem] text-accent hover:underline lg:hidden">
      {words.toNew}
    </a>
  );
  return (
    <Panel title={words.mine} aside={aside}>
      <Loaded result={result}>
        {(data) => {
          const runs = rowsOf(data);
          if (runs.length === 0) return <Nothing>{words.empty}</Nothing>;
          return (
            <ul className="divide-y divide-line">
              {runs.map((run) => (
                <RunItem key={run.id} run={run} mayAct={mayAct} />
              ))}
            </ul>
          );
        }}
      </Loaded>
      {result.hasNextPage && (
        <div className="border-t border-line p-3 text-center">
          <Button small disabled={result.isFetchingNextPage} onClick={() => void result.fetchNextPage()}>
            {t.common.more}
          </Button>
        </div>
      )}
    </Panel>
  );
}
