"use client";

import { useState } from "react";
import { useNow } from "./now";

const NEWS_MS = 5_000;

/** The look of a row that came in just now; rows that were there when the page opened stay quiet. */
export function useArrival(at: string | null): string | undefined {
  const now = useNow();
  const [fresh] = useState(() => at !== null && now - Date.parse(at) < NEWS_MS);
  return fresh ? "arriving" : undefined;
}
