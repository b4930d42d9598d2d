import "server-only";
import { cookies } from "next/headers";
import { dictionaries } from "./dictionary";
import { LANGUAGE_COOKIE, readLanguage } from "./languages";

export async function serverText() {
  const language = readLanguage((await cookies()).get(LANGUAGE_COOKIE)?.value);
  return { language, t: dictionaries[language] };
}
