"use client";

import { createContext, useContext, useMemo, type ReactNode } from "react";
import { dictionaries } from "./dictionary";
import type { Language } from "./languages";

const LanguageContext = createContext<Language>("ko");

export function LanguageProvider({ language, children }: { language: Language; children: ReactNode }) {
  return <LanguageContext value={language}>{children}</LanguageContext>;
}

export function useText() {
  const language = useContext(LanguageContext);
  return useMemo(() => ({ language, t: dictionaries[language] }), [language]);
}
