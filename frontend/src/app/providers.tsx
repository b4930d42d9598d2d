"use client";

import { QueryCache, QueryClient, QueryClientProvider, MutationCache } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { ApiError } from "@/api/problem";
import { signInAgain } from "@/features/session/leave";

function onError(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) void signInAgain();
}

/** A refusal is an answer, and is not asked for again; a line that failed is tried once more. */
const retry = (failures: number, error: unknown) => failures < 1 && !(error instanceof ApiError && error.status < 500);

function makeClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: { queries: { retry, staleTime: 10_000, networkMode: "always" } },
  });
}

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(makeClient);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
