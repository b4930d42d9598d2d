import type { Dictionary } from "@/i18n/dictionary";

/** Every way in which signing in can fail has its sentence in the dictionaries. */
export type SignInError = keyof Dictionary["signIn"]["errors"];
