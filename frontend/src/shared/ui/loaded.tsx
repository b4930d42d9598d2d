"use client";

import type { ReactNode } from "react";
import { explain } from "@/api/problem";
import { useText } from "@/i18n/provider";
import { Button } from "./button";

type Result<Data> = { data: Data | undefined; error: unknown; isError: boolean; isFetching: boolean; refetch: () => unknown };

function Failure({ title, error, retrying, retry }: { title: string; error: unknown; retrying: boolean; retry: () => void }) {
  const { language, t } = useText();
  return (
    <div role="alert" className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line bg-raised px-4 py-3 text-sm last:border-b-0">
      <p className="min-w-0 flex-1 basis-56">
        <strong className="font-semibold text-bad">{title}</strong> <span className="text-soft">{explain(error, language)}</span>
      </p>
      <Button small onClick={retry} disabled={retrying}>
        {t.common.retry}
      </Button>
    </div>
  );
}

function Waiting() {
  const { t } = useText();
  return (
    <div role="status" aria-label={t.common.loading} className="space-y-3 px-4 py-5">
      {["w-11/12", "w-8/12", "w-10/12"].map((width) => (
        <div key={width} className={`h-3.5 animate-pulse rounded bg-raised ${width}`} />
      ))}
    </div>
  );
}

/** What was read, or what went wrong, or that it is on its way. A failed list is never shown as an empty one. */
export function Loaded<Data>({ result, children }: { result: Result<Data>; children: (data: Data) => ReactNode }) {
  const { t } = useText();
  const title = result.data === undefined ? t.common.failed : t.common.stale;
  return (
    <>
      {result.isError && <Failure title={title} error={result.error} retrying={result.isFetching} retry={() => void result.refetch()} />}
      {result.data === undefined ? !result.isError && <Waiting /> : children(result.data)}
    </>
  );
}
